"""HTTP handler for ``/socket.io``: WebSockets, polls and bodies of Engine.IO 4.

Errors are the same as those of the original server: status 400 with ``{"code", "message"}``, which its clients understand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from tornado.web import stream_request_body
from tornado.websocket import WebSocketProtocol

from dashboard.address_counts import Place
from dashboard.domain.errors import DashboardError
from dashboard.domain.identity import Caller
from dashboard.hub.places import ConnectionPlaces
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.rfc6455.frames import Opcode, encode_frame
from dashboard.settings import Settings
from dashboard.web.server.context import WebContext
from dashboard.web.server.handshake import HandshakeHandler
from dashboard.web.server.operation import Operation, Operations
from dashboard.web.server.request_body import RequestBody
from dashboard.web.server.websocket import WebSocketTransport
from dashboard.web.socketio.engine_ports import EngineClient
from dashboard.web.socketio.engine_session import EngineSession
from dashboard.web.socketio.forwarding import Forwarding
from dashboard.web.socketio.sessions import EngineSessions

_TRANSPORTS = ("polling", "websocket")
_PREFLIGHT_S = "600"
_QUERY = {"EIO": "4", "transport": "polling or websocket", "sid": "the session; without it a new one is opened"}

_OPERATIONS: Operations = {
    "get": Operation("Open a session of Socket.IO, poll, or upgrade to a WebSocket", query=_QUERY, raw=True),
    "post": Operation("Send packets of Socket.IO", query=_QUERY, raw=True),
    "put": Operation("Refuse, as the original does", raw=True),
    "options": Operation("Answer a browser that asks for another origin", status=204, raw=True),
}


class EngineServices(NamedTuple):
    """Services of ``/socket.io``. ``accept`` makes the client of a new session."""

    sessions: EngineSessions
    places: ConnectionPlaces
    accept: Callable[[EngineSession, Caller, Place], EngineClient]
    settings: Settings
    forwarding: Forwarding | None = None


class EngineError(NamedTuple):
    """Error of the original Socket.IO server, with its number."""

    code: int
    message: str


UNKNOWN_TRANSPORT = EngineError(0, "Transport unknown")
UNKNOWN_SID = EngineError(1, "Session ID unknown")
BAD_METHOD = EngineError(2, "Bad handshake method")
BAD_REQUEST = EngineError(3, "Bad request")
BAD_VERSION = EngineError(5, "Unsupported protocol version")


@stream_request_body
class SocketIoHandler(HandshakeHandler):
    """Handler of one request: an opening, a poll, a body, or a WebSocket until it ends."""

    has_foreign_errors = True
    operations = _OPERATIONS
    methods = SUPPORTED_METHODS = ("GET", "POST", "PUT", "OPTIONS")  # PUT gets the original's error

    def initialize(self, context: WebContext, services: EngineServices, template: str = "") -> None:
        self.context = context
        self.place = Place()
        self._services = services
        self._engine: EngineSession | None = None
        self._posting = self._polling = False
        self._holder: tuple[str, ...] = ()  # addresses of the process that holds the session
        self._body = RequestBody(max_bytes=0, budget=context.bodies, gzip=False)

    async def prepare(self) -> None:
        self._body = RequestBody(
            max_bytes=self._services.sessions.limits.max_body_bytes, budget=self.context.bodies, gzip=False
        )
        self._allow_origin()
        if not await self.identify() or self.request.method == "OPTIONS":
            return
        if (error := self._check()) is not None:
            self._refuse(error)
        elif self._engine is None:
            self.find_place(self._services.places)
        elif self.request.method == "POST":
            self._posting = self._engine.begin_post()
            if not self._posting:
                self._refuse(BAD_REQUEST)

    def _allow_origin(self) -> None:
        """Let a page of a trusted origin read the answer; the guard has refused all others."""
        origin = self.request.headers.get("Origin")
        if origin is not None:
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Access-Control-Allow-Credentials", "true")
            self.set_header("Vary", "Origin")

    def _check(self) -> EngineError | None:
        """Return the request's fault, else None. If the request names a session, ``_engine`` is that session."""
        transport, sid = self._argument("transport"), self._argument("sid")
        if transport not in _TRANSPORTS:
            return UNKNOWN_TRANSPORT
        if self._argument("EIO") != "4":
            return BAD_VERSION
        if not sid:
            if self.request.method != "GET":
                return BAD_METHOD
            return BAD_REQUEST if (transport == "websocket") != self.asks_upgrade() else None
        self._engine = self._services.sessions.get(sid)
        if self._engine is None:
            forwarding = self._services.forwarding
            self._holder = forwarding.holder(self.request, sid) if forwarding is not None else ()
            return None if self._holder else UNKNOWN_SID
        if transport == "websocket":
            return None if self.asks_upgrade() and self.request.method == "GET" else BAD_REQUEST
        is_polling = self._engine.carrier == "polling" and self.request.method in ("GET", "POST")
        return None if is_polling else BAD_REQUEST

    def _argument(self, name: str) -> str:
        values = self.request.query_arguments.get(name)
        return values[0].decode("utf-8", "replace") if values else ""

    def _refuse(self, error: EngineError) -> None:
        self._write(msgspec.json.encode(error._asdict()), "application/json", status=400)

    def _write(self, body: bytes, kind: str = "text/plain; charset=UTF-8", *, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", kind)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(body)

    async def _forward(self) -> None:
        """Let the process that holds the session serve the request. If that process does not answer, refuse with ``UNKNOWN_SID``."""
        forwarding = self._services.forwarding
        assert forwarding is not None
        place, self.place = self.place, Place()
        try:
            body = self._body.whole() if self.request.method == "POST" else b""
            upstream = await forwarding.connect(self._holder)
            if upstream is None:
                self._refuse(UNKNOWN_SID)
                return
            await forwarding.join(self.request, body, self.detach(), upstream)
        finally:
            place.release()
            self._end_request()

    # --- long polling ---

    async def get(self, *args: str, **kwargs: str) -> None:
        """Open a session, answer a poll, or upgrade."""
        if self._holder:
            await self._forward()
            return
        if self._argument("transport") == "websocket":
            await super().get(*args, **kwargs)
            return
        engine = self._engine
        if engine is None:
            engine = self._begin()
            self._write(self._services.sessions.open_packet(engine, "polling"))
            return
        self._polling = True
        body = await engine.poll()
        if not self._polling:  # the client has left
            self._auto_finish = False
            return
        self._polling = False
        if body is None:
            self._refuse(BAD_REQUEST)
        else:
            self._write(body)

    def data_received(self, chunk: bytes) -> None:
        """Collect the body, up to its limit."""
        for _ in self._body.take(chunk):
            pass

    async def post(self) -> None:
        """Take the packets of a body."""
        engine = self._engine
        if self._holder:
            await self._forward()
            return
        assert engine is not None
        try:
            text = self._body.whole().decode()
        except DashboardError as error:
            engine.client.fail(CloseCode.TOO_BIG, str(error))
            self.set_header("Connection", "close")
            self._write(msgspec.json.encode({"code": error.code, "message": str(error)}), status=error.http_status)
            return
        except UnicodeDecodeError:
            engine.client.fail(CloseCode.INVALID_DATA, "the body is not UTF-8")
            self._refuse(BAD_REQUEST)
            return
        if engine.post(text):
            self._write(b"ok", "text/html")  # as the original: some browsers would offer text/plain as a download
        else:
            self._refuse(BAD_REQUEST)

    async def put(self) -> None:
        """Refuse the method with ``BAD_REQUEST``, as the original Socket.IO server does."""
        self._refuse(BAD_REQUEST)

    async def options(self) -> None:
        """Answer the preflight request of a browser."""
        self.set_header("Access-Control-Allow-Methods", "GET, POST")
        self.set_header("Access-Control-Allow-Headers", "Content-Type, Authorization")
        self.set_header("Access-Control-Max-Age", _PREFLIGHT_S)
        self.set_status(204)
        self.finish()

    def on_finish(self) -> None:
        super().on_finish()
        self._end_request()

    def _begin(self, socket: WebSocketTransport | None = None) -> EngineSession:
        """Return a new session. Its client takes over the place that this request has reserved."""
        place, self.place = self.place, Place()
        engine = self._services.sessions.create(lambda new: self._services.accept(new, self.caller, place), socket)
        self._engine = engine
        return engine

    def on_connection_close(self) -> None:
        if self.ws_connection is not None:
            super().on_connection_close()
            return
        if self._polling and self._engine is not None:
            self._polling = False
            self._engine.leave_poll()
        self._end_request()

    def _end_request(self) -> None:
        self._body.close()
        if self._posting and self._engine is not None:
            self._posting = False
            self._engine.end_post()

    # --- WebSocket ---

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        if self.request.headers.get("Sec-WebSocket-Version") != "13":
            return None
        options = self._services.settings
        return WebSocketTransport(
            self,
            max_message_bytes=options.max_message_bytes,
            max_fragments=options.max_fragments,
            compression=False,
            on_text=self._on_text,
            on_control=self._on_control,
            on_end=self._on_end,
            on_binary=self._on_binary,
        )

    @property
    def _socket(self) -> WebSocketTransport:
        transport = self.ws_connection
        assert isinstance(transport, WebSocketTransport)
        return transport

    def open(self, *args: str, **kwargs: str) -> None:
        socket = self._socket
        if self._engine is not None:
            if not self._engine.propose(socket):
                self._engine = None
                socket.close(CloseCode.NORMAL, "the session has a WebSocket")
            return
        engine = self._begin(socket)
        socket.send(encode_frame(Opcode.TEXT, self._services.sessions.open_packet(engine, "websocket")))

    def _on_text(self, text: str) -> None:
        if self._engine is not None:
            self._engine.text(self._socket, text)

    def _on_binary(self, _: bytes) -> None:
        if self._engine is not None:
            self._engine.binary(self._socket)

    def _on_control(self) -> None:
        if self._engine is not None:
            self._engine.control(self._socket)

    def _on_end(self, code: int) -> None:
        if self._engine is not None:
            self._engine.socket_ended(self._socket, code)
        self.place.release()
        self.on_connection_close()
