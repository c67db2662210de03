"""Translation of the server's messages: the JSON of ``/ws`` in, packets of Socket.IO out.

A message that many clients get is translated once (``dialect.py``). Snapshots and frames are not decoded: their JSON becomes the
argument unchanged. An answer carries a ``RequestOrigin`` as its id, so nothing has to be remembered between a request and its
answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec
from msgspec import Struct

from dashboard.messages.auth import Authenticated
from dashboard.messages.notifications import NotificationChanged, NotificationList, NotificationNotice, Unread
from dashboard.messages.people import PersonalReply
from dashboard.messages.presence import (
    UserList,
    UserOffline,
    UserOnline,
    UsersChanged,
    UserUpdate,
)
from dashboard.messages.rooms import (
    Ack,
    HistoryPage,
    Joined,
    Left,
    MembersChanged,
    MessageChanged,
    MessageNotice,
    MessageState,
    ReadMark,
    Recovered,
    RoomList,
    RoomOpened,
    TypingNotice,
    UserJoined,
    UserLeft,
)
from dashboard.messages.views import Degraded, Drain, Error, Pong, Unwatched
from dashboard.socketio.packets import (
    MAIN,
    encode_ack,
    encode_connect_error,
    encode_connected,
    encode_event,
)
from dashboard.socketio.payloads import (
    ConnectRefusal,
    Failure,
    Posted,
    Receipt,
    RequestFailure,
    chat_of,
    entered_of,
    indicator_of,
    iso,
    notice_of,
    notices_of,
    past_of,
    room_entered,
    user_at,
)
from dashboard.socketio.positions import Positions

LIVE = "/live"
CONNECT = "connect"
#: A CONNECT that is answered when the rooms are joined again.
RECOVER = "recover"
#: Errors after which the client should reconnect by itself; a refused CONNECT would make it stop.
_RETRYABLE = frozenset({"unavailable", "overloaded"})
_VIEWS = frozenset({b"snapshot", b"frame", b"gap"})
_HEAD = re.compile(rb'\{(?:"id":"([^"\\]*)",)?("type":"([a-z_]+)")')
_VIEW = re.compile(rb'"view":"([^"\\]*)"')


class RequestOrigin(NamedTuple):
    """Origin of a request, encoded in the request's id. ``ack``: the number of the callback, or the sid for ``connect``."""

    ack: str
    namespace: str
    event: str

    @property
    def id(self) -> str:
        """The id of the request inside the server."""
        return f"{self.ack}|{self.namespace}|{self.event}"


_messages = msgspec.json.Decoder(PersonalReply | Error | Pong | Unwatched | Degraded | Drain)
_encode = msgspec.json.Encoder().encode


def translate(body: bytes, namespaces: frozenset[str], now_ms: int, positions: Positions | None = None) -> list[bytes]:
    """Return the packets for a message of ``/ws``; none if the client's namespaces do not get it.

    ``positions``: the last positions of clients that can recover; the messages to these clients carry an offset, from which they
    can recover.
    """
    found = _HEAD.match(body)
    if found is None:
        return []
    origin = RequestOrigin(*found[1].decode().split("|", 2)) if found[1] is not None else None
    if found[3] in _VIEWS:
        plain = body if origin is None else b"{" + body[found.start(2) :]
        return _view(found[3].decode(), plain, origin) if LIVE in namespaces else []
    if found[3] == b"done":
        return _acked(origin, b"{}") if origin is not None else []
    message = _messages.decode(body)
    if origin is not None:
        return _answer(message, origin, now_ms)
    if isinstance(message, MessageNotice | MessageChanged):
        return [_chat(message, positions)] if MAIN in namespaces else []
    if isinstance(message, Degraded):
        return [encode_event(LIVE, "degraded", _encode(message))] if LIVE in namespaces else []
    if isinstance(message, Error):
        where = MAIN if MAIN in namespaces else LIVE
        return [encode_event(where, "error", _encode(Failure(message.code, message.message)))]
    return (
        [encode_event(MAIN, name, _encode(each)) for name, each in _notice(message, now_ms)]
        if MAIN in namespaces
        else []
    )


