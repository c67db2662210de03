"""Messages about people: the table of requests by their names on the wire, and the encoding of replies."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from dashboard.messages.auth import (
    Auth,
    Authenticated,
)
from dashboard.messages.boards import EditBoard, Editing, LeaveBoard, PointAt
from dashboard.messages.fields import (
    PersonalRequest,
)
from dashboard.messages.listing import ReplyList
from dashboard.messages.notifications import (
    NotificationChanged,
    NotificationList,
    NotificationNotice,
    NotificationRead,
    Notifications,
    Unread,
)
from dashboard.messages.presence import (
    Presence,
    Reload,
    UserList,
    UserOffline,
    UserOnline,
    Users,
    UsersChanged,
    UserUpdate,
    Watchers,
)
from dashboard.messages.rooms import (
    Ack,
    Delete,
    Direct,
    Edit,
    History,
    HistoryPage,
    Joined,
    JoinRoom,
    LeaveRoom,
    Left,
    MembersChanged,
    MessageChanged,
    MessageNotice,
    Post,
    Read,
    ReadMark,
    Recovered,
    RoomList,
    RoomOpened,
    Rooms,
    Typing,
    TypingNotice,
    UserJoined,
    UserLeft,
)

#: Every request by its ``type``.
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
    "edit_board": EditBoard,
    "leave_board": LeaveBoard,
    "point_at": PointAt,
}

PersonalReply = (
    MessageNotice
    | MessageChanged
    | Authenticated
    | Joined
    | Recovered
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
    | Editing
)

_encode_item = msgspec.json.Encoder().encode


def _encode_listing(value: object) -> Raw:
    """Encode a list whose items several replies contain. Raises NotImplementedError for any other value, as msgspec
    requires."""
    if isinstance(value, ReplyList):
        return value.json(_encode_item)
    raise NotImplementedError


_encoder = msgspec.json.Encoder(enc_hook=_encode_listing)


def encode_personal(message: PersonalReply) -> bytes:
    """Return the JSON text of a message, without an id."""
    return _encoder.encode(message)
