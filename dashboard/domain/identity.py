"""Who is asking: users and their roles, feeders' tokens and what they may write, and the caller of one request.

Does not own: how a caller is found out (``accounts/authenticator.py``) and what it may do (``accounts/policies.py``).
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Literal

from msgspec import Struct

from dashboard.domain.errors import Invalid

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
#: ``operator`` is the person at the machine, see ``accounts/authenticator.py``.
RESERVED_NAMES = frozenset({"operator", "server", "all", "here"})
MIN_PASSWORD = 10
MAX_PASSWORD = 1_000
MAX_FULL_NAME = 80


class Role(IntEnum):
    """Each may what the ones before it may."""

    NOBODY = 0
    VIEWER = 1  # sees boards, talks
    EDITOR = 2  # writes values and boards
    OPERATOR = 3  # makes rooms, notifies, sees who is connected
    ADMIN = 4  # users, tokens, the audit log

    @property
    def word(self) -> str:
        """As it is written in settings, messages and the store."""
        return self.name.lower()


ROLES = tuple(role.word for role in Role if role)


def parse_role(text: str, *, field: str = "role") -> Role:
    """A role by its word; raises Invalid."""
    if text not in ROLES:
        raise Invalid(f"{text[:40]!a} is not one of {', '.join(ROLES)}", field=field)
    return Role[text.upper()]


def parse_user_name(text: str, *, field: str = "name") -> str:
    """A login name in its one form, which is also the user's id; raises Invalid."""
    name = text.strip().lower()
    if name in RESERVED_NAMES:
        raise Invalid(f"{name} is taken by the server itself", field=field)
    if not USER_NAME.fullmatch(name):
        raise Invalid("write 1 to 40 letters, digits, - _ and ., beginning with a letter or digit", field=field)
    return name


def check_password(text: str, *, field: str = "password") -> str:
    """Length is all that is asked for; raises Invalid."""
    if not MIN_PASSWORD <= len(text) <= MAX_PASSWORD:
        raise Invalid(f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters", field=field)
    return text


class User(Struct, frozen=True):
    """A person that can log in. ``version`` grows with what makes older sessions worthless.

    ``kept_session`` holds all the same: the one in which the user has changed the password.
    """

    id: str
    name: str
    role: Role
    disabled: bool = False
    version: int = 1
    created_ms: int = 0
    last_login_ms: int | None = None
    grants: tuple[tuple[str, Role], ...] = ()  # board id, what may be done on it beyond the role
    kept_session: str = ""

    def holds(self, session: str, version: int | None) -> bool:
        """Whether a session that began at ``version`` is still good; None: made elsewhere, at any."""
        return version in (None, self.version) or (bool(session) and session == self.kept_session)


class Token(Struct, frozen=True):
    """What a feeder or program shows. ``prefixes``: its series begin with one of them; none: any.

    ``per_s``: samples a second, 0: no limit of its own; ``max_series``: series it may bring into being, 0: as many as
    the server may have.
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


VERBS = ("write", "read", "message", "notify")

Kind = Literal["anonymous", "local", "user", "token", "share", "source"]


class Caller(Struct, frozen=True):
    """Who makes a request. ``local``: the person at the machine, when nobody else can reach it.  ``source``: nobody, this
    server fetches or listens by itself; its ``token`` says what it may bring.

    ``session`` is what can be revoked; ``expires_ms`` when the proof ends; ``boards`` what the share links ``links`` show.
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
        """Somebody who can be talked to."""
        return self.kind in ("user", "local") and bool(self.id)


ANONYMOUS = Caller("anonymous")
