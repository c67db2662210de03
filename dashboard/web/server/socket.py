"""HTTP handler for ``/ws``: connects a WebSocket (``websocket.py``) with the hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tornado.web import stream_request_body
from tornado.websocket import WebSocketProtocol

from dashboard.address_counts import Place
from dashboard.conversation.dispatch import RequestDispatcher
from dashboard.hub.connection import Connection
from dashboard.hub.hub import Hub
from dashboard.hub.shared import Shared
from dashboard.messages.views import PROTOCOL_VERSION, Welcome, encode
from dashboard.settings import Settings
from dashboard.web.server.context import WebContext
from dashboard.web.server.handshake import HandshakeHandler
from dashboard.web.server.websocket import WebSocketTransport


class SocketServices(NamedTuple):
    """Services of ``/ws``."""

    hub: Hub
    dispatcher: RequestDispatcher
    settings: Settings
    now_ms: Callable[[], int]


@stream_request_body
class SocketHandler(HandshakeHandler):
    """Handler of one WebSocket client, from its handshake on."""

    def initialize(self, context: WebContext, services: SocketServices, template: str = "") -> None:
        self.context = context
        self.place = Place()
        self._hub, self._dispatcher, self._options, self._now_ms = services
        self._connection: Connection | None = None

    async def prepare(self) -> None:
        if await self.identify():
            self.find_place(self._hub.places)

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
        self._connection = self._hub.opened(transport, self.caller, self.place)
        options = self._options
        welcome = Welcome(
            protocol=PROTOCOL_VERSION,
            server="live-dashboard",
            build=self.context.build,
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
        self.place.release()
        self.on_connection_close()
