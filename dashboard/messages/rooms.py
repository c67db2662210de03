"""Rooms and messages on ``/ws``: requests, replies and notices. See docs/protocol.md."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dashboard.domain.room import Message
from dashboard.messages.fields import Key, MessageId, Name, PersonalRequest, Text
from dashboard.messages.listing import ReplyList
from dashboard.messages.presence import Person

# --- requests -----------------------------------------------------------------------------------------------------------


class JoinRoom(PersonalRequest, frozen=True, kw_only=True):
    """Request to join a room; ``since`` (a position) asks for the changes after it."""

    room_id: Name
    since: Annotated[str, Meta(max_length=40)] | None = None


class Recover(PersonalRequest, frozen=True, kw_only=True):
    """Request to join rooms again and get all missed messages; not sent on ``/ws``. ``rooms``: last positions by room."""

    rooms: dict[str, str]


class LeaveRoom(PersonalRequest, frozen=True, kw_only=True):
    """Request to leave a room."""

    room_id: Name


class Rooms(PersonalRequest, frozen=True, kw_only=True):
    """Request for the rooms that the caller may join."""


class Post(PersonalRequest, frozen=True, kw_only=True):
    """Request to post a message. ``key``: chosen by the client; a repeated key posts no second message.

    ``at``: the moment on the charts that the message is about, in ms.
    """

    room_id: Name
    text: Text
    key: Key | None = None
    at: Annotated[int, Meta(ge=0, le=253_402_300_799_999)] | None = None


class Direct(PersonalRequest, frozen=True, kw_only=True):
    """Request to post a message to one user."""

    user_id: Name
    text: Text
    key: Key | None = None


class Edit(PersonalRequest, frozen=True, kw_only=True):
    """Request to edit the caller's message."""

    room_id: Name
    message_id: MessageId
    text: Text


class Delete(PersonalRequest, frozen=True, kw_only=True):
    """Request to delete the caller's message."""

    room_id: Name
    message_id: MessageId


class Read(PersonalRequest, frozen=True, kw_only=True):
    """Request to mark a room as read up to a message."""

    room_id: Name
    message_id: MessageId


class History(PersonalRequest, frozen=True, kw_only=True):
    """Request for the messages before ``before`` (None: the newest messages)."""

    room_id: Name
    before: MessageId | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class Typing(PersonalRequest, frozen=True, kw_only=True):
    """Request to tell the room that the caller has started or stopped typing."""

    room_id: Name
    is_typing: bool


# --- replies and notices -------------------------------------------------------------------------------------------------


class RoomState(Struct, frozen=True, rename="camel"):
    """Room in a user's list."""

    room_id: str
    title: str
    kind: str
    unread: int
    position: str


class MessageState(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Message in a list."""

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
    """New message in a room."""


class MessageChanged(MessageState, frozen=True, tag="message_changed", rename="camel", omit_defaults=True):
    """Message that was edited or deleted, with its present state."""


class Joined(Struct, tag="joined", frozen=True, rename="camel"):
    """Reply to ``join_room``. ``recovered``: True if ``messages`` are all changes after ``since``; otherwise the newest messages."""

    room_id: str
    title: str
    members: ReplyList[Person]
    messages: ReplyList[MessageState]
    position: str
    recovered: bool
    unread: int
    last_read: str


class Recovered(Struct, tag="recovered", frozen=True):
    """Reply to ``Recover``. ``whole``: True if the connection is in all rooms, and ``messages`` are all changes that it missed.

    ``positions``: the requested positions, by room; the messages come after them.
    """

    whole: bool
    messages: list[MessageState]
    positions: dict[str, str]


class Left(Struct, tag="left", frozen=True, rename="camel"):
    """Reply to ``leave_room``."""

    room_id: str


class RoomOpened(Struct, tag="room_opened", frozen=True, rename="camel"):
    """Notice of a new or renamed room that the user may join."""

    room_id: str
    title: str
    kind: str


class UserJoined(Struct, tag="user_joined", frozen=True, rename="camel"):
    """Notice that a user has joined the room."""

    room_id: str
    user: Person


class UserLeft(Struct, tag="user_left", frozen=True, rename="camel"):
    """Notice that a user has left the room."""

    room_id: str
    user: Person


class MembersChanged(Struct, tag="members_changed", frozen=True, rename="camel", omit_defaults=True):
    """Notice that many users have joined or left the room."""

    room_id: str
    joined: list[Person] = []
    left: list[Person] = []


class RoomList(Struct, tag="rooms", frozen=True):
    """Reply to ``rooms``: the rooms that the user may join."""

    rooms: list[RoomState]


class Ack(Struct, tag="ack", frozen=True, rename="camel", omit_defaults=True):
    """Acknowledgement of a message. ``status``: ``delivered`` (stored), ``read`` (another user has read it) or ``changed``.

    ``changed`` means that the message was edited or deleted.
    """

    message_id: str
    room_id: str
    status: Literal["delivered", "read", "changed"]
    position: str = ""
    key: str | None = None
    user_id: str | None = None


class ReadMark(Struct, tag="read", frozen=True, rename="camel"):
    """Reply to ``read``, sent to all pages of the user."""

    room_id: str
    message_id: str
    unread: int


class HistoryPage(Struct, tag="history", frozen=True, rename="camel"):
    """Reply to ``history``: messages, oldest first. ``more``: True if there are older messages."""

    room_id: str
    messages: list[MessageState]
    more: bool


class TypingNotice(Struct, tag="typing", frozen=True, rename="camel"):
    """Notice that a user has started or stopped typing."""

    room_id: str
    user_id: str
    name: str
    is_typing: bool


# --- ids and positions -----------------------------------------------------------------------------------------------


def message_id(room: str, seq: int) -> str:
    """Return the id on the wire of the message ``seq`` in a room."""
    return f"{room}.{seq}"


def seq_of(room: str, text: str) -> int | None:
    """Return the number in a message's id; None if the text is not the id of a message in this room."""
    head, _, number = text.rpartition(".")
    if head != room or not number.isascii() or not number.isdecimal() or len(number) > 15:
        return None
    return int(number)


def state_fields(message: Message) -> dict[str, object]:
    """Return the fields that ``MessageState`` and the notices share; a deleted message has no text and no mentions."""
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
    """Convert a message to the form that replies with several messages contain."""
    return MessageState(**state_fields(message))  # type: ignore[arg-type]  # the fields are the struct's own


def notice_of(message: Message) -> MessageNotice | MessageChanged:
    """Return the notice about a message's latest change: ``MessageNotice`` for a new message, else ``MessageChanged``."""
    kind = MessageNotice if message.changed_seq == message.seq else MessageChanged
    return kind(**state_fields(message))  # type: ignore[arg-type]  # the fields are the struct's own
