"""HTTP handlers for login, logout, the caller's own account, and the first admin."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from msgspec import Struct

from dashboard.accounts.accounts import Accounts, LoginSession
from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.boards.latest_boards import LatestBoards
from dashboard.domain.errors import NotAuthenticated
from dashboard.web.server.base import BaseHandler, describe
from dashboard.web.server.operation import Operation, Operations


class LoginBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/login``."""

    name: str
    password: str


class FirstAdminBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/first-admin``."""

    code: str
    id: str
    password: str
    name: str = ""


class OwnBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``PATCH /api/v1/me``: the fields to change; a new password needs the old one."""

    name: str | None = None
    password: str | None = None
    old_password: str = ""


class UserShown(Struct, frozen=True):
    """User in responses to the user's own client."""

    id: str
    name: str
    role: str


class SessionShown(Struct, frozen=True):
    """Response to a successful login. ``expires``: milliseconds since the epoch."""

    user: UserShown
    token: str
    expires: int


class Me(Struct, frozen=True):
    """Caller of a request, with role and grants. ``expires``: end of the session, milliseconds since the epoch."""

    kind: str
    user: UserShown | None
    role: str
    roles: list[str]
    grants: dict[str, str]
    expires: int | None


class AccountServices(NamedTuple):
    """Services of the account routes. ``latest`` reads boards that other processes have published; ``public_url``: this
    server's external URL, or empty."""

    accounts: Accounts
    boards: Boards
    latest: LatestBoards
    access: Access
    public_url: str


class AccountHandler(BaseHandler[AccountServices]):
    """Base of the account handlers."""

    def write_session(self, session: LoginSession) -> None:
        """Write a new session as the response, and set its cookie."""
        user = session.user
        self.context.identity.set_cookie(self, session.token)
        self.write_json(SessionShown(UserShown(user.id, user.name, user.role.word), session.token, session.expires_ms))


class LoginHandler(AccountHandler):
    """``POST /api/v1/login``: a session for name and password."""

    operations: ClassVar[Operations] = {
        "post": Operation("Log in by name and password", body=LoginBody, returns=SessionShown)
    }

    async def post(self) -> None:
        body = self.json(LoginBody)
        self.write_session(await self.services.accounts.log_in(body.name, body.password, self.address))


class FirstAdminHandler(AccountHandler):
    """``POST /api/v1/first-admin``: the first admin, by the one-time code that the server printed."""

    operations: ClassVar[Operations] = {
        "post": Operation("Create the first admin", body=FirstAdminBody, returns=SessionShown)
    }

    async def post(self) -> None:
        body = self.json(FirstAdminBody)
        session = await self.services.accounts.make_first_admin(
            body.code, self.address, name=body.id, full_name=body.name, password=body.password
        )
        self.write_session(session)


class LogoutHandler(AccountHandler):
    """``POST /api/v1/logout``: the end of the session."""

    operations: ClassVar[Operations] = {
        "post": Operation("End the session and close its WebSocket connections", status=204)
    }

    async def post(self) -> None:
        await self.services.accounts.log_out(self.caller, self.address)
        self.context.identity.clear_cookie(self)
        self.set_status(204)
        self.finish()


class MeHandler(AccountHandler):
    """``/api/v1/me``: the caller's own account."""

    operations: ClassVar[Operations] = {
        "get": Operation("Get the caller, with role and grants", returns=Me),
        "patch": Operation("Change the caller's own name or password", body=OwnBody, returns=Me),
    }

    def get(self) -> None:
        self.context.identity.keep(self)  # a long-lived page asks regularly, which extends its session
        self.write_json(describe(self.caller))

    async def patch(self) -> None:
        if self.caller.kind != "user":
            raise NotAuthenticated("log in first")
        body = self.json(OwnBody)
        user = await self.services.accounts.change_own(
            self.caller, self.address, old_password=body.old_password, full_name=body.name, password=body.password
        )
        if body.password is not None:  # the change has ended all sessions
            self.context.identity.set_cookie(self, self.services.accounts.begin(user, self.caller.session).token)
        shown = describe(self.caller)
        self.write_json(shown | {"user": UserShown(user.id, user.name, user.role.word)})
