"""Packets of Engine.IO 4: one type digit and data; several in a body of long polling.

Source: github.com/socketio/engine.io-protocol.  The packet classes of python-engineio are not used: they accept packets of any
length and types that the protocol does not have, and a strict parser is shorter than the checks around those classes.
"""

from __future__ import annotations

import base64
import binascii
from enum import IntEnum
from typing import NamedTuple

from dashboard.domain.errors import Invalid

#: Between the packets of a body; JSON never contains it unescaped.
SEPARATOR = "\x1e"


class EngineType(IntEnum):
    """Types of packets. ``BINARY``, a message of bytes, has no type digit on the wire."""

    OPEN = 0
    CLOSE = 1
    PING = 2
    PONG = 3
    MESSAGE = 4
    UPGRADE = 5
    NOOP = 6
    BINARY = 7


class EnginePacket(NamedTuple):
    """Packet of a client. ``data`` of a binary packet is empty, because this server does not use binary data."""

    type: EngineType
    data: str = ""


#: Types of packets that a client may send, by their digit.
_FROM_CLIENT = {
    str(int(kind)): kind
    for kind in (EngineType.CLOSE, EngineType.PING, EngineType.PONG, EngineType.MESSAGE, EngineType.UPGRADE)
}
_WITHOUT_DATA = (EngineType.CLOSE, EngineType.UPGRADE)


def parse_packet(text: str) -> EnginePacket:
    """Parse the packet in one WebSocket message; raises Invalid."""
    kind = _FROM_CLIENT.get(text[:1])
    if kind is None:
        raise Invalid(f"{text[:1]!a} is not the type of a packet that a client may send; send 1 to 5")
    if kind in _WITHOUT_DATA and len(text) > 1:
        raise Invalid(f"a packet of type {text[0]} must have no data")
    return EnginePacket(kind, text[1:])


def parse_body(text: str, *, max_packets: int) -> list[EnginePacket]:
    """Parse the packets in the body of a POST; raises Invalid if a packet is wrong or there are too many packets."""
    if text.count(SEPARATOR) >= max_packets:
        raise Invalid(f"more than {max_packets} packets in one body; send fewer at a time")
    return [_parse_binary(part) if part[:1] == "b" else parse_packet(part) for part in text.split(SEPARATOR)]


def _parse_binary(text: str) -> EnginePacket:
    try:
        base64.b64decode(text[1:], validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("a binary packet must be b and base64") from None
    return EnginePacket(EngineType.BINARY)
