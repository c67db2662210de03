"""WebSocket of this project, built on Tornado's public class ``WebSocketProtocol``: handshake, reading, direct sending and closing.

Frames are parsed by ``rfc6455/frames.py``; this module owns the stream. While nothing is buffered a prebuilt frame is written
directly to the socket, and only the bytes that the kernel does not accept are buffered; with TLS the stream sends everything.
Source: RFC 6455 sections 4.2, 5.5, 7; design of direct sending: docs/operations.md "Fan-out".
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import socket
import time
from collections.abc import Awaitable, Callable, Collection

from tornado.httputil import HTTPHeaders
from tornado.iostream import IOStream, SSLIOStream, StreamClosedError
from tornado.websocket import WebSocketHandler, WebSocketProtocol

from dashboard.rfc6455 import deflate
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.rfc6455.frames import (
    BinaryMessage,
    Close,
    Event,
    FrameParser,
    Opcode,
    PingFrame,
    PongFrame,
    ProtocolViolation,
    TextMessage,
    encode_close,
    encode_frame,
)
from dashboard.turns import next_turn

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: Bytes parsed before the event loop gets a turn.
_READ_BYTES = 16_384
#: A longer message may cost milliseconds: it is served in a turn of the loop in which no other such message is served.
_LONG_CHARACTERS = 1_000
#: The loop gets a turn between two messages if those of one read have taken this long.
_STEP_S = 0.005
#: The socket is closed if the peer has not finished the closing handshake after this long.
_CLOSING_S = 2.0


class WebSocketTransport(WebSocketProtocol):
    """Transport of the hub (``hub.transport.Transport``). ``on_text``, ``on_control``: called for each message or control frame.

    ``on_end``: called once with the close code. ``on_binary``: called for each binary message; without it, such a message closes
    the connection. ``after_read``: awaited before more bytes are read.
    """

    stream: IOStream

    def __init__(
        self,
        handler: WebSocketHandler,
        *,
        max_message_bytes: int,
        max_fragments: int,
        compression: bool,
        on_text: Callable[[str], None],
        on_control: Callable[[], None],
        on_end: Callable[[int], None],
        on_binary: Callable[[bytes], None] | None = None,
        after_read: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(handler)
        self._on_binary, self._after_read = on_binary, after_read
        self.deflating = False
        self.dialect = None
        self._bounds = (max_message_bytes, max_fragments)
        self._compression = compression
        self._on_text, self._on_control, self._on_end = on_text, on_control, on_end
        self.writing = False
        self._by_stream = False  # TLS: never write directly to the socket
        self._slow = True
        self._buffered = 0
        self._last_write: asyncio.Future[None] | None = None
        self._close_sent = False
        self._late_pong: bytes | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.end_code: int = CloseCode.ABNORMAL

    # --- handshake ---

    async def accept_connection(self, handler: WebSocketHandler) -> None:
        """Answer 101 (or 400), then read until the connection ends."""
        headers = handler.request.headers
        if not _is_key(headers.get("Sec-WebSocket-Key", "")):
            handler.set_status(400)
            handler.finish({"code": "invalid", "error": "Sec-WebSocket-Key: must be 16 bytes in base64"})
            return
        if self._compression and deflate.negotiate(",".join(headers.get_list("Sec-WebSocket-Extensions"))):
            self.deflating = True
            handler.set_header("Sec-WebSocket-Extensions", deflate.RESPONSE)
        handler.clear_header("Content-Type")
        handler.set_status(101)
        handler.set_header("Upgrade", "websocket")
        handler.set_header("Connection", "Upgrade")
        accept = hashlib.sha1(headers["Sec-WebSocket-Key"].strip().encode() + _GUID).digest()  # noqa: S324 - RFC 6455
        handler.set_header("Sec-WebSocket-Accept", base64.b64encode(accept))
        handler.finish()
        self.stream = handler.detach()
        if self.stream.closed():  # the client left before the response
            self._finish()
            return
        self.stream.set_nodelay(True)
        self._by_stream = isinstance(self.stream, SSLIOStream)
        self._socket_send = self.stream.socket.send
        self._send_buffered(b"")  # frames wait behind the handshake's response
        handler.open()
        await self._receive_frame_loop()

    # --- in ---

    async def _receive_frame_loop(self) -> None:
        inflater = deflate.Inflater() if self.deflating else None
        parser = FrameParser(max_message_bytes=self._bounds[0], max_fragments=self._bounds[1], inflater=inflater)
        try:
            while not self.client_terminated:
                data = await self.stream.read_bytes(_READ_BYTES, partial=True)
                began_s = time.monotonic()
                for event in parser.feed(data):
                    is_long = isinstance(event, TextMessage) and len(event.text) > _LONG_CHARACTERS
                    if is_long or time.monotonic() - began_s > _STEP_S:
                        await next_turn()
                        began_s = time.monotonic()
                    self._take(event)
                if self._after_read is not None:
                    await self._after_read()
                if len(data) == _READ_BYTES:
                    await next_turn()
            if self.writing:
                await self.stream.write(b"")  # flush the close frame; the deadline bounds this
        except StreamClosedError:
            pass
        except ProtocolViolation as violation:
            self.end_code = violation.code
            self.close(violation.code, violation.reason)
            await self._linger()
        finally:
            self._finish()

    def _take(self, event: Event) -> None:
        if isinstance(event, Close):
            self.client_terminated = True
            if not self._close_sent:
                self.end_code = event.code
                self.close(event.code)
        elif self._close_sent:
            return
        elif isinstance(event, TextMessage):
            self._on_text(event.text)
        elif isinstance(event, PingFrame):
            self._answer_ping(event.payload)
            self._on_control()
        elif isinstance(event, PongFrame):
            self._on_control()
        elif isinstance(event, BinaryMessage) and self._on_binary is not None:
            self._on_binary(event.data)
        elif isinstance(event, BinaryMessage):
            self.end_code = CloseCode.UNSUPPORTED_DATA
            self.close(CloseCode.UNSUPPORTED_DATA, "messages are text")

    def _answer_ping(self, payload: bytes) -> None:
        """Answer a ping at once or, if bytes are buffered, answer only the latest ping once they are sent (RFC 6455 section 5.5.3)."""
        if not self.writing:
            self.send(encode_frame(Opcode.PONG, payload))
            return
        waiting = self._late_pong is not None
        self._late_pong = payload
        if not waiting:
            asyncio.get_running_loop().call_later(0.1, self._send_late_pong)

    def _send_late_pong(self) -> None:
        payload, self._late_pong = self._late_pong, None
        if payload is not None and not self.is_closing():
            self._answer_ping(payload)

    async def _linger(self) -> None:
        """Continue to read after a violation, so that the peer gets the close frame, and no reset, before the socket closes."""
        try:
            if not self.stream.closed() and not self.writing:
                self.stream.socket.shutdown(socket.SHUT_WR)
            while True:
                await self.stream.read_bytes(_READ_BYTES, partial=True)
        except (StreamClosedError, OSError):
            pass

    def _finish(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self.client_terminated = True
        self.stream.close()
        self._on_end(self.end_code)

    # --- out ---

    def send(self, frame: bytes) -> None:
        """Write a whole frame to the socket; the stream buffers the bytes that the kernel does not accept."""
        if self._slow:
            self._send_buffered(frame)
            return
        try:
            sent = self._socket_send(frame)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.stream.close()
            return
        if sent != len(frame):
            self._send_buffered(frame[sent:])

    def _send_buffered(self, rest: bytes) -> None:
        """Send the bytes ``rest`` by the stream, after the bytes in its buffer. Until the buffer has drained, all
        further frames go this way."""
        if self._close_sent or self.stream.closed():
            return
        self._buffered += len(rest)
        self.writing = self._slow = True
        self._last_write = written = self.stream.write(rest)
        if written.done():  # the kernel accepted all of it
            self._drained(written)
        else:
            written.add_done_callback(self._drained)

    def _drained(self, written: asyncio.Future[None]) -> None:
        if written is self._last_write and not written.cancelled() and written.exception() is None:
            self._buffered = 0
            self.writing = False
            self._slow = self._by_stream

    def follow_rooms(self, rooms: Collection[str]) -> None:
        """Ignore the rooms, because each message of ``/ws`` already names its room and its position."""

    def buffered_bytes(self) -> int:
        """Return an upper bound of the buffered bytes."""
        return self._buffered

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Send a close frame, once; the socket closes when the peer answers, or after two seconds."""
        if self._close_sent or self.stream.closed():
            return
        frame = encode_close(CloseCode.NO_STATUS if code is None else code, reason or "")
        self.send(frame)
        self._close_sent = self.server_terminated = self._slow = True
        if code is not None and self.end_code == CloseCode.ABNORMAL:
            self.end_code = code
        self._deadline = asyncio.get_running_loop().call_later(_CLOSING_S, self.stream.close)

    def abort(self) -> None:
        """Close the socket without a close frame."""
        self.stream.close()

    def is_closing(self) -> bool:
        """Return whether either side has begun to close."""
        return self._close_sent or self.client_terminated or self.stream.closed()

    # --- the rest of Tornado's interface, which this server does not use ---

    selected_subprotocol = None

    def write_message(self, message: str | bytes | dict[str, object], binary: bool = False) -> asyncio.Future[None]:
        raise NotImplementedError("frames are prebuilt; see send")

    def write_ping(self, data: bytes) -> None:
        self.send(encode_frame(Opcode.PING, data))

    def _process_server_headers(self, key: str | bytes, headers: HTTPHeaders) -> None:
        raise NotImplementedError("this is a server")

    def start_pinging(self) -> None:
        """Ignore the call: the hub's heartbeat sends the pings."""

    def set_nodelay(self, x: bool) -> None:
        self.stream.set_nodelay(x)


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.strip(), validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
