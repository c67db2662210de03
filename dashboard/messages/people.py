"""What clients say on ``/ws`` about people: who one is, rooms, messages, typing, presence, notifications. See docs/protocol.md.

The names of fields are the ones that browsers' chat clients use (``roomId``, ``isTyping``).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from dashboard.domain.presence import Status

RequestId = Annotated[int, Meta(ge=-(2**53), le=2**53)] | Annotated[str, Meta(max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Key = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=20_000)]
MessageId = Annotated[str, Meta(min_length=1, max_length=140)]


class _Request(Struct, frozen=True, rename="camel", kw_only=True):
    id: RequestId | None = None


# --- from the client -------------------------------------------------------------------------------------------------


class Auth(_Request, frozen=True, kw_only=True):
    """I am this user, and here is the proof."""

    user_id: Name
    token: Annotated[str, Meta(max_length=8_000)]


class JoinRoom(_Request, frozen=True, kw_only=True):
    """Let me hear this room; with ``since`` (a position), what I have missed."""

    room_id: Name
    since: Annotated[str, Meta(max_length=40)] | None = None


class LeaveRoom(_Request, frozen=True, kw_only=True):
    """Let me not hear it any more."""

    room_id: Name


class Post(_Request, frozen=True, kw_only=True):
    """Say this. ``key`` is the client's own: the same again is the same message. ``at``: the moment it is about, ms."""

    room_id: Name
    text: Text
    key: Key | None = None
    at: Annotated[int, Meta(ge=0, le=253_402_300_799_999)] | None = None


class Direct(_Request, frozen=True, kw_only=True):
    """Say this to one user."""

    user_id: Name
    text: Text
    key: Key | None = None


class Edit(_Request, frozen=True, kw_only=True):
    """My message says this now."""

    room_id: Name
    message_id: MessageId
    text: Text


class Delete(_Request, frozen=True, kw_only=True):
    """My message is taken back."""

    room_id: Name
    message_id: MessageId


class Read(_Request, frozen=True, kw_only=True):
    """I have read up to this message."""

    room_id: Name
    message_id: MessageId


class History(_Request, frozen=True, kw_only=True):
    """The messages before this one (the newest without)."""

    room_id: Name
    before: MessageId | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class Typing(_Request, frozen=True, kw_only=True):
    """I am writing, or not any more."""

    room_id: Name
    is_typing: bool


class Presence(_Request, frozen=True, kw_only=True):
    """How I am to be shown."""

    status: Status


class Users(_Request, frozen=True, kw_only=True):
    """Who is connected?"""


class Rooms(_Request, frozen=True, kw_only=True):
    """Which rooms are there for me?"""


class Notifications(_Request, frozen=True, kw_only=True):
    """My notifications before this one (the newest without)."""

    before: MessageId | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class NotificationRead(_Request, frozen=True, kw_only=True):
    """I have read my notifications up to this one (all without)."""

    notification_id: MessageId | None = None


PersonalRequest = (
    Auth
    | JoinRoom
    | LeaveRoom
    | Post
    | Direct
    | Edit
    | Delete
    | Read
    | History
    | Typing
    | Presence
    | Users
    | Rooms
    | Notifications
    | NotificationRead
)

REQUESTS: dict[str, type[PersonalRequest]] = {
    "auth": Auth,
    "join_room": JoinRoom,
    "leave_room": LeaveRoom,
    "message": Post,
    "direct": Direct,
    "edit": Edit,
    "delete": Delete,
    "read": Read,
    "history": History,
    "typing": Typing,
    "presence": Presence,
    "users": Users,
    "rooms": Rooms,
    "notifications": Notifications,
    "notification_read": NotificationRead,
}
