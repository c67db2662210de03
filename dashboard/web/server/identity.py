"""Identity of HTTP requests: the caller by headers, cookies and IP address, and the session cookies.

A request is the local operator's if the server listens on loopback only, no proxy is configured, and the request came directly
from this machine to a local name.  A proxy that is not configured is detected by the headers that it adds.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tornado.httputil import HTTPServerRequest

from dashboard.accounts.accounts import Accounts
from dashboard.accounts.authenticator import AT_MACHINE, LOCAL, Authenticator
from dashboard.domain.errors import BadToken, Unavailable
from dashboard.domain.identity import ANONYMOUS, Caller
from dashboard.domain.ip_addresses import is_loopback_address

if TYPE_CHECKING:
    from tornado.web import RequestHandler

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDING = frozenset(
    ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")
)  # as Tornado writes names
_QUERY = ("token", "auth_token")
_SHARE_COOKIE = "share"
_MOST_COOKIES = 50


class WebIdentity:
    """Callers and cookies of requests. ``open_``: True if the local operator needs no login; ``secure``: True if browsers use https."""

    def __init__(
        self, identify: Authenticator, accounts: Accounts, *, open_: bool, secure: bool, session_s: int
    ) -> None:
        self._identify = identify
        self._accounts = accounts
        self._open = open_
        self._secure = secure
        self._session_s = session_s
        self.cookie = "__Host-session" if secure else "session"
        self.share_cookie = f"__Host-{_SHARE_COOKIE}" if secure else _SHARE_COOKIE

    def caller_of(self, request: HTTPServerRequest, *, talks: bool = False) -> Caller:
        """Return a request's caller; raises BadToken. An invalid cookie is ignored.

        ``talks``: whether to give the local operator a user id.
        """
        header = request.headers.get("Authorization")
        if header:
            return self._identify.by_header(header)
        for name in _QUERY:
            if (given := request.query_arguments.get(name)) and given[0]:
                return self._identify.by_text(given[0].decode("utf-8", "replace"))
        caller = self._by_cookie(request)
        if talks and caller == AT_MACHINE:
            caller = LOCAL
        for name, share in list(request.cookies.items())[:_MOST_COOKIES]:
            if name.startswith(self.share_cookie):
                caller = self._identify.with_share(caller, share.value)
        return caller

    def at_machine(self, request: HTTPServerRequest, *, talks: bool = False) -> Caller | None:
        """Return the local operator, whatever token the request has; None if the request is not local or needs a login.

        ``talks``: see ``caller_of``.
        """
        if not (self._open and _came_straight(request)):
            return None
        return self._by_cookie(request) if not talks else LOCAL

    async def refresh(self) -> None:
        """Read tokens and users that other processes have created; raises Unavailable if the store does not answer."""
        await self._identify.refresh()

    async def refresh_for(self, request: HTTPServerRequest) -> None:
        """Refresh for a request whose token is unknown; raises Unavailable, unless the request needs no token."""
        try:
            await self.refresh()
        except Unavailable:
            if self.at_machine(request) is None:
                raise

    def by_text(self, text: str) -> Caller:
        """Return the caller of a token from another part of a request; raises BadToken."""
        return self._identify.by_text(text)

    def by_path(self, text: str) -> Caller | None:
        """Return the caller of a token in a URL path; None if the token is not valid."""
        return self._identify.by_path(text)

    def _by_cookie(self, request: HTTPServerRequest) -> Caller:
        at_machine = self._open and _came_straight(request)
        cookie = request.cookies.get(self.cookie)
        if cookie is not None and cookie.value:
            try:
                return self._identify.by_jwt(cookie.value, at_machine=at_machine)
            except BadToken:
                pass
        return AT_MACHINE if at_machine else ANONYMOUS

    def keep(self, handler: RequestHandler) -> None:
        """Begin a session for a local operator without one; extend a user's session after half of its lifetime."""
        caller: Caller = getattr(handler, "caller", ANONYMOUS)
        if caller == AT_MACHINE and handler.request.path != "/api/v1/me":
            self.set_cookie(handler, self._accounts.begin_local())
        elif (renewed := self._accounts.renew(caller)) is not None:
            self.set_cookie(handler, renewed.token)

    def set_cookie(self, handler: RequestHandler, value: str) -> None:
        """Set the session cookie."""
        self._set(handler, self.cookie, value, self._session_s)

    def set_share(self, handler: RequestHandler, board: str, value: str) -> None:
        """Set a share link's cookie, one for each board, until the browser is closed."""
        self._set(handler, f"{self.share_cookie}-{board}", value, None)

    def clear_cookie(self, handler: RequestHandler) -> None:
        """Delete the session cookie."""
        self._set(handler, self.cookie, "", 0)

    def _set(self, handler: RequestHandler, name: str, value: str, max_age: int | None) -> None:
        set_cookie = partial(
            handler.set_cookie, name, value, path="/", httponly=True, samesite="Lax", secure=self._secure
        )
        if max_age is None:
            set_cookie()
        elif max_age:
            set_cookie(max_age=max_age)
        else:
            set_cookie(expires=1)  # long ago


def _came_straight(request: HTTPServerRequest) -> bool:
    if not _FORWARDING.isdisjoint(request.headers):
        return False
    if not is_loopback_address(request.remote_ip or ""):
        return False
    host = request.headers.get("Host", "")
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name.strip("[]").lower() in LOCAL_NAMES
