"""Session of Engine.IO: its carrier (a WebSocket or long polls), the upgrade from one to the other, and its heartbeat.

Implements ``hub.transport.Transport``. Does not know Socket.IO: ``client`` gets the data of messages and makes the bytes to send.
Source: github.com/socketio/engine.io-protocol, version 4.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from msgspec import Struct

from dashboard.domain.errors import Invalid
from dashboard.hub.transport import Translation
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.rfc6455.frames import Opcode, encode_frame
from dashboard.socketio.dialect import Carrier
from dashboard.socketio.engine_packets import EnginePacket, EngineType, parse_body, parse_packet
from dashboard.web.socketio.engine_ports import EngineClient, Socket

_CLOSE, _PING, _NOOP = b"1", b"2", b"6"
_SEPARATOR = b"\x1e"
_PING_FRAME = encode_frame(Opcode.TEXT, _PING)
_PROBED_FRAME = encode_frame(Opcode.TEXT, b"3probe")
#: Close codes after which nothing more is sent: the client broke the protocol, or does not answer.
_SILENT = (CloseCode.PROTOCOL_ERROR, CloseCode.NO_PONG)
#: The last packets of a closed session wait this long for a poll.
_LINGER_S = 10.0


class EngineLimits(Struct, frozen=True):
    """Bounds of a session. ``ping_timeout_s``: time limit for the client's pong; ``upgrade_s``: time limit for an upgrade."""

    ping_interval_s: float
    ping_timeout_s: float
    max_body_bytes: int
    max_packets: int = 128
    upgrade_s: float = 10.0


