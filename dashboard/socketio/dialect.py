"""Encoding of messages for Socket.IO clients: the bytes are the same for all clients with the same transport and namespaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from weakref import WeakValueDictionary

from dashboard.messages.people import PersonalReply, encode_personal
from dashboard.rfc6455.frames import Opcode, encode_frame
from dashboard.socketio.events import answer, translate
from dashboard.socketio.positions import Positions

Carrier = Literal["websocket", "polling"]
#: Before each packet in a body of long polling that holds more than one.
_SEPARATOR = b"\x1e"
_MESSAGE = b"4"
#: In the head of the messages that have a position: those of rooms, new or changed.
_CHAT, _HEAD_BYTES = b'"type":"message', 40


class Dialect:
    """Translation for clients with the same carrier (WebSocket or long polling) and the same namespaces. ``now_ms`` is
    the journal's time.

    ``positions``: the last positions of the clients, which can recover and are in the same rooms; None if the clients cannot recover.
    ``plain``: the dialect without positions; it translates messages without a position once, for the clients of all rooms.
    """

    def __init__(
        self,
        carrier: Carrier,
        namespaces: frozenset[str],
        rooms: frozenset[str] | None,
        now_ms: Callable[[], int],
        plain: Dialect | None = None,
    ) -> None:
        self.positions = None if rooms is None else Positions(rooms)
        self.carrier = carrier
        self.namespaces = namespaces
        self._now_ms = now_ms
        self._plain = plain
        self._last = b"", b""

    def wire(self, body: bytes) -> bytes:
        """Return a message of ``/ws`` as the bytes to send; empty if these clients must not get the message."""
        if self._plain is not None and _CHAT not in body[:_HEAD_BYTES]:
            return self._plain.wire(body)
        last, wire = self._last
        if last is not body:
            wire = self.packed(translate(body, self.namespaces, self._now_ms(), self.positions))
            self._last = body, wire
        return wire

    def answer(self, message: PersonalReply, request_id: int | str | None) -> bytes:
        """Return the answer to a request as the bytes to send."""
        if request_id is None:
            return self.wire(encode_personal(message))
        return self.packed(answer(message, str(request_id), self._now_ms(), self.positions))

    def packed(self, packets: list[bytes]) -> bytes:
        """Return packets of Socket.IO as frames of a WebSocket, or as a part of a body."""
        if self.carrier == "polling":
            return _SEPARATOR.join(_MESSAGE + packet for packet in packets)
        return b"".join(encode_frame(Opcode.TEXT, _MESSAGE + packet) for packet in packets)


class Dialects:
    """Dialects of this process. Clients with the same carrier (WebSocket or long polling) and namespaces share a
    dialect."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._made: WeakValueDictionary[tuple[Carrier, frozenset[str], frozenset[str] | None], Dialect] = (
            WeakValueDictionary()
        )

    def get(self, carrier: Carrier, namespaces: frozenset[str], rooms: frozenset[str] | None = None) -> Dialect:
        """Return the dialect of a carrier and of namespaces. ``rooms``: the rooms of clients that can recover; None for other clients."""
        key = (carrier, namespaces, rooms)
        dialect = self._made.get(key)
        if dialect is None:
            plain = None if rooms is None else self.get(carrier, namespaces)
            dialect = self._made[key] = Dialect(carrier, namespaces, rooms, self._now_ms, plain)
        return dialect
