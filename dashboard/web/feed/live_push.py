"""Grafana Live's ``/api/live/push/STREAM``: lines by POST, or messages by WebSocket.

Source: Grafana's pkg/services/live/pushws and pushhttp. One handler serves both. It is derived from Tornado's WebSocketHandler,
because Tornado offers no other way to a WebSocket.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from dataclasses import dataclass, field

from tornado.httputil import HTTPServerRequest
from tornado.websocket import WebSocketHandler, WebSocketProtocol

from dashboard.domain.errors import DashboardError, Overloaded, Unavailable
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.server.websocket import WebSocketTransport

_MAX_FRAGMENTS = 1_024
#: A message that the journal cannot store for this long is dropped, so that the connection goes on with newer ones.
_PATIENCE_S = 60.0


@dataclass(slots=True)
class OpenPushes:
    """Number of open connections for live pushes; beyond ``most``, new connections are refused."""

    most: int = 1_000
    count: int = 0


@dataclass(frozen=True, slots=True)
class LivePushServices(FeedServices):
    """Services of the route of live pushes: the services of feeders' routes, and the count of connections."""

    open: OpenPushes = field(default_factory=OpenPushes)


class LivePushHandler(FeederHandler[LivePushServices], WebSocketHandler):
    """Grafana Live push over POST or WebSocket. Each WebSocket message is parsed as a separate body.

    A faulty message is counted as a refusal, and the connection stays open.
    """

    @classmethod
    def is_fed_by(cls, request: HTTPServerRequest) -> bool:
        return request.method in cls.feeding_methods or _is_upgrade(request)

    async def post(self, *_: str) -> None:
        await self.feed()

    async def get(self, *args: str, **kwargs: str) -> None:
        if not _is_upgrade(self.request):
            self.send(self.format.greet(self.feed_request(b"")))
            return
        await self.authenticate()
        if self.services.open.count >= self.services.open.most:
            self.set_header("Retry-After", "5")
            self.set_status(503)
            self.write_fault("overloaded", f"more than {self.services.open.most} connections", {})
            return
        self._messages: deque[bytes] = deque()
        self._close_code: CloseCode | None = None
        await WebSocketHandler.get(self, *args, **kwargs)

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        if self.request.headers.get("Sec-WebSocket-Version") != "13":
            return None
        return WebSocketTransport(
            self,
            max_message_bytes=self.max_bytes,
            max_fragments=_MAX_FRAGMENTS,
            compression=False,
            on_text=lambda text: self._messages.append(text.encode()),
            on_binary=self._messages.append,
            on_control=lambda: None,
            on_end=self._ended,
            after_read=self._take_messages,
        )

    def open(self, *args: str, **kwargs: str) -> None:
        self.services.open.count += 1
        assert isinstance(self.ws_connection, WebSocketTransport)
        self.ws_connection.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def _ended(self, _: int) -> None:
        self.services.open.count -= 1
        self.on_connection_close()

    async def _take_messages(self) -> None:
        """Process the messages already read before reading more: if the journal falls behind, the sender has to wait."""
        while self._messages:
            try:
                self.check_caller()  # the token may have been revoked
                self.authorise_feeder()
                await self._take(self._messages.popleft())
            except DashboardError:
                if self.ws_connection is not None:
                    self.ws_connection.close(CloseCode.REVOKED, "the token may not write any more")
                return

    async def _take(self, body: bytes) -> None:
        """Process one message; retry while the journal cannot store it. Any other fault refuses the message."""
        self._is_counted = False
        until = asyncio.get_running_loop().time() + _PATIENCE_S
        while True:
            try:
                request = self.feed_request(body)
                await self.accepted(request, await self.parsed(request))
            except (Overloaded, Unavailable) as error:
                if self._is_over() or asyncio.get_running_loop().time() > until:
                    return
                await asyncio.sleep(error.retry_after_s)
                continue
            except DashboardError as error:
                if not self._is_counted:
                    self.services.intake.note_fault(
                        self.caller, self.format.name, error.code, str(error), body, address=self.address
                    )
            return

    def _is_over(self) -> bool:
        return not isinstance(self.ws_connection, WebSocketTransport) or self.ws_connection.is_closing()

    def on_message(self, message: str | bytes) -> None:
        raise NotImplementedError("messages come through on_text and on_binary")


def _is_upgrade(request: HTTPServerRequest) -> bool:
    """Return whether a request asks for a WebSocket, over which messages will be fed."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"
