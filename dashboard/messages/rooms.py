"""Rooms and messages on ``/ws``: requests, replies and notices. See docs/protocol.md."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dashboard.domain.room import Message
from dashboard.messages.fields import Key, MessageId, Name, PersonalRequest, Text
from dashboard.messages.presence import Person

# --- requests -----------------------------------------------------------------------------------------------------------


class JoinRoom(PersonalRequest, frozen=True, kw_only=True):
    """Let me hear this room; with ``since`` (a position), what I have missed."""

    room_id: Name
    since: Annotated[str, Meta(max_length=40)] | None = None


class LeaveRoom(PersonalRequest, frozen=True, kw_only=True):
    """Let me not hear it any more."""

    room_id: Name


class Rooms(PersonalRequest, frozen=True, kw_only=True):
    """Which rooms are there for me?"""


class Post(PersonalRequest, frozen=True, kw_only=True):
    """Say this. ``key`` is the client's own: the same again is the same message. ``at``: the moment it is about, ms."""

    room_id: Name
    text: Text
    key: Key | None = None
    at: Annotated[int, Meta(ge=0, le=253_402_300_799_999)] | None = None


class Direct(PersonalRequest, frozen=True, kw_only=True):
    """Say this to one user."""

    user_id: Name
    text: Text
    key: Key | None = None


class Edit(PersonalRequest, frozen=True, kw_only=True):
    """My message says this now."""

    room_id: Name
    message_id: MessageId
    text: Text


class Delete(PersonalRequest, frozen=True, kw_only=True):
    """My message is taken back."""

    room_id: Name
    message_id: MessageId


class Read(PersonalRequest, frozen=True, kw_only=True):
    """I have read up to this message."""

    room_id: Name
    message_id: MessageId


class History(PersonalRequest, frozen=True, kw_only=True):
    """The messages before this one (the newest without)."""

    room_id: Name
    before: MessageId | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class Typing(PersonalRequest, frozen=True, kw_only=True):
    """I am writing, or not any more."""

    room_id: Name
    is_typing: bool


# --- replies and notices -------------------------------------------------------------------------------------------------


class RoomState(Struct, frozen=True, rename="camel"):
    """A room as one user sees it in a list."""

    room_id: str
    title: str
    kind: str
    unread: int
    position: str


class MessageState(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A message in a list."""

    message_id: str
    room_id: str
    user_id: str
    name: str
    text: str
    html: str
    t: int
    position: str
    key: str | None = None
    at: int | None = None
    edited: int | None = None
    deleted: bool = False
    mentions: tuple[str, ...] = ()


class MessageNotice(MessageState, frozen=True, tag="message", rename="camel", omit_defaults=True):
    """Somebody said something."""


class MessageChanged(MessageState, frozen=True, tag="message_changed", rename="camel", omit_defaults=True):
    """A message was edited or taken back: this is what it is now."""


class Joined(Struct, tag="joined", frozen=True, rename="camel"):
    """The answer to ``join_room``. ``recovered``: ``messages`` are all changes since ``since``; else the newest ones."""

    room_id: str
    title: str
    members: list[Person]
    messages: list[MessageState]
    position: str
    recovered: bool
    unread: int
    last_read: str


class Left(Struct, tag="left", frozen=True, rename="camel"):
    """The answer to ``leave_room``."""

    room_id: str


class RoomOpened(Struct, tag="room_opened", frozen=True, rename="camel"):
    """There is a room that one may join, or it is called so now."""

    room_id: str
    title: str
    kind: str


class UserJoined(Struct, tag="user_joined", frozen=True, rename="camel"):
    """Somebody is in the room now."""

    room_id: str
    user: Person


class UserLeft(Struct, tag="user_left", frozen=True, rename="camel"):
    """Somebody is not in the room any more."""

    room_id: str
    user: Person


class MembersChanged(Struct, tag="members_changed", frozen=True, rename="camel", omit_defaults=True):
    """Many are in the room now, or not any more."""

    room_id: str
    joined: list[Person] = []
    left: list[Person] = []


class RoomList(Struct, tag="rooms", frozen=True):
    """The rooms there are for one."""

    rooms: list[RoomState]


class Ack(Struct, tag="ack", frozen=True, rename="camel", omit_defaults=True):
    """``delivered``: stored, in the room's order; ``read``: others have read up to it; ``changed``: edited or deleted."""

    message_id: str
    room_id: str
    status: Literal["delivered", "read", "changed"]
    position: str = ""
    key: str | None = None
    user_id: str | None = None


class ReadMark(Struct, tag="read", frozen=True, rename="camel"):
    """The answer to ``read``, to all pages of the user."""

    room_id: str
    message_id: str
    unread: int


class HistoryPage(Struct, tag="history", frozen=True, rename="camel"):
    """Older messages, oldest first. ``more``: there are still older ones."""

    room_id: str
    messages: list[MessageState]
    more: bool


class TypingNotice(Struct, tag="typing", frozen=True, rename="camel"):
    """Somebody is writing, or not any more."""

    room_id: str
    user_id: str
    name: str
    is_typing: bool


# --- ids and positions -----------------------------------------------------------------------------------------------


def message_id(room: str, seq: int) -> str:
    """A message's id on the wire."""
    return f"{room}.{seq}"


def seq_of(room: str, text: str) -> int | None:
    """The number in a message's id; None: it is not one of this room."""
    head, _, number = text.rpartition(".")
    if head != room or not number.isascii() or not number.isdecimal() or len(number) > 15:
        return None
    return int(number)


def state_fields(message: Message) -> dict[str, object]:
    """What ``MessageState`` and its notices say of a message."""
    gone = message.deleted
    return {
        "message_id": message_id(message.room, message.seq),
        "room_id": message.room,
        "user_id": message.author,
        "name": message.name,
        "text": "" if gone else message.text,
        "html": "" if gone else message.html,
        "t": message.t_ms,
        "position": str(message.changed_seq),
        "key": message.key or None,
        "at": message.at_ms,
        "edited": message.edited_ms,
        "deleted": gone,
        "mentions": () if gone else message.mentions,
    }


def state_of(message: Message) -> MessageState:
    """A message in a list."""
    return MessageState(**state_fields(message))  # type: ignore[arg-type]  # the fields are the struct's own


def notice_of(message: Message) -> MessageNotice | MessageChanged:
    """A change as it is told to those in the room."""
    kind = MessageNotice if message.changed_seq == message.seq else MessageChanged
    return kind(**state_fields(message))  # type: ignore[arg-type]