def answer(message: PersonalReply, request_id: str, now_ms: int, positions: Positions | None) -> list[bytes]:
    """Return the packets of an answer to a user's request, which ``request_id`` names."""
    origin = RequestOrigin(*request_id.split("|", 2))
    if isinstance(message, Joined) and positions is not None:
        positions.advance(message.room_id, message.position)
    if isinstance(message, Recovered):
        return _recovered(message, origin, positions)
    return _answer(message, origin, now_ms)


def _chat(message: MessageState, positions: Positions | None) -> bytes:
    name = "chat:message" if message.position == message.message_id.rpartition(".")[2] else "chat:message:changed"
    offset = positions.advance(message.room_id, message.position) if positions is not None else ""
    return encode_event(MAIN, name, _encode(chat_of(message)), offset)


def _recovered(message: Recovered, origin: RequestOrigin, positions: Positions | None) -> list[bytes]:
    """Return the answer to a CONNECT that asks for recovery: all missed messages, or an answer that makes the client
    begin without its earlier state."""
    sid, _, pid = origin.ack.partition(" ")
    packets = [connected(origin.namespace, sid, pid if message.whole else sid)]
    if positions is None:
        return [*packets, *(_chat(each, None) for each in message.messages)]
    here = positions.of_one_client(message.positions)
    packets += [_chat(each, here) for each in message.messages]
    positions.take_over(here)
    return packets


def _view(name: str, plain: bytes, origin: RequestOrigin | None) -> list[bytes]:
    event = encode_event(LIVE, name, plain)
    if origin is None or name == "gap":  # the snapshot that follows a gap is the answer
        return [event]
    view = _VIEW.search(plain)
    return [*_acked(origin, b'{"view":"' + (view[1] if view else b"") + b'"}'), event]


def _acked(origin: RequestOrigin, body: bytes) -> list[bytes]:
    """Return the acknowledgement with ``success`` and the fields of ``body``, or nothing if the client gave no callback."""
    if not origin.ack:
        return []
    fields = b"," + body[1:] if len(body) > 2 else b"}"
    return [encode_ack(origin.namespace, origin.ack, b'{"success":true' + fields)]


def _answer(message: object, origin: RequestOrigin, now_ms: int) -> list[bytes]:
    if isinstance(message, Error):
        return _refused(message, origin)
    if isinstance(message, Authenticated):
        return _authenticated(message, origin)
    if isinstance(message, Ack):
        return _posted(message, origin)
    fields = _fields(message, now_ms)
    if origin.ack or not isinstance(message, HistoryPage | NotificationList | UserList | RoomList):
        return _acked(origin, fields)
    return [encode_event(origin.namespace, origin.event, fields)]  # the client gave no callback


def _fields(message: object, now_ms: int) -> bytes:
    """Return the JSON of the fields of the answer ``message``."""
    if isinstance(message, Joined):
        return _encode(room_entered(message))
    if isinstance(message, HistoryPage):
        return _encode(past_of(message))
    if isinstance(message, NotificationList):
        return _encode(notices_of(message))
    if isinstance(message, Pong):
        return _encode({"timestamp": iso(now_ms)})
    body = _encode(message)
    found = _HEAD.match(body)
    return b"{" + body[found.end() :].removeprefix(b",") if found else body


def _refused(error: Error, origin: RequestOrigin) -> list[bytes]:
    fault = Failure(error.code, error.message)
    if origin.event in (CONNECT, RECOVER):
        if error.code in _RETRYABLE:
            return []
        return [encode_connect_error(origin.namespace, _encode(ConnectRefusal(error.message, fault)))]
    if origin.ack:
        refusal = RequestFailure(False, error.code, error.message)
        return [encode_ack(origin.namespace, origin.ack, _encode(refusal))]
    return [encode_event(origin.namespace, "error", _encode(fault))]


