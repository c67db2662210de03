"""Requests of Engine.IO: sessions by long polling, and errors by the numbers of the original server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dashboard.domain.identity import Caller
from dashboard.settings import Settings
from dashboard.web.server.route import Route
from dashboard.web.socketio.engine_session import EngineLimits, EngineSession
from dashboard.web.socketio.handler import EngineServices, SocketIoHandler
from dashboard.web.socketio.sessions import EngineSessions
from tests.support.hubs import Source, hub_of
from tests.unit.web.asking import Asking, Reply

pytestmark = pytest.mark.gen_test
POLL = "/socket.io/?EIO=4&transport=polling"


class Client:
    """Client of a session that keeps what it is told."""

    def __init__(self, engine: EngineSession) -> None:
        self.engine = engine
        self.told: list[str] = []
        self.codes: list[int] = []

    def message(self, data: str) -> None:
        self.told.append(data)

    def heard(self) -> None:
        """Ignore signs of life."""

    def farewell(self, code: int) -> bytes:
        return b""

    def fail(self, code: int, reason: str) -> None:
        self.codes.append(code)
        self.engine.close(code, reason)

    def ended(self, code: int) -> None:
        self.codes.append(code)


class Served:
    """Route of Socket.IO, and the clients of its sessions."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.sessions = EngineSessions(EngineLimits(25, 20, max_body_bytes=100), "node")
        services = EngineServices(self.sessions, hub_of(Source()).hub.places, self._accept, Settings(journal="memory"))
        self.site = Asking(Route("/socket.io", SocketIoHandler, services))

    def _accept(self, engine: EngineSession, caller: Caller, place: Any) -> Any:
        self.clients.append(Client(engine))
        return self.clients[-1]

    async def opened(self) -> str:
        """Open a session; return the address of its polls."""
        reply = await self.site.ask(POLL)
        assert (reply.status, reply.body[:1]) == (200, b"0")
        return f"{POLL}&sid={json.loads(reply.body[1:])['sid']}"


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    made = Served()
    yield made
    for client in made.clients:
        client.engine.close(1001, "")


def error_of(reply: Reply) -> tuple[int, int]:
    return reply.status, reply.json["code"]


async def test_a_session_is_opened_polled_and_posted_to() -> None:
    async with served() as made:
        session = await made.opened()
        assert (await made.site.ask(session, "POST", b"4hello\x1e4again")).body == b"ok"
        assert made.clients[0].told == ["hello", "again"]
        made.clients[0].engine.send(b"4news")
        polled = await made.site.ask(session)
        assert (polled.body, polled.headers["Cache-Control"]) == (b"4news", "no-store")


@pytest.mark.parametrize(
    ("uri", "method", "code"),
    [
        ("/socket.io/?EIO=4&transport=pigeon", "GET", 0),
        (f"{POLL}&sid=unknown", "GET", 1),
        (POLL, "POST", 2),
        ("/socket.io/?EIO=4&transport=websocket", "GET", 3),
        ("/socket.io/?EIO=3&transport=polling", "GET", 5),
    ],
)
async def test_a_wrong_request_gets_the_number_of_its_fault(uri: str, method: str, code: int) -> None:
    async with served() as made:
        assert error_of(await made.site.ask(uri, method)) == (400, code)
        assert made.clients == []


@pytest.mark.parametrize(("body", "status", "code"), [(b"4" + b"x" * 100, 413, 1009), (b"4\xff", 400, 1007)])
async def test_a_body_that_is_too_long_or_no_text_ends_the_session(body: bytes, status: int, code: int) -> None:
    async with served() as made:
        session = await made.opened()
        assert (await made.site.ask(session, "POST", body)).status == status
        assert made.clients[0].codes[0] == code


async def test_a_browser_of_another_origin_asks_first_and_put_is_refused() -> None:
    async with served() as made:
        asked = await made.site.ask(POLL, "OPTIONS", Origin="http://localhost:8888")
        assert (asked.status, asked.headers["Access-Control-Allow-Methods"]) == (204, "GET, POST")
        assert asked.headers["Access-Control-Allow-Origin"] == "http://localhost:8888"
        assert (await made.site.ask(POLL, Origin="https://evil.example")).status == 403
        session = await made.opened()
        assert error_of(await made.site.ask(session, "PUT")) == (400, 3)
