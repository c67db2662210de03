"""Tree of this project's errors. Each has a stable ``code`` and tells whether a retry can succeed.

Each error is translated once, where the protocol of its request ends: see “Errors” in docs/development.md.
"""

from __future__ import annotations


class DashboardError(Exception):
    """Base of every error that this project raises on purpose; ``str(error)`` may be shown to the user who caused it."""

    code = "internal"
    retryable = False
    retry_after_s = 1.0  # of a retryable error: the earliest time to try again
    http_status = 500


class Invalid(DashboardError):
    """Input that breaks a rule; ``field`` names the part to correct."""

    code = "invalid"
    http_status = 400

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class NotFound(DashboardError):
    """Object that does not exist."""

    code = "not_found"
    http_status = 404


class Moved(NotFound):
    """Board that has another id now, ``to``."""

    code = "moved"

    def __init__(self, reason: str, to: str) -> None:
        super().__init__(reason)
        self.to = to


class NotAuthenticated(DashboardError):
    """Request without a user: log in, or send a token."""

    code = "not_authenticated"
    http_status = 401


class BadToken(NotAuthenticated):
    """Token, session or password that is wrong, expired, revoked or forged."""

    code = "bad_token"


class Forbidden(DashboardError):
    """Request that this user or token has no permission for."""

    code = "forbidden"
    http_status = 403


class NotMember(Forbidden):
    """Request about a room that this connection has not joined."""

    code = "not_member"


class TooMany(DashboardError):
    """Request over a rate limit; the same request can succeed later."""

    code = "rate_limited"
    retryable = True
    http_status = 429

    def __init__(self, reason: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class TooManyConnections(DashboardError):
    """Connection beyond a user's limit of connections."""

    code = "too_many_connections"
    http_status = 429


class TooLarge(DashboardError):
    """Body or message over its size limit."""

    code = "too_large"
    http_status = 413


class LimitReached(DashboardError):
    """Request that needs a place in a full table (series, documents, subscriptions)."""

    code = "limit_reached"
    http_status = 400


class Overloaded(DashboardError):
    """Request that needs a place in a full buffer; the same request can succeed later."""

    code = "overloaded"
    retryable = True
    http_status = 503


class Unavailable(DashboardError):
    """Request that cannot be served now (disk full, database locked, server stopping)."""

    code = "unavailable"
    retryable = True
    http_status = 503


class Conflict(DashboardError):
    """Change that the object's present state forbids; the same request fails again until somebody has changed the object."""

    code = "conflict"
    http_status = 409


class ChangedMeanwhile(DashboardError):
    """Change based on an outdated state (``If-Match``); the text says what others have changed."""

    code = "changed_meanwhile"
    http_status = 412


class ConfigurationError(DashboardError):
    """Wrong setting; the text names the setting, the value and the remedy."""

    code = "configuration"
