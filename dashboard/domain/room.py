"""Rooms and the messages in them. Valid once built.

A room's log gives each change (a message written, edited, deleted) the next number ``seq``. The store gives this number in the
transaction that stores the change, so the order in a room is the same everywhere. Direct conversations of two users and each
user's notifications are rooms too.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from msgspec import Struct

from dashboard.domain.errors import Invalid

RoomKind = Literal["board", "room", "direct", "inbox"]
ROOM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
MAX_TEXT = 4_000
MAX_KEY = 100
_DIRECT = "direct:"
_INBOX = "inbox:"
#: Invisible control characters except tab and line feed, and those that reverse the direction of text.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
#: Characters that are blank on a screen: controls, formats, spaces, and blank letters. A text of these alone is empty.
_UNSEEN_KINDS = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800")


class Room(Struct, frozen=True):
    """Conversation. ``private``: True if only ``members`` may join the room.

    ``last_seq``: the newest change in its log when the room was read from the store; copies in memory are not updated.
    """

    id: str
    kind: RoomKind
    title: str
    private: bool = False
    members: tuple[str, ...] = ()
    last_seq: int = 0


class Message(Struct, frozen=True, omit_defaults=True):
    """Current state of a message. ``seq``: its number; ``changed_seq``: its latest change in the room's log.

    ``at_ms``: the moment on the charts that the message is about; ``html`` is safe to show.
    """

    room: str
    seq: int
    changed_seq: int
    author: str
    name: str
    text: str
    html: str
    t_ms: int
    key: str = ""
    at_ms: int | None = None
    edited_ms: int | None = None
    deleted: bool = False
    mentions: tuple[str, ...] = ()
    title: str = ""
    data: str = "null"  # JSON, of a notification


def direct_room(first: str, second: str) -> str:
    """Return the id of the direct room of two users; the order of the two users does not matter."""
    return _DIRECT + ":".join(sorted((first, second)))


def inbox_room(user: str) -> str:
    """Return the id of the room with a user's notifications."""
    return _INBOX + user


def participants(room_id: str) -> tuple[str, ...]:
    """Return the users of a direct room or an inbox, from its id; empty for other rooms."""
    if room_id.startswith(_DIRECT):
        return tuple(room_id.removeprefix(_DIRECT).split(":"))
    return (room_id.removeprefix(_INBOX),) if room_id.startswith(_INBOX) else ()


def kind_of(room_id: str) -> RoomKind:
    """Return the kind of a room by its id: ``direct``, ``inbox``, or ``room`` for all others. A board's room has the
    kind ``room``."""
    return "direct" if room_id.startswith(_DIRECT) else "inbox" if room_id.startswith(_INBOX) else "room"


def parse_room_id(text: str, *, field: str = "roomId") -> str:
    """Return ``text`` if it can be the id of a new room. Raises Invalid otherwise."""
    if not ROOM_ID.fullmatch(text):
        raise Invalid(f"{text[:80]!r} is not a room id; write 1 to 60 letters, digits, - and _", field=field)
    return text


def clean_text(text: str, *, field: str = "text", most: int = MAX_TEXT) -> str:
    """Return a message's text without control characters and outer white space, and with line feeds as line ends.

    Raises Invalid for a text that is empty, is longer than ``most`` characters, or contains a NUL or a lone surrogate.
    """
    if "\0" in text:
        raise Invalid("contains a NUL character; remove it", field=field)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid("contains a lone surrogate (half a character); remove it", field=field) from None
    cleaned = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if all(unicodedata.category(char) in _UNSEEN_KINDS or char in _UNSEEN for char in cleaned):
        raise Invalid("is empty", field=field)
    if len(cleaned) > most:
        raise Invalid(f"has {len(cleaned)} characters; write at most {most}", field=field)
    return cleaned