class EngineSession:
    """Session of one client. ``send`` takes bytes that were encoded by the dialect of its carrier.

    ``on_end``: called with the session once it takes no more requests. ``accept``: makes the client of the session.
    ``socket``: the WebSocket that carries the session from its start; None: long polls carry it.
    """

    deflating = False

    def __init__(
        self,
        sid: str,
        limits: EngineLimits,
        *,
        on_end: Callable[[EngineSession], None],
        accept: Callable[[EngineSession], EngineClient],
        socket: Socket | None = None,
    ) -> None:
        self.sid = sid
        self.carrier: Carrier = "polling"
        self.dialect: Translation | None = None
        self.send: Callable[[bytes], None] = self._queue
        self.closed = False
        self._limits = limits
        self._on_end = on_end
        self._socket: Socket | None = None
        self._candidate: Socket | None = None  # proposes to carry the session
        self._probed = False
        self._upgrading: asyncio.TimerHandle | None = None
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._poll: asyncio.Future[bytes] | None = None
        self._answering = False
        self._posting = False
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(limits.ping_interval_s, self._ping)
        if socket is not None:
            self._switch(socket)
        try:
            self.client = accept(self)
        except BaseException:
            self._timer.cancel()  # else it pings a session without a client
            raise

    def translate_by(self, dialect: Translation) -> None:
        """Translate messages for the client by ``dialect`` from now on."""
        self.dialect = dialect

    # --- Transport ---

    @property
    def writing(self) -> bool:
        """True while the client has not received all sent bytes."""
        return self._socket.writing if self._socket is not None else bool(self._waiting)

    def follow_rooms(self, rooms: Collection[str]) -> None:
        """Set the rooms that the connection is in."""
        self.client.in_rooms(frozenset(rooms))

    def buffered_bytes(self) -> int:
        """Return an upper bound of the sent bytes that the client has not received."""
        return self._socket.buffered_bytes() if self._socket is not None else self._waiting_bytes

    def close(self, code: int, reason: str) -> None:
        """End the session; its last packets are sent, or wait a short time for a poll."""
        if self.closed:
            return
        if last := self.client.farewell(code):
            self.send(last)
        if self._socket is not None:
            self._stop()
            self._socket.close(code, reason)
            self._on_end(self)
            return
        has_words = bool(self._waiting) and code not in _SILENT
        self._stop()
        if not has_words:
            self._queue(_CLOSE)
            self._leave_polls()
            return
        if self._poll is not None:
            self._answer()
            self._waiting.append(_CLOSE)
        self._timer = self._loop.call_later(_LINGER_S, self._on_end, self)

    def abort(self) -> None:
        """End the session without sending anything."""
        if self.closed:
            return
        self._stop()
        if self._socket is not None:
            self._socket.abort()
        self._leave_polls()

    def _stop(self) -> None:
        self.closed = True
        self._timer.cancel()
        if self._candidate is not None:
            self._give_up_upgrade()

    def _leave_polls(self) -> None:
        if self._poll is not None:
            self._answer()
        self._on_end(self)

    def _end(self, code: int) -> None:
        """End a session that its client has ended."""
        if self.closed:
            return
        self._stop()
        self.client.ended(code)
        if self._socket is not None:
            self._socket.close(CloseCode.NORMAL)
        elif self._poll is not None:
            self._queue(_NOOP)
        self._leave_polls()

    # --- heartbeat ---

    def _ping(self) -> None:
        if self._socket is None:
            self._queue(_PING)
        elif not self._socket.writing:
            self._socket.send(_PING_FRAME)
        self._timer = self._loop.call_later(self._limits.ping_timeout_s, self._time_out)

    def _time_out(self) -> None:
        self.client.fail(CloseCode.NO_PONG, "no pong in time")

    def _pong(self) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_later(self._limits.ping_interval_s, self._ping)
        self.client.heard()

    # --- packets ---

    def _take(self, packet: EnginePacket) -> None:
        if self.closed:
            return
        if packet.type is EngineType.MESSAGE:
            self.client.message(packet.data)
        elif packet.type is EngineType.BINARY:
            self.client.binary()
        elif packet.type is EngineType.PONG:
            self._pong()
        elif packet.type is EngineType.CLOSE:
            self._end(CloseCode.NO_STATUS)
        else:
            self.client.fail(CloseCode.PROTOCOL_ERROR, "the server sends pings; an upgrade begins with a probe")

    # --- long polling ---

    def _queue(self, packets: bytes) -> None:
        self._waiting.append(packets)
        self._waiting_bytes += len(packets)
        if self._poll is not None and not self._answering:
            self._answering = True
            self._loop.call_soon(self._answer)

    def _answer(self) -> None:
        self._answering = False
        poll, self._poll = self._poll, None
        if poll is None:
            return
        if poll.done():  # the client left
            return
        poll.set_result(self._take_waiting())

    def _take_waiting(self) -> bytes:
        body = _SEPARATOR.join(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        return body

    async def poll(self) -> bytes | None:
        """Return the waiting packets, or wait for packets; return None if the session takes no poll."""
        if self._socket is not None or (self.closed and not self._waiting):
            return None
        if self._poll is not None:
            self.client.fail(CloseCode.PROTOCOL_ERROR, "only one poll at a time is allowed")
            return None
        if not self.closed:
            self.client.heard()
        if self._probed and not self._waiting:
            self._queue(_NOOP)
        if self._waiting:
            body = self._take_waiting()
            if self.closed and body != _CLOSE:
                self._waiting.append(
                    _CLOSE
                )  # in a body of its own: clients handle it before the other packets of a body
            elif self.closed:
                self._timer.cancel()
                self._on_end(self)
            return body
        if self.closed:
            return None
        self._poll = self._loop.create_future()
        return await self._poll

    def leave_poll(self) -> None:
        """Record that the client has closed the connection of its poll."""
        if self._poll is not None:
            self._poll.set_result(b"")
            self._poll = None
            self._end(CloseCode.ABNORMAL)

    def begin_post(self) -> bool:
        """Return whether a body may be sent now; two bodies at the same time end the session."""
        if self._socket is not None or self.closed:
            return False
        if self._posting:
            self.client.fail(CloseCode.PROTOCOL_ERROR, "only one POST at a time is allowed")
            return False
        self._posting = True
        return True

    def end_post(self) -> None:
        """Record that the POST was answered, or that its connection was lost."""
        self._posting = False

    def post(self, body: str) -> bool:
        """Take the packets of a body; return False if it breaks the protocol."""
        try:
            packets = parse_body(body, max_packets=self._limits.max_packets)
        except Invalid as error:
            self.client.fail(CloseCode.PROTOCOL_ERROR, str(error))
            return False
        for packet in packets:
            self._take(packet)
        return True

    # --- WebSocket ---

    def _switch(self, socket: Socket) -> None:
        self._socket, self.carrier, self.send = socket, "websocket", socket.send

    def propose(self, socket: Socket) -> bool:
        """Let a WebSocket propose to carry the session; return False if the session has a WebSocket or a proposal already."""
        if self.closed or self._socket is not None or self._candidate is not None:
            return False
        self._candidate = socket
        self._upgrading = self._loop.call_later(self._limits.upgrade_s, self._give_up_upgrade)
        return True

    def _give_up_upgrade(self) -> None:
        candidate = self._forget_candidate()
        if candidate is not None:
            candidate.close(CloseCode.NORMAL, "the upgrade was not finished")

    def _forget_candidate(self) -> Socket | None:
        candidate, self._candidate, self._probed = self._candidate, None, False
        if self._upgrading is not None:
            self._upgrading.cancel()
            self._upgrading = None
        return candidate

    def text(self, socket: Socket, text: str) -> None:
        """Take a text message of the WebSocket that carries the session, or proposes to carry it."""
        try:
            packet = parse_packet(text)
        except Invalid as error:
            if socket is self._socket:
                self.client.fail(CloseCode.PROTOCOL_ERROR, str(error))
            elif socket is self._candidate:
                self._give_up_upgrade()
            return
        if socket is self._socket:
            self._take(packet)
        elif socket is self._candidate:
            self._upgrade(socket, packet)

    def _upgrade(self, socket: Socket, packet: EnginePacket) -> None:
        if packet == EnginePacket(EngineType.PING, "probe"):
            self._probed = True
            socket.send(_PROBED_FRAME)
            if self._poll is not None:
                self._queue(_NOOP)
        elif packet.type is EngineType.UPGRADE and self._probed:
            self._forget_candidate()
            self._switch(socket)
            if self._poll is not None:
                self._waiting.append(_NOOP)
                self._answer()
            waiting = self._take_waiting()
            self.client.carried("websocket")
            for each in waiting.split(_SEPARATOR) if waiting else ():
                if each != _NOOP:
                    socket.send(encode_frame(Opcode.TEXT, each))
        else:
            self._give_up_upgrade()

    def binary(self, socket: Socket) -> None:
        """Take a binary message of a WebSocket."""
        if socket is self._socket and not self.closed:
            self.client.binary()

    def control(self, socket: Socket) -> None:
        """Take a ping or pong frame of a WebSocket."""
        if socket is self._socket and not self.closed:
            self.client.heard()

    def socket_ended(self, socket: Socket, code: int) -> None:
        """Record the end of a WebSocket."""
        if socket is self._candidate:
            self._forget_candidate()
        elif socket is self._socket and not self.closed:
            self._stop()
            self.client.ended(code)
            self._on_end(self)
