"""Payloads about rooms: a message as it is now, and how far a user has read. The store has all of it."""

from __future__ import annotations

from msgspec import Struct

from dashboard.domain.room import Message
from dashboard.entries.codec import Codec


class RoomEvent(Struct, array_like=True, frozen=True):
    """Base of the payloads of the partition of rooms."""


class MessageEntry(RoomEvent, tag="m", frozen=True):
    """A message was written, edited or deleted; ``message`` is its state after the change ``message.changed_seq``."""

    message: Message


class ReadEntry(RoomEvent, tag="r", frozen=True):
    """A user has read a room up to ``seq``; ``authors``: the newest message just read of each author."""

    room: str
    user: str
    seq: int
    authors: dict[str, int]


#: Every payload by its tag. Tags are stored: none is changed or used again.
ROOM_EVENTS: dict[str, type[RoomEvent]] = {"m": MessageEntry, "r": ReadEntry}

ROOM_CODEC: Codec[RoomEvent] = Codec(ROOM_EVENTS)
