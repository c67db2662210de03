"""What the server says on ``/ws`` about people, see ``people.py`` and docs/protocol.md."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Raw, Struct

from dashboard.domain.presence import Status
from dashboard.domain.room import Message


class Person(Struct, frozen=True, rename="camel"):
    """Somebody, and how they are shown."""

    id: str
    name: str
    status: Status = "online"


class Screen(Struct, frozen=True):
    """One page that somebody has open; no board: another page."""

    board: str
    kind: Literal["person", "display"] = "person"


class PersonDetail(Struct, frozen=True, rename="camel"):
    """A row of the directory."""

    id: str
    name: str
    status: Status
    since: int
    tabs: int
    screens: list[Screen]
    rooms: list[str]


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


class Authenticated(Struct, tag="authenticated", frozen=True, rename="camel"):
    """The proof holds, until ``expires`` (ms; null: it does not end)."""

    user: Person
    role: str
    roles: list[str]
    grants: dict[str, str]
    limits: dict[str, float]
    now: int
    expires: int | None
    rooms: list[RoomState]
    unread: int


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


class UserOnline(Struct, tag="user_online", frozen=True):
    """Somebody has come."""

    user: Person


class UserOffline(Struct, tag="user_offline", frozen=True):
    """Somebody has gone."""

    user: Person


class UserUpdate(Struct, tag="user_update", frozen=True):
    """Somebody is shown otherwise now."""

    user: Person


class UsersChanged(Struct, tag="users_changed", frozen=True, omit_defaults=True):
    """Many have come, gone, or are shown otherwise now."""

    online: list[Person] = []
    offline: list[Person] = []
    updated: list[Person] = []


class MembersChanged(Struct, tag="members_changed", frozen=True, rename="camel", omit_defaults=True):
    """Many are in the room now, or not any more."""

    room_id: str
    joined: list[Person] = []
    left: list[Person] = []


class Reload(Struct, tag="reload", frozen=True):
    """Load the page anew: somebody told the screens of this board, or of ``*``."""

    board: str


class Watchers(Struct, tag="watchers", frozen=True):
    """Who has this board open: people (at most 100 of ``total``), and the number of screens without a person."""

    board: str
    people: list[Person]
    total: int
    screens: int


class UserList(Struct, tag="users", frozen=True):
    """The directory."""

    users: list[PersonDetail]


class RoomList(Struct, tag="rooms", frozen=True):
    """The rooms there are for one."""

    rooms: list[RoomState]


class NotificationState(Struct, frozen=True, rename="camel"):
    """A notification in a list."""

    notification_id: str
    title: str
    body: str
    data: Raw
    t: int
    read: bool


class NotificationNotice(Struct, tag="notification", frozen=True, rename="camel", omit_defaults=True):
    """You are notified. ``unread`` is left out while the store does not answer."""

    notification_id: str
    title: str
    body: str
    data: Raw
    t: int
    unread: int | None = None


class NotificationChanged(
    NotificationNotice, tag="notification_changed", frozen=True, rename="camel", omit_defaults=True
):
    """What it quotes was edited or taken back: this is what it says now."""


class NotificationList(Struct, tag="notifications", frozen=True):
    """Notifications, newest first."""

    notifications: list[NotificationState]
    unread: int
    more: bool


class Unread(Struct, tag="notifications_read", frozen=True):
    """The answer to ``notification_read``, to all pages of the user."""

    unread: int


PersonalReply = (
    MessageNotice
    | MessageChanged
    | Authenticated
    | Joined
    | Left
    | RoomOpened
    | UserJoined
    | UserLeft
    | Ack
    | ReadMark
    | HistoryPage
    | TypingNotice
    | UserOnline
    | UserOffline
    | UserUpdate
    | UsersChanged
    | MembersChanged
    | Watchers
    | Reload
    | UserList
    | RoomList
    | NotificationNotice
    | NotificationChanged
    | NotificationList
    | Unread
)

_encoder = msgspec.json.Encoder()


def encode_personal(message: PersonalReply) -> bytes:
    """The message's JSON text, without an id."""
    return _encoder.encode(message)


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
