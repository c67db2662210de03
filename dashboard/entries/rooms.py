"""The bytes of entries in ``events``: what was said, and how far somebody has read. The store has it all."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dashboard.domain.room import Message


class Said(Struct, array_like=True, tag="m", frozen=True):
    """A message was written, edited or deleted: this is what it is after the change ``message.changed_seq``."""

    message: Message


class ReadUp(Struct, array_like=True, tag="r", frozen=True):
    """A user has read a room up to ``seq``; ``authors``: who wrote what was read just now, and each one's newest."""

    room: str
    user: str
    seq: int
    authors: dict[str, int]


Happening = Said | ReadUp

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Happening] = msgspec.msgpack.Decoder(Happening)


def encode_happening(happening: Happening) -> bytes:
    """The payload bytes."""
    return _encoder.encode(happening)


def decode_happening(payload: bytes) -> Happening | None:
    """None: it is not one."""
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
