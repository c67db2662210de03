"""The conversation of one process, with its real store and journal: users, their pages without sockets, and what each was sent."""

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
    """Connection of a user, or without a user."""

    def __init__(self, server: Dashboard, caller: Caller | None) -> None:
        self._server = server
        self._ids = count(1)
        self.viewer = Viewer(may_end=True)
        self.connection: Connection = (
            server.hub.opened(self.viewer, caller) if caller is not None else server.hub.opened(self.viewer)  # type: ignore[arg-type]
        )
        server.people.dispatcher.opened(self.connection)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of this type that the page was sent."""
        return [each for each in self.viewer.told if each["type"] == kind]

    def say(self, **request: Any) -> int:
        """Send a request; return its id."""
        number = next(self._ids)
        self._server.hub.received(self.connection, json.dumps({"id": number, **request}))
        return number

    async def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request; return its reply."""
        number = self.say(**request)
        await until(lambda: any(each.get("id") == number for each in self.viewer.told))
        return next(each for each in self.viewer.told if each.get("id") == number)

    async def hear(self, kind: str, number: int = 1) -> dict[str, Any]:
        """Wait until the page was sent this number of messages of a type; return the last."""
        await until(lambda: len(self.told(kind)) >= number)
        return self.told(kind)[number - 1]

    def drop(self, code: int = 1000) -> None:
        """End the connection."""
        self._server.hub.dropped(self.connection, code)


class Talk:
    """The conversation. ``server.people`` and ``server.accounts`` have its parts."""

    def __init__(self, server: Dashboard) -> None:
        self.server = server
        self.people = server.people
        self.accounts = server.accounts
        self.conversation = server.people.conversation

    def token(self, user: str) -> str:
        """Return the JWT of a session."""
        return self.accounts.accounts.begin(self.accounts.directory.users[user]).token

    def caller(self, user: str) -> Caller:
        """Return the user with a session, as a caller."""
        return self.accounts.authenticator.by_text(self.token(user))

    async def page(self, user: str, *rooms: str) -> Page:
        """Open a page of a user that has joined these rooms."""
        page = Page(self.server, self.caller(user))
        await page.hear("authenticated")
        for room in rooms:
            assert (await page.ask(type="join_room", roomId=room))["type"] == "joined"
        return page

    def nobodys_page(self) -> Page:
        """Open a page without a login."""
        return Page(self.server, None)


@asynccontextmanager
async def talking(users: Mapping[str, Role] = USERS, **settings: Any) -> AsyncIterator[Talk]:
    """Run a process with these users, and an operator's room ``ops``."""
    async with running(**settings) as server:
        for user, role in users.items():
            await make_user(server.accounts.database, user, role)
        await make_room(server.accounts.database)
        await server.accounts.directory.changed()
        yield Talk(server)
