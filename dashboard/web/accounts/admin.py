"""HTTP handlers for the administration of users, tokens, share links and the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from dashboard.domain.errors import Invalid
from dashboard.domain.identity import Role, Token, User, parse_role
from dashboard.web.accounts.accounts import AccountServices
from dashboard.web.server.api import ApiHandler
from dashboard.web.server.operation import Operation, Operations

RoleWord = Literal["viewer", "editor", "operator", "admin"]
BoardId = Annotated[str, Meta(max_length=100)]
Prefix = Annotated[str, Meta(min_length=1, max_length=200)]


class NewUser(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/users``."""

    id: str
    password: str
    role: RoleWord = "viewer"
    name: str = ""


class UserChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``PATCH /api/v1/users/ID``: the fields to change."""

    name: str | None = None
    role: RoleWord | None = None
    disabled: bool | None = None
    password: str | None = None
    grants: Annotated[dict[BoardId, RoleWord], Meta(max_length=100)] | None = None


class UserState(Struct, frozen=True):
    """User, as admins see it."""

    id: str
    name: str
    role: str
    disabled: bool
    created: int
    last_login: int | None
    grants: dict[str, str]


class UserStates(Struct, frozen=True):
    """All users."""

    users: list[UserState]


class NewToken(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/tokens``."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    verbs: tuple[Literal["write", "read", "message", "notify", "board"], ...] = ("write",)
    prefixes: Annotated[list[Prefix], Meta(max_length=50)] = []
    per_s: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    max_series: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    days: Annotated[float, Meta(gt=0, le=3_650)] | None = None


class TokenState(Struct, frozen=True, omit_defaults=True):
    """Token, as admins see it; ``token`` is its secret text, present only in the response that created the token."""

    id: str
    name: str
    verbs: tuple[str, ...]
    prefixes: tuple[str, ...]
    per_s: float
    max_series: int
    created: int
    created_by: str
    expires: int | None
    last_used: int | None
    token: str = ""


class TokenStates(Struct, frozen=True):
    """All tokens."""

    tokens: list[TokenState]


class NewLink(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/links``."""

    board: str
    hours: Annotated[float, Meta(gt=0, le=8_784)] = 24


class LinkState(Struct, frozen=True):
    """Response to ``POST /api/v1/links``: the new share link."""

    id: str
    url: str
    expires: int


def user_state(user: User, last_login_ms: int | None) -> UserState:
    """Return a user as admins see it."""
    grants = {board: role.word for board, role in user.grants}
    return UserState(user.id, user.name, user.role.word, user.disabled, user.created_ms, last_login_ms, grants)


def token_state(token: Token, text: str = "") -> TokenState:
    """Return a token as admins see it."""
    return TokenState(
        id=token.id,
        name=token.name,
        verbs=token.verbs,
        prefixes=token.prefixes,
        per_s=token.per_s,
        max_series=token.max_series,
        created=token.created_ms,
        created_by=token.created_by,
        expires=token.expires_ms,
        last_used=token.last_used_ms,
        token=text,
    )


class AdminHandler(ApiHandler[AccountServices]):
    """Base of the handlers that administer accounts."""


class UsersHandler(AdminHandler):
    """``/api/v1/users``: list and create users."""

    operations: ClassVar[Operations] = {
        "get": Operation("List all users", returns=UserStates),
        "post": Operation("Add a user", status=201, body=NewUser, returns=UserState),
    }

    async def get(self) -> None:
        self.write_json(
            UserStates([user_state(user, login) for user, login in await self.services.accounts.list_users()])
        )

    async def post(self) -> None:
        body = self.json(NewUser)
        user = await self.services.accounts.create_user(
            self.by,
            self.address,
            name=body.id,
            full_name=body.name,
            role=parse_role(body.role),
            password=body.password,
        )
        self.write_json(user_state(user, None), 201)


