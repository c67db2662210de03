"""Requests of Socket.IO's two protocol suites, on the product's transport; without binary data, which is refused.

The applications behind it are those of the suites (``socketio_echo.py``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from dashboard.web.socketio.engine_session import EngineLimits
from tests.support.deadline import deadline
from tests.support.socketio_echo import LIMITS, echoing

pytestmark = pytest.mark.gen_test
#: Bounds for tests that say nothing of pings: on a busy machine, pings would come between their packets.
PATIENT = msgspec.structs.replace(LIMITS, ping_interval_s=60.0, ping_timeout_s=60.0)
OPENING = {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
ENGINE, SOCKET = "/engine.io/", "/socket.io/"


class Wire:
    """Requests and WebSockets to one path."""

    def __init__(self, port: int, path: str) -> None:
        self.port = port
        self._address = f"127.0.0.1:{port}{path}"
        self.sockets: list[Socket] = []

    async def fetch(self, query: str, body: str | None = None, method: str = "") -> HTTPResponse:
        return await AsyncHTTPClient().fetch(
            f"http://{self._address}?{query}",
            method=method or ("GET" if body is None else "POST"),
            body=body,
            raise_error=False,
            allow_nonstandard_methods=True,
        )

    async def open(self) -> str:
        response = await self.fetch("EIO=4&transport=polling")
        assert response.code == 200
        assert response.body[:1] == b"0"
        self.opening = json.loads(response.body[1:])
        return str(self.opening["sid"])

    async def poll(self, sid: str) -> tuple[int, str]:
        response = await self.fetch(f"EIO=4&transport=polling&sid={sid}")
        return response.code, response.body.decode()

    async def post(self, sid: str, body: str) -> tuple[int, str]:
        response = await self.fetch(f"EIO=4&transport=polling&sid={sid}", body)
        return response.code, response.body.decode()

    async def socket(self, query: str = "EIO=4&transport=websocket") -> Socket:
        socket = Socket(await websocket_connect(HTTPRequest(f"ws://{self._address}?{query}")))
        self.sockets.append(socket)
        return socket


class Socket:
    """One WebSocket. Pings are skipped by ``next``."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection
        self._ended = False

    def send(self, text: str) -> None:
        self._connection.write_message(text)

    async def any(self) -> str | bytes | None:
        async with deadline(5, "a message"):
            text = None if self._ended else await self._connection.read_message()
        self._ended = text is None
        return text

    async def next(self) -> str | bytes | None:
        while (text := await self.any()) == "2":
            pass
        return text

    async def end(self) -> None:
        while await self.any() is not None:
            pass

    def close(self) -> None:
        self._connection.close()


@asynccontextmanager
async def wire(folder: Path, path: str, limits: EngineLimits = LIMITS) -> AsyncIterator[Wire]:
    async with echoing(folder, limits) as server:
        made = Wire(server.port, path)
        try:
            yield made
        finally:
            for socket in made.sockets:
                socket.close()
                await socket.end()


async def connected(there: Wire, packet: str = "40") -> Socket:
    socket = await there.socket()
    await socket.any()
    socket.send(packet)
    assert str(await socket.next()).startswith("40")
    assert str(await socket.next()).startswith('42["auth"')
    return socket


@pytest.mark.parametrize("path", [ENGINE, SOCKET])
async def test_a_session_opens_by_either_transport_and_says_its_bounds(tmp_path: Path, path: str) -> None:
    async with wire(tmp_path, path) as there:
        await there.open()
        assert there.opening.keys() == OPENING
        assert there.opening["upgrades"] == ["websocket"]
        assert (there.opening["pingInterval"], there.opening["pingTimeout"]) == (300, 1_000)
        assert there.opening["maxPayload"] == LIMITS.max_body_bytes
        socket = await there.socket()
        opening = json.loads(str(await socket.any())[1:])
        assert (opening.keys(), opening["upgrades"]) == (OPENING, [])


WRONG = [
    ("GET", "transport=polling", 5),
    ("GET", "EIO=abc&transport=polling", 5),
    ("GET", "EIO=3&transport=polling", 5),
    ("GET", "EIO=4", 0),
    ("GET", "EIO=4&transport=abc", 0),
    ("POST", "EIO=4&transport=polling", 2),
    ("PUT", "EIO=4&transport=polling", 2),
    ("GET", "EIO=4&transport=websocket", 3),
    ("GET", "EIO=4&transport=polling&sid=unknown", 1),
    ("POST", "EIO=4&transport=polling&sid=unknown", 1),
]


async def test_a_wrong_request_gets_the_error_of_the_original(tmp_path: Path) -> None:
    async with wire(tmp_path, SOCKET) as there:
        for method, query, code in WRONG:
            response = await there.fetch(query, "" if method != "GET" else None, method)
            assert (response.code, json.loads(response.body)["code"]) == (400, code), (method, query)


async def test_packets_come_back_by_the_transport_that_they_were_sent_by(tmp_path: Path) -> None:
    async with wire(tmp_path, ENGINE, PATIENT) as there:
        sid = await there.open()
        assert await there.post(sid, "4hello") == (200, "ok")
        assert await there.poll(sid) == (200, "4hello")
        assert await there.post(sid, "4test1\x1e4test2\x1e4€") == (200, "ok")
        assert await there.poll(sid) == (200, "4test1\x1e4test2\x1e4€")
        socket = await there.socket()
        await socket.any()
        socket.send("4hello")
        assert await socket.next() == "4hello"


async def test_a_broken_packet_closes_the_session(tmp_path: Path) -> None:
    async with wire(tmp_path, ENGINE, PATIENT) as there:
        sid = await there.open()
        assert (await there.post(sid, "abc"))[0] == 400
        assert (await there.poll(sid))[0] == 400
        socket = await there.socket()
        await socket.any()
        socket.send("abc")
        await socket.end()


