"""Packets of Socket.IO 5 inside messages of Engine.IO: ``TYPE[ATTACHMENTS-][/NAMESPACE,][ACK][JSON]``.

Source: github.com/socketio/socket.io-protocol. The packet class of python-socketio is not used: its parser accepts NaN, repeated
keys and any nesting, and builds objects that would have to be converted to requests. Here the JSON stays bytes.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

import msgspec
from msgspec import Raw

from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import Invalid
from dashboard.domain.strict_json import check_json

MAIN = "/"
#: Attachments of a binary packet, as the original limits them.
_MAX_ATTACHMENTS = 10
_MAX_NAMESPACE = 120
_PACKET = re.compile(r"([0-6])(?:([0-9]{1,3})-)?(?:(/[^,]*)(?:,|\Z))?([0-9]{1,16})?(.*)", re.DOTALL)
#: Names of events that the client libraries use themselves.
_RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})


class PacketType(IntEnum):
    """Types of packets."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


class Packet(NamedTuple):
    """Packet of a client. ``ack``: digits, empty without a callback. ``event`` and ``arguments``: only in packets of events.

    ``payload``: JSON of ``CONNECT``, empty without one.  ``attachments``: binary messages that follow.
    """

    type: PacketType
    namespace: str = MAIN
    ack: str = ""
    payload: str = ""
    event: str = ""
    arguments: tuple[Raw, ...] = ()
    attachments: int = 0


_values = msgspec.json.Decoder(list[Raw])
_name = msgspec.json.Decoder(str | int)


def parse(text: str) -> Packet:
    """Parse the data of an Engine.IO message as a packet; raises Invalid, after which the session must end."""
    found = _PACKET.fullmatch(text)
    if found is None:
        raise Invalid(f"{text[:1]!a} is not the type of a packet; send 0 to 6")
    kind, namespace = PacketType(int(found[1])), (found[3] or MAIN).partition("?")[0]
    is_binary = kind in (PacketType.BINARY_EVENT, PacketType.BINARY_ACK)
    if len(namespace) > _MAX_NAMESPACE:
        raise Invalid(f"a namespace has at most {_MAX_NAMESPACE} characters")
    if is_binary != (found[2] is not None) or int(found[2] or 0) > _MAX_ATTACHMENTS:
        raise Invalid(f"only a binary packet has a number of attachments, and it must be at most {_MAX_ATTACHMENTS}")
    ack, payload = found[4] or "", found[5]
    if kind in (PacketType.EVENT, PacketType.BINARY_EVENT):
        event, arguments = _parse_event(payload)
        return Packet(kind, namespace, ack, "", event, arguments, int(found[2] or 0))
    if kind in (PacketType.ACK, PacketType.BINARY_ACK):
        if not ack:
            raise Invalid("an acknowledgement must have a number")
        _parse_values(payload)
    elif kind is PacketType.CONNECT_ERROR or ack or (payload and kind is PacketType.DISCONNECT):
        raise Invalid(f"a client must not send the packet {text[:20]!a}")
    elif payload and payload[0] != "{":
        raise Invalid("the data of CONNECT must be an object")
    return Packet(kind, namespace, ack, payload, attachments=int(found[2] or 0))


def _parse_event(payload: str) -> tuple[str, tuple[Raw, ...]]:
    values = _parse_values(payload)
    try:
        name = str(_name.decode(values[0])) if values else ""
    except msgspec.MsgspecError:
        raise Invalid("the first value of an event must be its name") from None
    if not name or name in _RESERVED:
        raise Invalid(f"{name!a} cannot be the name of an event")
    return name, tuple(values[1:])


def _parse_values(payload: str) -> list[Raw]:
    try:
        values = _values.decode(payload)
    except RecursionError:
        raise Invalid("nested too deep") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Invalid(fault_of(error).said("the data")) from None
    check_json(payload)
    return values


def _head(namespace: str) -> bytes:
    return b"" if namespace == MAIN else namespace.encode() + b","


def encode_connected(namespace: str, body: bytes) -> bytes:
    """Return the packet that tells a client of its connection to a namespace; ``body``: JSON."""
    return b"0" + _head(namespace) + body


def encode_disconnect(namespace: str) -> bytes:
    """Return the packet that ends a namespace; the client does not connect to it again by itself."""
    return b"1" + _head(namespace)


def encode_event(namespace: str, name: str, body: bytes, offset: str = "") -> bytes:
    """Return an event with one argument, followed by the offset if there is one.

    ``name`` and ``offset`` are ASCII and need no escapes; ``body``: JSON.
    """
    end = f',"{offset}"]'.encode() if offset else b"]"
    return b"".join((b"2", _head(namespace), b'["', name.encode(), b'",', body, end))


def encode_ack(namespace: str, ack: str, body: bytes) -> bytes:
    """Return the packet that calls a client's callback with one argument."""
    return b"".join((b"3", _head(namespace), ack.encode(), b"[", body, b"]"))


def encode_connect_error(namespace: str, body: bytes) -> bytes:
    """Return the packet that refuses a ``CONNECT`` to a namespace; ``body``: JSON."""
    return b"4" + _head(namespace) + body
