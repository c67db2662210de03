"""Conversion of Socket.IO events to the server's requests: the names of the events, and the types of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import Invalid
from dashboard.messages.auth import Auth
from dashboard.messages.fields import Key, Name, PersonalRequest, Text
from dashboard.messages.notifications import NotificationRead, Notifications
from dashboard.messages.presence import Presence, Users
from dashboard.messages.rooms import Delete, Direct, Edit, History, JoinRoom, LeaveRoom, Post, Read, Rooms, Typing
from dashboard.messages.views import Ping, Request, Unwatch, Watch
from dashboard.socketio.events import LIVE
from dashboard.socketio.packets import MAIN, Packet

#: What the user's client class sends back to the server when it tells its own listeners.
PASSED_OVER = frozenset({"authenticated", "error"})
_T = TypeVar("_T")


class AuthData(Struct, frozen=True):
    """Argument of ``auth``."""

    id: Name
    username: Annotated[str, Meta(max_length=200)] | None = None
    token: Annotated[str, Meta(max_length=8_000)] | None = None


class RoomData(Struct, frozen=True, rename="camel"):
    """Argument of the events that name a room."""

    room_id: Name
    since: Annotated[str, Meta(max_length=40)] | None = None


class ChatData(Struct, frozen=True, rename="camel"):
    """Argument of ``chat:message``."""

    room_id: Name
    text: Text
    key: Key | None = None
    at: Annotated[int, Meta(ge=0, le=253_402_300_799_999)] | None = None


def _decode(raw: Raw, kind: type[_T], event: str) -> _T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Invalid(f"{event}: {fault_of(error).said('the argument')}") from None


def _room(raw: Raw, event: str) -> RoomData:
    """Decode a room id, or an object that contains a room id."""
    text = bytes(raw)
    if text.startswith(b'"'):
        raw = Raw(b'{"roomId":' + text + b"}")
    return _decode(raw, RoomData, event)


def _auth(raw: Raw, its: str, event: str) -> Auth:
    data = _decode(raw, AuthData, event)
    return Auth(id=its, user_id=data.id, token=data.token or "", username=data.username or "")


def _join(raw: Raw, its: str, event: str) -> JoinRoom:
    data = _room(raw, event)
    return JoinRoom(id=its, room_id=data.room_id, since=data.since)


def _leave(raw: Raw, its: str, event: str) -> LeaveRoom:
    return LeaveRoom(id=its, room_id=_room(raw, event).room_id)


def _post(raw: Raw, its: str, event: str) -> Post:
    data = _decode(raw, ChatData, event)
    return Post(id=its, room_id=data.room_id, text=data.text, key=data.key, at=data.at)


def _typing(raw: Raw, its: str, event: str) -> Typing:
    return Typing(id=its, room_id=_room(raw, event).room_id, is_typing=event == "typing:start")


def _plain(kind: type[Watch | Unwatch | Ping | PersonalRequest]) -> Callable[[Raw, str, str], Request]:
    """Return the decoder of an event whose argument has the same fields as the request on ``/ws``."""

    def decode(raw: Raw, its: str, event: str) -> Request:
        return msgspec.structs.replace(_decode(raw, kind, event), id=its)

    return decode


#: Decoders of events by namespace and name. They get the argument, the id of the request, and the name.
_EVENTS: dict[str, dict[str, Callable[[Raw, str, str], Request]]] = {
    MAIN: {
        "auth": _auth,
        "room:join": _join,
        "room:leave": _leave,
        "chat:message": _post,
        "typing:start": _typing,
        "typing:stop": _typing,
        "message:read": _plain(Read),
        "message:edit": _plain(Edit),
        "message:delete": _plain(Delete),
        "presence": _plain(Presence),
        "history": _plain(History),
        "direct": _plain(Direct),
        "rooms": _plain(Rooms),
        "users": _plain(Users),
        "notifications": _plain(Notifications),
        "notification:read": _plain(NotificationRead),
    },
    LIVE: {"watch": _plain(Watch), "unwatch": _plain(Unwatch), "ping": _plain(Ping)},
}


def is_known(packet: Packet) -> bool:
    """Return whether the event exists in its namespace."""
    return packet.event in _EVENTS.get(packet.namespace, {})


def known_events(namespace: str) -> str:
    """Return the names of a namespace's events, for an error."""
    return ", ".join(_EVENTS[namespace])


def request_of(packet: Packet, request_id: str) -> Request:
    """Return the request that a packet's known event stands for; raises Invalid naming the field. Arguments after the
    first are ignored."""
    raw = packet.arguments[0] if packet.arguments else Raw(b"{}")
    return _EVENTS[packet.namespace][packet.event](raw, request_id, packet.event)


class Handshake(Struct, frozen=True):
    """Data of ``CONNECT``: the ``auth`` option of ``io()``, and fields that the client library adds to recover its state."""

    token: Annotated[str, Meta(max_length=8_000)] | None = None
    id: Annotated[str, Meta(max_length=120)] | None = None
    username: Annotated[str, Meta(max_length=200)] | None = None
    pid: Annotated[str, Meta(max_length=200)] | None = None
    offset: Annotated[str, Meta(max_length=4_000)] | None = None


def handshake_of(payload: str) -> Handshake:
    """Parse the data of a CONNECT; raises Invalid."""
    return _decode(Raw(payload.encode()), Handshake, "auth") if payload else Handshake()
