"""Rooms and the messages in them. Valid once built.

A room's log gives each change (a message written, edited, deleted) the next number ``seq``; the store gives it in the
transaction that keeps the change, so the order in a room is one everywhere.  Conversations of two and each user's
notifications are rooms too.
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
#: Invisible controls but for tab and line feed, and what turns the direction of text round.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
#: What alone would show nothing: spaces, formats, and letters that are blank.
_UNSEEN_KINDS = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800")


class Room(Struct, frozen=True):
    """``least`` is the role that may join; ``private``: only ``members`` may.

    ``last_seq``: the newest change in its log when it was read; what is kept in memory is not brought up to date.
    """

    id: str
    kind: RoomKind
    title: str
    private: bool = False
    members: tuple[str, ...] = ()
    last_seq: int = 0


class Message(Struct, frozen=True, omit_defaults=True):
    """As it is now. ``seq``: when it was written; ``changed_seq``: its latest change in the room's log.

    ``at_ms``: the moment on the charts that it is about; ``html`` is safe to show.
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
    """The id of the conversation of two users, the same from either side."""
    return _DIRECT + ":".join(sorted((first, second)))


def inbox_room(user: str) -> str:
    """The id of a user's notifications."""
    return _INBOX + user


def participants(room_id: str) -> tuple[str, ...]:
    """Whose room it is, from the id of a direct room or an inbox; empty for other rooms."""
    if room_id.startswith(_DIRECT):
        return tuple(room_id.removeprefix(_DIRECT).split(":"))
    return (room_id.removeprefix(_INBOX),) if room_id.startswith(_INBOX) else ()


def kind_of(room_id: str) -> RoomKind:
    """By the id; a board's room and others are not told apart."""
    return "direct" if room_id.startswith(_DIRECT) else "inbox" if room_id.startswith(_INBOX) else "room"


def parse_room_id(text: str, *, field: str = "roomId") -> str:
    """The id of a room that is made; raises Invalid."""
    if not ROOM_ID.fullmatch(text):
        raise Invalid("write 1 to 60 letters, digits, - and _", field=field)
    return text


def clean_text(text: str, *, field: str = "text", most: int = MAX_TEXT) -> str:
    """A message's text: not empty, not too long, without controls and lone surrogates; raises Invalid, for a NUL, too."""
    if "\0" in text:
        raise Invalid("holds a NUL character", field=field)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid("has half a character (a lone surrogate)", field=field) from None
    cleaned = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if all(unicodedata.category(char) in _UNSEEN_KINDS or char in _UNSEEN for char in cleaned):
        raise Invalid("is empty", field=field)
    if len(cleaned) > most:
        raise Invalid(f"has {len(cleaned)} characters; at most {most}", field=field)
    return cleaned
