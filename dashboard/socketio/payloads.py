"""Arguments of the events that the server sends, made from messages of ``/ws``. Times are ISO 8601 as ``Date`` makes them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from msgspec import Raw, Struct

from dashboard.domain.identity import GUEST_MARK
from dashboard.messages.auth import Authenticated
from dashboard.messages.notifications import NotificationList, NotificationNotice, NotificationState
from dashboard.messages.presence import Person
from dashboard.messages.rooms import HistoryPage, Joined, MessageState, RoomState, TypingNotice

_encode = msgspec.json.Encoder().encode


def iso(t_ms: int) -> str:
    """Return a time as ``JSON.stringify(new Date(t_ms))`` writes it, without the quotes."""
    at = datetime.fromtimestamp(t_ms // 1000, UTC).replace(tzinfo=None)
    return f"{at.isoformat()}.{t_ms % 1000:03d}Z"


def shown_name(name: str) -> tuple[str, bool]:
    """Return the name that a user chose, and whether it is a guest's."""
    return (name.removesuffix(GUEST_MARK), True) if name.endswith(GUEST_MARK) else (name, False)


class Chat(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Message of a room, as the argument of an event."""

    id: str
    sender_id: str
    sender_name: str
    text: str
    room_id: str
    timestamp: str
    status: str
    position: str
    html: str
    key: str | None = None
    at: str | None = None
    edited: str | None = None
    deleted: bool = False
    mentions: tuple[str, ...] = ()
    guest: bool = False


def chat_of(message: MessageState) -> Chat:
    """Return a message as Socket.IO clients get it."""
    name, is_guest = shown_name(message.name)
    return Chat(
        id=message.message_id,
        sender_id=message.user_id,
        sender_name=name,
        text=message.text,
        room_id=message.room_id,
        timestamp=iso(message.t),
        status="delivered",
        position=message.position,
        html=message.html,
        key=message.key,
        at=None if message.at is None else iso(message.at),
        edited=None if message.edited is None else iso(message.edited),
        deleted=message.deleted,
        mentions=message.mentions,
        guest=is_guest,
    )


class UserAt(Struct, frozen=True, rename="camel", omit_defaults=True):
    """User in a notice, as the argument of an event; ``room_id``: the room that the user entered or left, ``status``:
    the new status."""

    user_id: str
    username: str
    timestamp: str
    room_id: str | None = None
    status: str | None = None
    guest: bool = False


def user_at(person: Person, timestamp: str, room_id: str | None = None) -> UserAt:
    """Return the argument of a notice about a user. ``timestamp``: ISO 8601; ``room_id``: see ``UserAt``."""
    name, is_guest = shown_name(person.name)
    return UserAt(person.id, name, timestamp, room_id, person.status, is_guest)


class Indicator(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Typing notice, as the argument of an event: a user has started or stopped typing."""

    user_id: str
    username: str
    is_typing: bool
    room_id: str
    guest: bool = False


def indicator_of(notice: TypingNotice) -> Indicator:
    """Return a typing notice as Socket.IO clients get it."""
    name, is_guest = shown_name(notice.name)
    return Indicator(notice.user_id, name, notice.is_typing, notice.room_id, is_guest)


class Receipt(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Receipt for a message, sent to its author: whether the message is stored or was read by another user."""

    message_id: str
    status: str
    room_id: str
    position: str = ""
    key: str | None = None
    user_id: str | None = None


class Posted(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Answer to the sender of a message: the message is stored."""

    id: str
    message_id: str
    room_id: str
    position: str
    status: str
    key: str | None = None


class Failure(Struct, frozen=True):
    """Error code and message of a refused request."""

    code: str
    message: str


class RequestFailure(Struct, frozen=True):
    """Answer to a refused request whose client gave a callback."""

    success: bool
    code: str
    message: str


class ConnectRefusal(Struct, frozen=True):
    """Refused connection to a namespace; the error that the client gets contains ``data``."""

    message: str
    data: Failure | None = None


class Who(Struct, frozen=True, omit_defaults=True):
    """The connection's user, as a part of the answer to ``auth``."""

    id: str
    username: str
    name: str
    status: str
    role: str
    guest: bool = False


class Entered(Struct, frozen=True):
    """Answer to ``auth``: the user, the user's rooms and the server's limits. ``expires``: when the token ends."""

    user: Who
    grants: dict[str, str]
    limits: dict[str, float]
    rooms: list[RoomState]
    unread: int
    timestamp: str
    expires: str | None


def entered_of(message: Authenticated) -> Entered:
    """Return the answer to ``auth`` as Socket.IO clients get it."""
    user = message.user
    name, is_guest = shown_name(user.name)
    return Entered(
        Who(user.id, name, user.name, user.status, message.role, is_guest),
        message.grants,
        message.limits,
        message.rooms,
        message.unread,
        iso(message.now),
        None if message.expires is None else iso(message.expires),
    )


class Member(Struct, frozen=True, rename="camel", omit_defaults=True):
    """User in the lists of an answer."""

    user_id: str
    username: str
    status: str
    guest: bool = False


def member_of(person: Person) -> Member:
    """Return a user as an item of an answer's list."""
    name, is_guest = shown_name(person.name)
    return Member(person.id, name, person.status, is_guest)


def encode_member(person: Person) -> bytes:
    """Return the JSON of a user in a list."""
    return _encode(member_of(person))


def encode_chat(message: MessageState) -> bytes:
    """Return the JSON of a message."""
    return _encode(chat_of(message))


class RoomEntered(Struct, frozen=True, rename="camel"):
    """Answer to ``room:join``: the room's members and messages."""

    room_id: str
    title: str
    members: Raw
    messages: Raw
    position: str
    recovered: bool
    unread: int
    last_read: str


def room_entered(message: Joined) -> RoomEntered:
    """Return the answer to ``room:join`` as Socket.IO clients get it."""
    return RoomEntered(
        message.room_id,
        message.title,
        message.members.json(encode_member),
        message.messages.json(encode_chat),
        message.position,
        message.recovered,
        message.unread,
        message.last_read,
    )


class Past(Struct, frozen=True, rename="camel"):
    """Answer to ``history``: messages, oldest first."""

    room_id: str
    messages: list[Chat]
    more: bool


def past_of(page: HistoryPage) -> Past:
    """Return a page of messages as Socket.IO clients get it."""
    return Past(page.room_id, [chat_of(each) for each in page.messages], page.more)


class Notice(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Notification of the client's user."""

    id: str
    notification_id: str
    title: str
    body: str
    data: Raw
    timestamp: str
    unread: int | None = None
    read: bool | None = None


def notice_of(message: NotificationNotice) -> Notice:
    """Return a new or changed notification as Socket.IO clients get it."""
    its = message.notification_id
    return Notice(its, its, message.title, message.body, message.data, iso(message.t), message.unread)


class Notices(Struct, frozen=True):
    """Answer to ``notifications``: the user's notifications, newest first."""

    notifications: list[Notice]
    unread: int
    more: bool


def notices_of(found: NotificationList) -> Notices:
    """Return a list of notifications as Socket.IO clients get it."""

    def one(each: NotificationState) -> Notice:
        its = each.notification_id
        return Notice(its, its, each.title, each.body, each.data, iso(each.t), read=each.read)

    return Notices([one(each) for each in found.notifications], found.unread, found.more)
