"""Authenticator of requests: finds the caller by a session, a token, a share link, or a local connection without login.

Searches only the directory in memory (``directory.py``); the formats of credentials are in ``credentials.py``.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dashboard.accounts.authorization import token_in_header
from dashboard.accounts.credentials import TOKEN_PREFIX, Claims, Credentials, hash_of
from dashboard.accounts.directory import Directory
from dashboard.accounts.guests import guest_of
from dashboard.domain.errors import BadToken, DashboardError, Unavailable
from dashboard.domain.identity import Caller, Role, Token

#: User id of the local operator, who uses the server's own machine without a login.
LOCAL_ID = "operator"
LOCAL = Caller("local", LOCAL_ID, "Operator", Role.OPERATOR)
#: Uses of a token within this time of a noted one are not noted.
_NOTED_EVERY_MS = 60_000


class Authenticator:
    """Lookup of a request's caller by its token or JWT. ``now_ms`` is the journal's time."""

    def __init__(self, directory: Directory, credentials: Credentials, *, now_ms: Callable[[], int]) -> None:
        self._directory = directory
        self._credentials = credentials
        self._now_ms = now_ms
        self._used: dict[str, int] = {}  # token id -> last use, not stored yet
        self._noted: dict[str, int] = {}

    def take_used(self) -> dict[str, int]:
        """Return the times of the tokens' last uses that are not stored yet, by token id, and forget them."""
        used, self._used = self._used, {}
        return used

    def put_back_used(self, used: dict[str, int]) -> None:
        """Remember uses that ``take_used`` has returned and that could not be stored; later uses replace them."""
        self._used = used | self._used

    async def refresh(self) -> None:
        """Read the changes that other processes have committed so far. Raises Unavailable if the store does not answer: an unknown
        token may then be valid.
        """
        if not await self._directory.refresh():
            raise Unavailable("the token is not known here, and the store of tokens does not answer; try again")

    def by_header(self, header: str) -> Caller:
        """Return the caller of an ``Authorization`` header; raises BadToken."""
        return self.by_text(token_in_header(header))

    def by_path(self, text: str) -> Caller | None:
        """Return the caller of a token in a URL path; None if the token is not valid."""
        try:
            return self.by_token(text)
        except BadToken:
            return None

    def by_text(self, text: str) -> Caller:
        """Return the caller of a token or of a session's JWT; raises BadToken."""
        if text.startswith(TOKEN_PREFIX) or text.count(".") != 2:
            return self.by_token(text)
        return self.by_jwt(text, at_machine=False)

    async def by_text_or_refresh(self, text: str) -> Caller:
        """Return the caller as ``by_text`` does, after a refresh if another process may have just created the token or user.

        Raises BadToken, and Unavailable if the store does not answer the refresh.
        """
        try:
            return self.by_text(text)
        except BadToken:
            await self.refresh()
            return self.by_text(text)

    def by_token(self, text: str) -> Caller:
        """Return the caller of a token and note its use; raises BadToken."""
        token = self._directory.tokens.get(hash_of(text))
        now_ms = self._now_ms()
        if token is None or (token.expires_ms is not None and token.expires_ms <= now_ms):
            raise BadToken("the token is wrong, expired or revoked")
        if now_ms - self._noted.get(token.id, 0) > _NOTED_EVERY_MS:
            self._noted[token.id] = self._used[token.id] = now_ms
        return _token_caller(token)

    def by_jwt(self, text: str, *, at_machine: bool) -> Caller:
        """Return the caller of a session's JWT; ``at_machine``: whether to accept the local operator's sessions too. Raises BadToken."""
        return self._caller(self._credentials.claims(text, self._now_ms()), at_machine=at_machine)

    def _caller(self, claims: Claims, *, at_machine: bool) -> Caller:
        if self._directory.is_revoked(claims.session):
            raise BadToken("the session has ended; log in again")
        if claims.local:
            if not at_machine:
                raise BadToken("this session is valid only on the server's own machine")
            return msgspec.structs.replace(LOCAL, session=claims.session, expires_ms=claims.expires_ms)
        user = self._directory.user(claims.user)
        if user is None or not user.holds(claims.session, claims.version):
            raise BadToken("the session has ended; log in again")
        return Caller(
            "user", user.id, user.name, user.role, claims.session, user.version, claims.expires_ms, user.grants
        )

    def with_share(self, caller: Caller, text: str) -> Caller:
        """Return the caller with the access of a share link, or the unchanged caller if the link is invalid or revoked."""
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

    def guest(self, user_id: str, name: str) -> Caller:
        """Return a guest; raises BadToken if the id belongs to a user, Invalid if it is malformed. Only for clients on this machine."""
        return guest_of(user_id, name, self._directory.users)

    def still(self, caller: Caller) -> Caller | None:
        """Return the caller with the present name, role and grants; None if the session, token or link has ended."""
        if any(self._directory.is_revoked(link) for link in caller.links):
            caller = msgspec.structs.replace(caller, boards=(), links=())
        if caller.kind == "share":
            return caller if caller.links else None
        if caller.kind == "guest":
            return None if caller.id in self._directory.users else caller
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


#: The local operator before a session: has an operator's rights, but no user id for messages.
AT_MACHINE = Caller("local", role=Role.OPERATOR)
