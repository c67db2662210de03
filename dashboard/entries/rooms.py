"""Journal entries for rooms: messages and read marks. Their content is committed in the store already."""

from __future__ import annotations

from dashboard.domain.room import Message
from dashboard.entries.boards import BoardOperated
from dashboard.entries.codec import Codec
from dashboard.entries.room_event import RoomEvent


class MessageEntry(RoomEvent, tag="m", frozen=True):
    """Change of a message (written, edited or deleted): ``message`` is its state after the change ``changed_seq``."""

    message: Message


class ReadEntry(RoomEvent, tag="r", frozen=True):
    """Read mark of a user: ``room`` is read up to ``seq``. ``authors``: for each author, the newest message among those just read."""

    room: str
    user: str
    seq: int
    authors: dict[str, int]


#: Every payload by its tag. Tags are stored: none is changed or used again.
ROOM_EVENTS: dict[str, type[RoomEvent]] = {"m": MessageEntry, "r": ReadEntry, "o": BoardOperated}

ROOM_CODEC: Codec[RoomEvent] = Codec(ROOM_EVENTS)
