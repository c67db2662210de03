"""Identities: users and their roles, feeders' tokens and what they may write, and the caller of one request.

Does not own how a caller is authenticated (``accounts/authenticator.py``) and authorized (``accounts/policies.py``).
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Literal

from msgspec import Struct

from dashboard.domain.errors import Invalid

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
#: ``operator`` is the local operator, see ``accounts/authenticator.py``.
RESERVED_NAMES = frozenset({"operator", "server", "all", "here"})
MIN_PASSWORD = 10
MAX_PASSWORD = 1_000
MAX_FULL_NAME = 80


class Role(IntEnum):
    """Roles in ascending order; each includes the rights of those before it."""

    NOBODY = 0
    VIEWER = 1  # sees boards, talks
    EDITOR = 2  # writes values and boards
    OPERATOR = 3  # makes rooms, notifies, sees who is connected
    ADMIN = 4  # users, tokens, the audit log

    @property
    def word(self) -> str:
        """The role's name in settings, messages and the store."""
        return self.name.lower()


ROLES = tuple(role.word for role in Role if role)


def parse_role(text: str, *, field: str = "role") -> Role:
    """Parse a role's name; raises Invalid."""
    if text not in ROLES:
        raise Invalid(f"{text[:40]!a} is not one of {', '.join(ROLES)}", field=field)
    return Role[text.upper()]


def parse_user_name(text: str, *, field: str = "name") -> str:
    """Normalize a login name, which is also the user's id; raises Invalid."""
    name = text.strip().lower()
    if name in RESERVED_NAMES:
        raise Invalid(f"{name} is reserved for the server", field=field)
    if not USER_NAME.fullmatch(name):
        raise Invalid("write 1 to 40 letters, digits, - _ and ., beginning with a letter or digit", field=field)
    return name


def check_password(text: str, *, field: str = "password") -> str:
    """Check a new password's length, the only requirement, and return the password; raises Invalid."""
    if not MIN_PASSWORD <= len(text) <= MAX_PASSWORD:
        raise Invalid(f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters", field=field)
    return text


class User(Struct, frozen=True):
    """A person that can log in. ``version`` grows with every change that ends older sessions.

    ``kept_session``, the session in which the user changed the password, stays valid.
    """

    id: str
    name: str
    role: Role
    disabled: bool = False
    version: int = 1
    created_ms: int = 0
    last_login_ms: int | None = None
    grants: tuple[tuple[str, Role], ...] = ()  # board id, the role on it where that is higher
    kept_session: str = ""

    def holds(self, session: str, version: int | None) -> bool:
        """Return whether a session is valid.

        A session is valid if it has the user's ``version``, is the kept session, or has no version (a JWT of another program).
        """
        return version in (None, self.version) or (bool(session) and session == self.kept_session)


class Token(Struct, frozen=True):
    """Token of a feeder or program. ``prefixes``: the name of each fed series must begin with one of these; empty: any name.

    ``per_s``: samples a second, 0 for no limit.  ``max_series``: number of series that the token may create, 0 for the server's limit only.
    """

    id: str
    name: str
    verbs: tuple[str, ...]
    prefixes: tuple[str, ...] = ()
    per_s: float = 0
    max_series: int = 0
    created_by: str = ""
    created_ms: int = 0
    expires_ms: int | None = None
    last_used_ms: int | None = None


VERBS = ("write", "read", "message", "notify", "board")

Kind = Literal["anonymous", "local", "user", "guest", "token", "share", "source"]
#: End of the name of every guest.
GUEST_MARK = " (guest)"


class Caller(Struct, frozen=True):
    """Caller of a request. ``local``: True for the local operator of a server that only this machine can reach.

    ``guest``: True for a caller who talks under a name of their own choice, see ``accounts/guests.py``. ``source``: True for a
    source of data of this server itself, which fetches or listens; the source's ``token`` limits what it may write. ``session``:
    the id by which the session is revoked. ``expires_ms``: when the session, token or link expires. ``boards``: the boards that
    the share links ``links`` show.
    """

    kind: Kind
    id: str = ""
    name: str = ""
    role: Role = Role.NOBODY
    session: str = ""
    version: int = 0
    expires_ms: int | None = None
    grants: tuple[tuple[str, Role], ...] = ()
    token: Token | None = None
    boards: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def is_person(self) -> bool:
        """True for a user, a guest or the local operator, who can read and answer messages."""
        return self.kind in ("user", "guest", "local") and bool(self.id)


ANONYMOUS = Caller("anonymous")