class UserHandler(AdminHandler):
    """``/api/v1/users/ID``: change or delete a user."""

    operations: ClassVar[Operations] = {
        "patch": Operation("Change a user", body=UserChange, returns=UserState),
        "delete": Operation("Delete a user; their messages stay", status=204),
    }

    async def patch(self, user_id: str) -> None:
        body = self.json(UserChange)
        grants: tuple[tuple[str, Role], ...] | None = None
        if body.grants is not None:
            await self.services.latest()
            grants = self._granted(user_id, body.grants)
        user = await self.services.accounts.change_user(
            self.by,
            self.address,
            user_id,
            full_name=body.name,
            role=parse_role(body.role) if body.role is not None else None,
            disabled=body.disabled,
            password=body.password,
            grants=grants,
        )
        self.write_json(user_state(user, user.last_login_ms))

    def _granted(self, user_id: str, given: Mapping[str, str]) -> tuple[tuple[str, Role], ...]:
        """Check that the boards of the grants exist, or that the user has the grants already; return the grants.

        Raises Invalid, and NotFound if there is no such user.
        """
        for board in sorted(given.keys() - self.services.boards.titles().keys()):
            if board not in dict(self.services.accounts.find(user_id).grants):
                raise Invalid(f"there is no board {board!a}", field="grants")
        return tuple((board, parse_role(word)) for board, word in sorted(given.items()))

    async def delete(self, user_id: str) -> None:
        await self.services.accounts.delete_user(self.by, self.address, user_id)
        self.done()


class TokensHandler(AdminHandler):
    """``/api/v1/tokens``: list and create tokens."""

    operations: ClassVar[Operations] = {
        "get": Operation("List all tokens", returns=TokenStates),
        "post": Operation("Create a token", status=201, body=NewToken, returns=TokenState),
    }

    async def get(self) -> None:
        self.write_json(TokenStates([token_state(token) for token in await self.services.accounts.list_tokens()]))

    async def post(self) -> None:
        body = self.json(NewToken)
        token, text = await self.services.accounts.create_token(
            self.by,
            self.address,
            name=body.name,
            verbs=body.verbs,
            prefixes=tuple(body.prefixes),
            per_s=body.per_s,
            max_series=body.max_series,
            days=body.days,
        )
        self.write_json(token_state(token, text), 201)


class TokenHandler(AdminHandler):
    """``/api/v1/tokens/ID``: revoke a token."""

    operations: ClassVar[Operations] = {"delete": Operation("Revoke a token", status=204)}

    async def delete(self, token_id: str) -> None:
        await self.services.accounts.revoke_token(self.by, self.address, token_id)
        self.done()


class BoardSharer(AdminHandler):
    """Base of the handlers of share links."""

    def sees(self, board: str) -> bool:
        """Return whether the caller may see the board without a share link: a link gives no right to create links."""
        return self.services.access.sees(msgspec.structs.replace(self.caller, boards=()), board)


class LinksHandler(BoardSharer):
    """``/api/v1/links``: list and create share links."""

    operations: ClassVar[Operations] = {
        "get": Operation("List the valid share links", returns=dict[str, object]),
        "post": Operation("Share a board by a link", status=201, body=NewLink, returns=LinkState),
    }

    async def get(self) -> None:
        self.write_json({"links": await self.services.accounts.list_links(self.sees)})

    async def post(self) -> None:
        body = self.json(NewLink)
        if not self.sees(body.board):
            raise self.services.boards.missing(body.board)
        await self.services.latest.find(body.board)
        self.services.boards.get(body.board)
        link, text, expires_ms = await self.services.accounts.create_link(self.by, self.address, body.board, body.hours)
        base = self.services.public_url.rstrip("/") or f"{self.request.protocol}://{self.request.host}"
        self.write_json(LinkState(link, f"{base}/share/{text}", expires_ms), 201)


class LinkHandler(BoardSharer):
    """``/api/v1/links/ID``: revoke a share link."""

    operations: ClassVar[Operations] = {"delete": Operation("Revoke a share link", status=204)}

    async def delete(self, link: str) -> None:
        await self.services.accounts.revoke_link(self.by, self.address, link, self.sees)
        self.done()


class AuditHandler(AdminHandler):
    """``GET /api/v1/audit``: the audit log."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "Who did what, newest first",
            returns=dict[str, object],
            query={"before": "events with smaller ids", "limit": "number of events, 1 to 500"},
        )
    }

    async def get(self) -> None:
        limit = self.number("limit", 100, 1, 500) or 100
        before = self.number("before", None, 0, 2**53)
        events = await self.services.accounts.audit(before, limit + 1)
        self.write_json({"events": events[:limit], "more": len(events) > limit})