def _authenticated(message: Authenticated, origin: RequestOrigin) -> list[bytes]:
    """Return the packets of the answer to ``auth``, and of a notice that the user is online: the presence notice goes
    only to other users."""
    entered = _encode(entered_of(message))
    event = encode_event(MAIN, "authenticated", b'{"success":true,' + entered[1:])
    news = encode_event(MAIN, "user:online", _encode(user_at(message.user, iso(message.now))))
    if origin.event not in (CONNECT, RECOVER):
        return [*(_acked(origin, entered) or [event]), news]
    if origin.event == RECOVER:
        return [event, news]
    sid, _, pid = origin.ack.partition(" ")
    answer = connected(origin.namespace, sid, pid)
    return [answer, event, news] if origin.namespace == MAIN else [answer]


def connected(namespace: str, sid: str, pid: str = "") -> bytes:
    """Return the answer to ``CONNECT``: the client is connected to a namespace under the id ``sid``.

    ``pid``: private id of a client that can recover; if it is the same as before, the client knows that it has
    recovered.
    """
    return encode_connected(namespace, _encode({"sid": sid, "pid": pid} if pid else {"sid": sid}))


def _posted(ack: Ack, origin: RequestOrigin) -> list[bytes]:
    posted = Posted(ack.message_id, ack.message_id, ack.room_id, ack.position, ack.status, ack.key)
    packets = _acked(origin, _encode(posted))
    if ack.status == "delivered":
        packets.append(encode_event(MAIN, "chat:message:ack", _encode(_receipt(ack))))
    return packets


def _receipt(ack: Ack) -> Receipt:
    return Receipt(ack.message_id, ack.status, ack.room_id, ack.position, ack.key, ack.user_id)


def _notice(message: object, now_ms: int) -> list[tuple[str, Struct | dict[str, object]]]:
    """Return the Socket.IO events for a notice, each with its argument."""
    if isinstance(message, Ack):
        return [("chat:message:ack", _receipt(message))]
    if isinstance(message, TypingNotice):
        return [("typing:indicator", indicator_of(message))]
    if isinstance(message, NotificationChanged):
        return [("notification:changed", notice_of(message))]
    if isinstance(message, NotificationNotice):
        return [("notification", notice_of(message))]
    if isinstance(message, ReadMark):
        mark = {"roomId": message.room_id, "messageId": message.message_id, "unread": message.unread}
        return [("message:read", mark)]
    if isinstance(message, Unread):
        return [("notifications:read", {"unread": message.unread})]
    if isinstance(message, Left):
        return [("room:left", {"roomId": message.room_id})]
    if isinstance(message, RoomOpened):
        return [("room:opened", {"roomId": message.room_id, "title": message.title, "kind": message.kind})]
    return _presence(message, iso(now_ms))


def _presence(message: object, now: str) -> list[tuple[str, Struct | dict[str, object]]]:
    if isinstance(message, UserOnline):
        return [("user:online", user_at(message.user, now))]
    if isinstance(message, UserOffline):
        return [("user:offline", user_at(message.user, now))]
    if isinstance(message, UserUpdate):
        return [("user:update", user_at(message.user, now))]
    if isinstance(message, UserJoined):
        return [("room:user:joined", user_at(message.user, now, message.room_id))]
    if isinstance(message, UserLeft):
        return [("room:user:left", user_at(message.user, now, message.room_id))]
    if isinstance(message, UsersChanged):
        return [
            *(("user:online", user_at(each, now)) for each in message.online),
            *(("user:offline", user_at(each, now)) for each in message.offline),
            *(("user:update", user_at(each, now)) for each in message.updated),
        ]
    if isinstance(message, MembersChanged):
        return [
            *(("room:user:joined", user_at(each, now, message.room_id)) for each in message.joined),
            *(("room:user:left", user_at(each, now, message.room_id)) for each in message.left),
        ]
    return []
