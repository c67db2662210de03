"""The one error tree. Each error has a stable ``code`` and says whether trying again can help.

Translated once at the borders: HTTP status in ``web/server/base.py``, error message or close code in ``messages/session.py``.
"""

from __future__ import annotations


class DashboardError(Exception):
    """Base of every error this project raises on purpose; ``str(error)`` is fit for the person who caused it."""

    code = "internal"
    retryable = False
    retry_after_s = 1.0  # of a retryable one: not sooner
    http_status = 500


class Invalid(DashboardError):
    """The input breaks a rule; ``field`` names what to mend."""

    code = "invalid"
    http_status = 400

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class NotFound(DashboardError):
    """There is no such thing."""

    code = "not_found"
    http_status = 404


class NotAuthenticated(DashboardError):
    """Nobody knows who is asking: log in, or show a token."""

    code = "not_authenticated"
    http_status = 401


class BadToken(NotAuthenticated):
    """A token, session or password that is wrong, expired, revoked or forged."""

    code = "bad_token"


class Forbidden(DashboardError):
    """Whoever asks may not do this."""

    code = "forbidden"
    http_status = 403


class NotMember(Forbidden):
    """The room has not been joined on this connection."""

    code = "not_member"


class TooMany(DashboardError):
    """Too often; the same request can succeed later."""

    code = "rate_limited"
    retryable = True
    http_status = 429

    def __init__(self, reason: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class TooManyConnections(DashboardError):
    """One connection more than there may be of one user."""

    code = "too_many_connections"
    http_status = 429


class TooLarge(DashboardError):
    """A body or message over its limit."""

    code = "too_large"
    http_status = 413


class LimitReached(DashboardError):
    """A bounded table is full (series, documents, subscriptions)."""

    code = "limit_reached"
    http_status = 400


class Overloaded(DashboardError):
    """A bounded buffer is full; the same request can succeed later."""

    code = "overloaded"
    retryable = True
    http_status = 503


class Unavailable(DashboardError):
    """A part that is needed cannot do its work now (disk full, database locked, stopping)."""

    code = "unavailable"
    retryable = True
    http_status = 503


class Conflict(DashboardError):
    """Somebody else has changed the same thing meanwhile; look again."""

    code = "conflict"
    retryable = True
    http_status = 409


class ConfigurationError(DashboardError):
    """A setting is wrong; the text names the setting, the value and the cure."""

    code = "configuration"
