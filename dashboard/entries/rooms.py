"""The bytes of entries in ``events``: what was said, and how far somebody has read. The store has it all."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dashboard.domain.room import Message


class MessageEntry(Struct, array_like=True, tag="m", frozen=True):
    """A message was written, edited or deleted: this is what it is after the change ``message.changed_seq``."""

    message: Message


class ReadEntry(Struct, array_like=True, tag="r", frozen=True):
    """A user has read a room up to ``seq``; ``authors``: who wrote what was read just now, and each one's newest."""

    room: str
    user: str
    seq: int
    authors: dict[str, int]


RoomEvent = MessageEntry | ReadEntry

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[RoomEvent] = msgspec.msgpack.Decoder(RoomEvent)


def encode_room_event(happening: RoomEvent) -> bytes:
    """The payload bytes."""
    return _encoder.encode(happening)


def decode_room_event(payload: bytes) -> RoomEvent | None:
    """None: it is not one."""
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
