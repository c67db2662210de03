"""The conversation of one process, with its real store and journal: users, their pages without sockets, and what each was told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from dashboard.app.build import Dashboard
from dashboard.domain.identity import Caller, Role
from dashboard.hub.connection import Connection
from tests.support.hubs import Viewer
from tests.support.inprocess import running
from tests.support.nodes import until
from tests.support.stores import make_room, make_user

USERS = {"ann": Role.VIEWER, "bob": Role.VIEWER, "olga": Role.OPERATOR, "adam": Role.ADMIN}


class Page:
    """A connection of a user, or of nobody."""

    def __init__(self, server: Dashboard, caller: Caller | None) -> None:
        self._server = server
        self._ids = count(1)
        self.viewer = Viewer(may_end=True)
        self.connection: Connection = (
            server.hub.opened(self.viewer, caller) if caller is not None else server.hub.opened(self.viewer)  # type: ignore[arg-type]
        )
        server.people.dispatcher.opened(self.connection)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What it was told of this type."""
        return [each for each in self.viewer.told if each["type"] == kind]

    def say(self, **request: Any) -> int:
        """Send a request; returns its id."""
        number = next(self._ids)
        self._server.hub.received(self.connection, json.dumps({"id": number, **request}))
        return number

    async def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request, and return its answer."""
        number = self.say(**request)
        await until(lambda: any(each.get("id") == number for each in self.viewer.told))
        return next(each for each in self.viewer.told if each.get("id") == number)

    async def hear(self, kind: str, number: int = 1) -> dict[str, Any]:
        """Wait until it was told so many of this type; returns the last of them."""
        await until(lambda: len(self.told(kind)) >= number)
        return self.told(kind)[number - 1]

    def drop(self, code: int = 1000) -> None:
        """Its connection is over."""
        self._server.hub.dropped(self.connection, code)


class Talk:
    """``server.people`` and ``server.accounts`` hold the parts."""

    def __init__(self, server: Dashboard) -> None:
        self.server = server
        self.people = server.people
        self.accounts = server.accounts
        self.conversation = server.people.conversation

    def token(self, user: str) -> str:
        """A session's JWT."""
        return self.accounts.accounts.begin(self.accounts.directory.users[user]).token

    def caller(self, user: str) -> Caller:
        """The user, with a session."""
        return self.accounts.authenticator.by_text(self.token(user))

    async def page(self, user: str, *rooms: str) -> Page:
        """A page of a user, greeted, that has joined these rooms."""
        page = Page(self.server, self.caller(user))
        await page.hear("authenticated")
        for room in rooms:
            assert (await page.ask(type="join_room", roomId=room))["type"] == "joined"
        return page

    def nobodys_page(self) -> Page:
        """A page without a login."""
        return Page(self.server, None)


@asynccontextmanager
async def talking(users: Mapping[str, Role] = USERS, **settings: Any) -> AsyncIterator[Talk]:
    """A process with these users, and an operator's room ``ops``."""
    async with running(**settings) as server:
        for user, role in users.items():
            await make_user(server.accounts.database, user, role)
        await make_room(server.accounts.database)
        await server.accounts.directory.changed()
        yield Talk(server)