async def test_two_polls_at_once_close_the_session(tmp_path: Path) -> None:
    async with wire(tmp_path, ENGINE, PATIENT) as there:
        sid = await there.open()
        first, second = await asyncio.gather(there.poll(sid), there.poll(sid))
        assert sorted((first[0], second[0])) == [200, 400]
        assert {"1"} == {body for code, body in (first, second) if code == 200}
        assert (await there.poll(sid))[0] == 400


@pytest.mark.parametrize("path", [ENGINE, SOCKET])
async def test_whoever_answers_pings_stays_and_whoever_does_not_is_closed(tmp_path: Path, path: str) -> None:
    async with wire(tmp_path, path) as there:
        sid, socket = await there.open(), await there.socket()
        await socket.any()
        for _ in range(2):
            assert (await there.poll(sid), await socket.any()) == ((200, "2"), "2")
            socket.send("3")
            assert await there.post(sid, "3") == (200, "ok")
        assert (await there.poll(sid))[1] == "2"
        assert (await there.poll(sid))[1] == "1"  # no pong came
        assert (await there.poll(sid))[0] == 400
        await socket.end()


@pytest.mark.parametrize("path", [ENGINE, SOCKET])
async def test_a_client_can_close_its_session(tmp_path: Path, path: str) -> None:
    async with wire(tmp_path, path) as there:
        sid = await there.open()
        poll = asyncio.ensure_future(there.poll(sid))
        for _ in range(40):  # turns of the loop that both ends share: by then the poll waits
            await asyncio.sleep(0.002)
        assert await there.post(sid, "1") == (200, "ok")
        assert await poll == (200, "6")
        assert (await there.poll(sid))[0] == 400
        socket = await there.socket()
        await socket.any()
        socket.send("1")
        await socket.end()


async def test_a_session_moves_to_a_websocket_and_nothing_is_lost(tmp_path: Path) -> None:
    async with wire(tmp_path, ENGINE) as there:
        sid = await there.open()
        socket = await there.socket(f"EIO=4&transport=websocket&sid={sid}")
        socket.send("2probe")
        assert await socket.any() == "3probe"
        assert await there.poll(sid) == (200, "6")
        assert await there.post(sid, "4before") == (200, "ok")  # the client waits for it before it goes on
        socket.send("5")
        assert await socket.next() == "4before"
        socket.send("4hello")
        assert await socket.next() == "4hello"
        assert (await there.poll(sid))[0] == 400
        second = await there.socket(f"EIO=4&transport=websocket&sid={sid}")
        await second.end()
        socket.send("4still")
        assert await socket.next() == "4still"


async def test_an_upgrade_that_is_not_one_leaves_the_session_as_it_is(tmp_path: Path) -> None:
    async with wire(tmp_path, ENGINE, PATIENT) as there:
        sid = await there.open()
        for wrong in ("5", "2other", "4hello", "abc"):
            socket = await there.socket(f"EIO=4&transport=websocket&sid={sid}")
            socket.send(wrong)
            await socket.end()
        assert await there.post(sid, "4hello") == (200, "ok")
        assert (await there.poll(sid))[1].startswith("4hello")


async def test_namespaces_are_connected_to_with_data_and_left(tmp_path: Path) -> None:
    async with wire(tmp_path, SOCKET) as there:
        socket = await there.socket()
        await socket.any()
        for packet, head in (('40{"token":"123"}', "40"), ('40/custom,{"token":"abc"}', "40/custom,")):
            socket.send(packet)
            answer = str(await socket.next())
            assert answer.startswith(head)
            assert json.loads(answer.removeprefix(head)).keys() == {"sid"}
            assert str(await socket.next()) == f"42{head[2:]}" + '["auth",' + packet.removeprefix(head) + "]"
        socket.send("40/random")
        assert await socket.next() == '44/random,{"message":"Invalid namespace"}'
        socket.send("41/custom")
        socket.send('42["message",1,"2",{"3":[true]}]')
        assert await socket.next() == '42["message-back",1,"2",{"3":[true]}]'
        socket.send('42456["message-with-ack",1,"2",{"3":[false]}]')
        assert await socket.next() == '43456[1,"2",{"3":[false]}]'
        socket.send("41")
        assert await socket.any() == "2"


async def test_broken_packets_of_socketio_close_the_connection(tmp_path: Path) -> None:
    async with wire(tmp_path, SOCKET) as there:
        for packet in ("4abc", "42{}", '42abc["message-with-ack",1]'):
            socket = await connected(there)
            socket.send(packet)
            await socket.end()


async def test_a_packet_that_is_no_handshake_closes_the_connection(tmp_path: Path) -> None:
    async with wire(tmp_path, SOCKET) as there:
        for packet in ("4abc", '42["x"]', None):
            socket = await there.socket()
            await socket.any()
            if packet is not None:
                socket.send(packet)
            await socket.end()


async def test_a_client_that_drops_its_poll_ends_its_session_without_a_word_in_the_log(tmp_path: Path) -> None:
    async with wire(tmp_path, ENGINE) as there:
        sid = await there.open()
        _, writer = await asyncio.open_connection("127.0.0.1", there.port)
        writer.write(f"GET {ENGINE}?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await writer.drain()
        while (await there.poll(sid))[0] == 200:  # pings, until the server has the poll of the other connection
            await there.post(sid, "3")
        writer.close()
        async with deadline(5, "the end of the session"):
            while (await there.post(sid, "4x"))[0] != 400:
                await asyncio.sleep(0.01)
