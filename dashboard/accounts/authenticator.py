"""Find out who is asking, from what a request carries: a session, a token, a share link, or being at the machine.

Pure look-ups in memory (``directory.py``); what a proof of identity is made of is in ``credentials.py``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import msgspec

from dashboard.accounts.credentials import TOKEN_PREFIX, Claims, Credentials, hash_of
from dashboard.accounts.directory import Directory
from dashboard.domain.errors import BadToken, DashboardError
from dashboard.domain.identity import Caller, Role, Token

#: Who the person at the machine is called when they talk.
LOCAL_ID = "operator"
LOCAL = Caller("local", LOCAL_ID, "Operator", Role.OPERATOR)
#: A token's last use is noted so often.
_NOTED_EVERY_MS = 60_000


class Authenticator:
    """``now_ms`` is the journal's time."""

    def __init__(self, directory: Directory, credentials: Credentials, *, now_ms: Callable[[], int]) -> None:
        self._directory = directory
        self._credentials = credentials
        self._now_ms = now_ms
        self.used: dict[str, int] = {}  # tokens by id -> when, of those whose use is not stored yet
        self._noted: dict[str, int] = {}

    async def refresh(self) -> None:
        """Know what other processes have made until now."""
        await self._directory.refresh()

    def by_header(self, header: str) -> Caller:
        """Of an ``Authorization`` header: Bearer and Token with a JWT or token, Basic with one as password."""
        scheme, _, rest = header.strip().partition(" ")
        rest = rest.strip()
        if scheme.lower() in ("bearer", "token"):
            return self.by_text(rest.rpartition(":")[2])  # InfluxDB 1.8 writes Token user:password
        if scheme.lower() == "basic":
            try:
                _, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
            except ValueError:
                raise BadToken("the Basic authorization cannot be read") from None
            return self.by_text(password)
        raise BadToken("the Authorization header must be Bearer, Token or Basic")

    def by_path(self, text: str) -> Caller | None:
        """A token that stands in an address; None when it is none."""
        try:
            return self.by_token(text)
        except BadToken:
            return None

    def by_text(self, text: str) -> Caller:
        """A token of a feeder, or a session's JWT; raises BadToken."""
        if text.startswith(TOKEN_PREFIX) or text.count(".") != 2:
            return self.by_token(text)
        return self.by_jwt(text, at_machine=False)

    async def by_text_late(self, text: str) -> Caller:
        """The same, also when another process has just made it, or its user."""
        try:
            return self.by_text(text)
        except BadToken:
            await self.refresh()
            return self.by_text(text)

    def by_token(self, text: str) -> Caller:
        """Raises BadToken."""
        token = self._directory.tokens.get(hash_of(text))
        now_ms = self._now_ms()
        if token is None or (token.expires_ms is not None and token.expires_ms <= now_ms):
            raise BadToken("the token is wrong, expired or revoked")
        if now_ms - self._noted.get(token.id, 0) > _NOTED_EVERY_MS:
            self._noted[token.id] = self.used[token.id] = now_ms
        return _token_caller(token)

    def by_jwt(self, text: str, *, at_machine: bool) -> Caller:
        """A session; raises BadToken."""
        return self._caller(self._credentials.claims(text, self._now_ms()), at_machine=at_machine)

    def _caller(self, claims: Claims, *, at_machine: bool) -> Caller:
        if self._directory.is_revoked(claims.session):
            raise BadToken("the session has ended; log in again")
        if claims.local:
            if not at_machine:
                raise BadToken("this session is of the person at the machine only")
            return msgspec.structs.replace(LOCAL, session=claims.session, expires_ms=claims.expires_ms)
        user = self._directory.user(claims.user)
        if user is None or not user.holds(claims.session, claims.version):
            raise BadToken("the session has ended; log in again")
        return Caller(
            "user", user.id, user.name, user.role, claims.session, user.version, claims.expires_ms, user.grants
        )

    def with_share(self, caller: Caller, text: str) -> Caller:
        """The caller, who also holds a share link; one that is worthless changes nothing."""
        try:
            claims = self._credentials.share(text, self._now_ms())
        except DashboardError:
            return caller
        if self._directory.is_revoked(claims.session):
            return caller
        if caller.kind == "share":
            ends = min(each for each in (caller.expires_ms, claims.expires_ms) if each is not None)
            caller = msgspec.structs.replace(caller, expires_ms=ends)
        if caller.kind == "anonymous":
            boards, links = (claims.user,), (claims.session,)
            return Caller("share", expires_ms=claims.expires_ms, boards=boards, links=links)
        return msgspec.structs.replace(
            caller, boards=(*caller.boards, claims.user), links=(*caller.links, claims.session)
        )

    def still(self, caller: Caller) -> Caller | None:
        """Who a caller of before is now; None: nobody any more."""
        if any(self._directory.is_revoked(link) for link in caller.links):
            caller = msgspec.structs.replace(caller, boards=(), links=())
        if caller.kind == "share":
            return caller if caller.links else None
        if caller.kind in ("anonymous", "local"):
            return None if caller.session and self._directory.is_revoked(caller.session) else caller
        if caller.token is not None:
            now = next((t for t in self._directory.tokens.values() if t.id == caller.id), None)
            return _token_caller(now) if now is not None else None
        user = self._directory.user(caller.id)
        if user is None or not user.holds(caller.session, caller.version) or self._directory.is_revoked(caller.session):
            return None
        return msgspec.structs.replace(caller, name=user.name, role=user.role, grants=user.grants, version=user.version)


def _token_caller(token: Token) -> Caller:
    return Caller("token", token.id, token.name, expires_ms=token.expires_ms, token=token)


#: The person at the machine before they have a session: may all that operators may, but has no name to talk by.
AT_MACHINE = Caller("local", role=Role.OPERATOR)
