"""A server in the test's loop with users of every role, their credentials, and their sockets."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from jinja2 import ChoiceLoader, DictLoader
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from dashboard.app.build import Dashboard
from dashboard.domain.identity import VERBS, Role, User
from dashboard.domain.room import Room
from dashboard.store.users import create_user
from tests.support.deadline import scaled
from tests.support.inprocess import running

PASSWORD = "correct horse battery"
SECRET = "a secret that is long enough for tests"
PEOPLE = {"vera": Role.VIEWER, "eddy": Role.EDITOR, "olga": Role.OPERATOR, "ada": Role.ADMIN, "dora": Role.VIEWER}
Headers = dict[str, str]
#: Pages that may be tested by themselves: what stands on them is not asked here.
_PAGES = ("login.html", "profile.html", "admin.html", "first-admin.html")


@lru_cache(maxsize=1)
def hash_of(password: str) -> str:
    """Return a password's hash as the product stores it; it is computed once, because that takes a fifth of a second."""
    return PasswordHasher().hash(password)


class Site:
    """Server with the users vera (viewer), eddy (editor), olga (operator), ada (admin) and dora (disabled), and the
    rooms ops and secret (vera's)."""

    def __init__(self, server: Dashboard) -> None:
        self.server = server
        self.tokens: dict[str, str] = {}
        self.sockets: list[Socket] = []
        self.share = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def prepare(self) -> None:
        accounts, rooms = self.server.accounts, self.server.people.room_admin
        async with accounts.database.write() as tx:
            for name, role in PEOPLE.items():
                await create_user(tx, User(name, name.title(), role, created_ms=1), hash_of(PASSWORD))
        await accounts.directory.look()
        await accounts.accounts.change_user("test", "", "dora", disabled=True)
        for verb in VERBS:
            self.tokens[verb] = (await accounts.accounts.create_token("test", "", name=verb, verbs=(verb,)))[1]
        _, self.share, _ = await accounts.accounts.create_link("test", "", "host", 1)
        await rooms.create("test", "", Room("ops", "room", "Ops"))
        await rooms.create("test", "", Room("secret", "room", "Secret", private=True, members=("vera",)))

    def jwt(self, name: str, *, hours: float = 1, session: str = "") -> str:
        """Return the JWT of a new session."""
        user = self.server.accounts.directory.users[name]
        now_ms = self.server.clock.now_ms()
        return self.server.accounts.credentials.issue(
            name,
            session=session or secrets.token_urlsafe(12),
            version=user.version,
            now_ms=now_ms,
            expires_ms=now_ms + int(hours * 3_600_000),
        )

    def cookie(self, name: str, **options: Any) -> Headers:
        """Return the headers of a browser in which the user is logged in."""
        return {"Cookie": f"session={self.jwt(name, **options)}"}

    def bearer(self, name: str, **options: Any) -> Headers:
        """Return the headers of a program that acts as the user, or has the token with the verb ``name``."""
        return {"Authorization": f"Bearer {self.tokens.get(name) or self.jwt(name, **options)}"}

    @property
    def sharer(self) -> Headers:
        """Return the headers of a browser that has opened a share link to ``host``."""
        return {"Cookie": f"share={self.share}"}

    async def fetch(
        self, method: str, path: str, body: Any = None, headers: Headers | None = None, *, as_: str = ""
    ) -> HTTPResponse:
        """Send one request; return the answer with any status. ``as_``: user whose session cookie is sent."""
        if body is not None and not isinstance(body, bytes | str):
            body = json.dumps(body)
        return await AsyncHTTPClient().fetch(
            self.url + path,
            method=method,
            body=body,
            headers={**(self.cookie(as_) if as_ else {}), **(headers or {})},
            allow_nonstandard_methods=True,
            raise_error=False,
            follow_redirects=False,
            connect_timeout=scaled(60),
            request_timeout=scaled(60),
        )

    async def json(
        self, method: str, path: str, body: Any = None, *, as_: str = "", headers: Headers | None = None
    ) -> Any:
        """Send one request; return the status and the body as JSON."""
        response = await self.fetch(method, path, body, headers, as_=as_)
        return response.code, json.loads(response.body) if response.body else None

    async def socket(self, headers: Headers | None = None, *, as_: str = "") -> Socket:
        """Open a socket; return it after its first message."""
        request = HTTPRequest(
            f"ws://127.0.0.1:{self.server.port}/ws", headers=headers or (self.cookie(as_) if as_ else {})
        )
        socket = Socket(await websocket_connect(request))
        self.sockets.append(socket)
        await socket.until("welcome")
        if as_:
            await socket.until("authenticated")
        return socket


class Socket:
    """Client of ``/ws``."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection
        self.seen: list[dict[str, Any]] = []
        self._ids = 0
        self.ended = False

    def send(self, type_: str, **fields: Any) -> None:
        self.connection.write_message(json.dumps({"type": type_, **fields}))

    async def read(self) -> dict[str, Any] | None:
        """Return the next message; None if the connection is closed."""
        text = None if self.ended else await self.connection.read_message()
        if text is None:
            self.ended = True  # it is said once
            return None
        self.seen.append(json.loads(text))
        return self.seen[-1]

    async def until(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Return the next message of this type (and with these values)."""
        while (message := await self.read()) is not None:
            if message["type"] == type_ and all(message.get(name) == value for name, value in fields.items()):
                return message
        raise ConnectionError(f"closed with {self.connection.close_code} {self.connection.close_reason}")

    async def ask(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Send a request and return its reply."""
        self._ids += 1
        number = self._ids
        self.send(type_, id=number, **fields)
        while (message := await self.read()) is not None:
            if message.get("id") == number:
                return message
        raise ConnectionError(f"closed with {self.connection.close_code} {self.connection.close_reason}")

    async def end(self) -> int | None:
        """Return the close code of the connection."""
        while await self.read() is not None:
            pass
        return self.connection.close_code

    def close(self) -> None:
        self.connection.close()


@asynccontextmanager
async def site(folder: Path, **settings: Any) -> AsyncIterator[Site]:
    """Run a server that requires a login, with its users."""
    chosen = {
        "data": str(folder / "data"),
        "login": "required",
        "secret": SECRET,
        "chat_per_s": 1_000.0,
        "chat_burst": 1_000.0,
    }
    async with running(**{**chosen, **settings}) as server:
        made = Site(server)
        templates = server.web.context.templates
        assert templates.loader is not None
        templates.loader = ChoiceLoader(
            [templates.loader, DictLoader(dict.fromkeys(_PAGES, "<title>{{ title }}</title>"))]
        )
        await made.prepare()
        try:
            yield made
        finally:
            for socket in made.sockets:
                socket.close()
                await socket.end()
            AsyncHTTPClient().close()
