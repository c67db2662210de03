"""HTTP handler for ``/ws``: connects a WebSocket (``websocket.py``) with the hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tornado.web import stream_request_body
from tornado.websocket import WebSocketHandler, WebSocketProtocol

from dashboard.address_counts import Place
from dashboard.conversation.dispatch import RequestDispatcher
from dashboard.domain.errors import BadToken, Overloaded
from dashboard.domain.identity import ANONYMOUS, Caller
from dashboard.domain.ip_addresses import network_of
from dashboard.hub.connection import Connection
from dashboard.hub.hub import Hub
from dashboard.hub.shared import Shared
from dashboard.messages.views import PROTOCOL_VERSION, Welcome, encode
from dashboard.settings import Settings
from dashboard.web.server.base import allows_origin
from dashboard.web.server.context import WebContext
from dashboard.web.server.websocket import WebSocketTransport


class SocketServices(NamedTuple):
    """Services of ``/ws``."""

    hub: Hub
    dispatcher: RequestDispatcher
    settings: Settings
    now_ms: Callable[[], int]


@stream_request_body
class SocketHandler(WebSocketHandler):
    """Handler of one WebSocket client, from its handshake on."""

    def initialize(self, context: WebContext, services: SocketServices, template: str = "") -> None:
        self._context = context
        self._hub, self._dispatcher, self._options, self._now_ms = services
        self._caller = ANONYMOUS
        self._place = Place()
        self._connection: Connection | None = None

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    async def prepare(self) -> None:
        identity = self._context.identity
        try:
            try:
                self._caller = identity.caller_of(self.request)
            except BadToken:
                await identity.refresh()  # another process may have just created the token
                self._caller = self._known_caller()
            self._place = self._hub.places.reserve(self._caller, network_of(self.request.remote_ip or ""))
        except BadToken as error:
            self.set_status(401)
            self.finish({"code": error.code, "error": str(error)})
        except Overloaded as error:
            self.set_header("Retry-After", "5")
            self.set_status(503)
            self.finish({"code": error.code, "error": str(error)})

    def on_finish(self) -> None:
        """Release the place of a client that was refused; called by Tornado when the response is complete."""
        if self.get_status() != 101:
            self._place.release()

    def _known_caller(self) -> Caller:
        """Return the caller after a refresh. If no login is needed, an unknown token is ignored. Raises BadToken."""
        identity = self._context.identity
        try:
            return identity.caller_of(self.request)
        except BadToken:
            if (at_machine := identity.at_machine(self.request)) is not None:
                return at_machine
            raise

    def check_origin(self, origin: str) -> bool:
        """Return the guard's decision, for which ``https://name`` and ``name:443`` are the same origin; called by Tornado."""
        return allows_origin(self, origin)

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade to a WebSocket of version 13; answer other requests with 426 and JSON."""
        headers = self.request.headers
        connection = {word.strip().lower() for word in headers.get("Connection", "").split(",")}
        if headers.get("Upgrade", "").lower() != "websocket" or "upgrade" not in connection:
            self.set_status(426)
            self.set_header("Upgrade", "websocket")
            self.finish(
                {"code": "upgrade_required", "error": "this path is for WebSockets; connect with Upgrade: websocket"}
            )
        elif headers.get("Sec-WebSocket-Version") != "13":
            self.set_status(426)
            self.set_header("Sec-WebSocket-Version", "13")
            self.finish({"code": "upgrade_required", "error": "this server needs version 13 of the WebSocket protocol"})
        else:
            await super().get(*args, **kwargs)

    def data_received(self, chunk: bytes) -> None:
        """Ignore the body, because a WebSocket handshake has no body."""

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        if self.request.headers.get("Sec-WebSocket-Version") != "13":
            return None
        options = self._options
        return WebSocketTransport(
            self,
            max_message_bytes=options.max_message_bytes,
            max_fragments=options.max_fragments,
            compression=options.compression,
            on_text=self._on_text,
            on_control=self._on_control,
            on_end=self._on_end,
        )

    def open(self, *args: str, **kwargs: str) -> None:
        transport = self.ws_connection
        assert isinstance(transport, WebSocketTransport)
        self._connection = self._hub.opened(transport, self._caller, self._place)
        options = self._options
        welcome = Welcome(
            protocol=PROTOCOL_VERSION,
            server="live-dashboard",
            build=self._context.build,
            now=self._now_ms(),
            heartbeat_s=options.heartbeat_s,
            dead_s=options.dead_s,
            limits={
                "hello_s": options.hello_s,
                "max_message_bytes": options.max_message_bytes,
                "messages_per_s": options.messages_per_s,
                "message_burst": options.message_burst,
                "max_subscriptions": options.max_subscriptions,
            },
            degraded=self._hub.degraded,
        )
        self._connection.send(Shared(encode(welcome)))
        self._dispatcher.opened(self._connection)

    def _on_text(self, text: str) -> None:
        if self._connection is not None and not self._connection.closed:
            self._hub.received(self._connection, text)

    def _on_control(self) -> None:
        if self._connection is not None and not self._connection.closed:
            self._hub.heard(self._connection)

    def _on_end(self, code: int) -> None:
        if self._connection is not None:
            self._hub.dropped(self._connection, code, by_client=True)
        self._place.release()
        self.on_connection_close()

    def on_message(self, message: str | bytes) -> None:
        raise NotImplementedError("messages come through on_text")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish({"code": "invalid", "error": self._reason})
