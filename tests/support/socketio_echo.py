"""Applications that the two protocol suites test on the product's transport: an echo, and the answers that Socket.IO's suite expects."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from dashboard.address_counts import Place
from dashboard.app.build import Dashboard
from dashboard.domain.errors import Invalid
from dashboard.domain.identity import Caller
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.rfc6455.frames import Opcode, encode_frame
from dashboard.socketio.dialect import Carrier
from dashboard.socketio.packets import MAIN, PacketType, encode_connect_error, encode_connected, parse
from dashboard.web.server.guard import GuardedApplication
from dashboard.web.socketio.engine_session import EngineLimits, EngineSession
from dashboard.web.socketio.handler import EngineServices, SocketIoHandler
from dashboard.web.socketio.sessions import EngineSessions
from tests.support.inprocess import running

#: What the suites are written for.
#: The suites have 0.2 s for the answer to a ping: a busy machine takes longer.
LIMITS = EngineLimits(ping_interval_s=0.3, ping_timeout_s=1.0, max_body_bytes=1_000_000)
_CONNECT_S = 1.0


class Echo:
    """Application that sends every message back."""

    def __init__(self, engine: EngineSession) -> None:
        self._engine = engine

    def send(self, data: bytes) -> None:
        packet = b"4" + data
        self._engine.send(packet if self._engine.carrier == "polling" else encode_frame(Opcode.TEXT, packet))

    def message(self, data: str) -> None:
        self.send(data.encode())

    def binary(self) -> None:
        self.fail(CloseCode.UNSUPPORTED_DATA, "")

    def heard(self) -> None: ...

    def carried(self, carrier: Carrier) -> None: ...

    def in_rooms(self, rooms: frozenset[str]) -> None: ...

    def farewell(self, code: int) -> bytes:
        return b""

    def fail(self, code: CloseCode, reason: str) -> None:
        self._engine.close(code, reason)

    def ended(self, code: int) -> None: ...


class Answering(Echo):
    """Application with the namespaces ``/`` and ``/custom`` of Socket.IO's suite."""

    def __init__(self, engine: EngineSession) -> None:
        super().__init__(engine)
        self._namespaces: set[str] = set()
        asyncio.get_running_loop().call_later(_CONNECT_S, self._check)

    def _check(self) -> None:
        if not self._namespaces:
            self.fail(CloseCode.NORMAL, "")

    def message(self, data: str) -> None:
        try:
            packet = parse(data)
        except Invalid as error:
            self.fail(CloseCode.PROTOCOL_ERROR, str(error))
            return
        head = "" if packet.namespace == MAIN else packet.namespace + ","
        if packet.type is PacketType.CONNECT:
            if packet.namespace not in (MAIN, "/custom"):
                self.send(encode_connect_error(packet.namespace, b'{"message":"Invalid namespace"}'))
                return
            self._namespaces.add(packet.namespace)
            self.send(encode_connected(packet.namespace, msgspec.json.encode({"sid": secrets.token_hex(8)})))
            event = f'2{head}["auth",{packet.payload or "{}"}]'.encode()
            # the suite waits for one message after the other, and misses the second one of the same read
            asyncio.get_running_loop().call_later(0.02, self.send, event)
        elif packet.type is PacketType.DISCONNECT:
            self._namespaces.discard(packet.namespace)
        elif packet.type is PacketType.EVENT and packet.namespace in self._namespaces:
            args = b",".join(bytes(each) for each in packet.arguments)
            event = b'2%s["message-back",%s]' % (head.encode(), args)
            self.send(b"3%s%s[%s]" % (head.encode(), packet.ack.encode(), args) if packet.ack else event)
        else:
            self.fail(CloseCode.PROTOCOL_ERROR, "")


@asynccontextmanager
async def echoing(folder: Path, limits: EngineLimits = LIMITS, **settings: Any) -> AsyncIterator[Dashboard]:
    """Run a server with the application of Engine.IO's suite at /engine.io/ and that of Socket.IO's at /suite.io/ and /socket.io/."""
    async with running(data=str(folder / "data"), **settings) as server:
        assert server._server is not None
        application = server._server.request_callback
        assert isinstance(application, GuardedApplication)
        application._patterns.clear()  # the product's own application at /socket.io; the router has the routes, too
        application.add_handlers(
            ".*",
            [
                (path, SocketIoHandler, {"context": server.web.context, "services": _services(server, client, limits)})
                for path, client in (("/engine.io", Echo), ("/socket.io", Answering))
            ],
        )
        yield server


def _services(server: Dashboard, make: Callable[[EngineSession], Echo], limits: EngineLimits) -> EngineServices:
    def accept(engine: EngineSession, caller: Caller, place: Place) -> Echo:
        return make(engine)

    return EngineServices(EngineSessions(limits), server.hub.places, accept, server.settings)
