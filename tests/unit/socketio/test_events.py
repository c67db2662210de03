from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw

from dashboard.messages.auth import Authenticated
from dashboard.messages.notifications import NotificationChanged, NotificationList, NotificationNotice, Unread
from dashboard.messages.people import PersonalReply, encode_personal
from dashboard.messages.presence import Person, UserOffline, UserOnline, UsersChanged, UserUpdate, Watchers
from dashboard.messages.rooms import (
    Ack,
    HistoryPage,
    Left,
    MembersChanged,
    MessageChanged,
    MessageNotice,
    MessageState,
    ReadMark,
    Recovered,
    RoomOpened,
    TypingNotice,
    UserJoined,
    UserLeft,
)
from dashboard.messages.views import Degraded, Drain, Error, GapNotice, Pong, Unwatched, encode, with_id
from dashboard.socketio.events import CONNECT, LIVE, RequestOrigin, answer, connected, translate
from dashboard.socketio.packets import MAIN
from dashboard.socketio.positions import Positions

ANN = Person("ann", "Ann")
BOTH = frozenset({MAIN, LIVE})
NOW = "1970-01-01T00:00:00.005Z"


def told(
    message: PersonalReply | Any, *, namespaces: frozenset[str] = BOTH, origin: RequestOrigin | None = None
) -> list[str]:
    try:
        body = encode_personal(message)
    except TypeError:
        body = encode(message)
    body = with_id(body, origin.id if origin else None)
    return [packet.decode() for packet in translate(body, namespaces, 5)]


def events(message: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the names and arguments of the events."""
    found = [json.loads(packet[1:]) for packet in told(message)]
    return [(name, argument) for name, argument in found]


AT = {"userId": "ann", "username": "Ann", "timestamp": NOW, "status": "online"}
IN_ROOM = {**AT, "roomId": "ops"}


@pytest.mark.parametrize(
    ("message", "name", "fields"),
    [
        (UserOnline(ANN), "user:online", AT),
        (UserOffline(ANN), "user:offline", AT),
        (UserUpdate(ANN), "user:update", AT),
        (UserJoined("ops", ANN), "room:user:joined", IN_ROOM),
        (UserLeft("ops", ANN), "room:user:left", IN_ROOM),
        (TypingNotice("ops", "ann", "Ann", False), "typing:indicator", {"userId": "ann", "isTyping": False}),
        (MessageNotice("ops.1", "ops", "ann", "Ann", "hi", "", 7, "1"), "chat:message", {"id": "ops.1", "text": "hi"}),
        (
            MessageChanged("ops.1", "ops", "ann", "Ann", "", "", 7, "2", deleted=True),
            "chat:message:changed",
            {"deleted": True},
        ),
        (
            Ack("ops.1", "ops", "read", user_id="bob"),
            "chat:message:ack",
            {"messageId": "ops.1", "status": "read", "userId": "bob"},
        ),
        (ReadMark("ops", "ops.1", 2), "message:read", {"roomId": "ops", "messageId": "ops.1", "unread": 2}),
        (NotificationNotice("n.1", "T", "B", Raw(b"{}"), 5), "notification", {"title": "T", "timestamp": NOW}),
        (NotificationChanged("n.1", "T", "", Raw(b"{}"), 5), "notification:changed", {"body": ""}),
        (Unread(3), "notifications:read", {"unread": 3}),
        (Left("ops"), "room:left", {"roomId": "ops"}),
        (RoomOpened("ops", "Ops", "room"), "room:opened", {"title": "Ops"}),
        (Error("rate_limited", "slow down"), "error", {"code": "rate_limited", "message": "slow down"}),
    ],
)
def test_a_notice_is_an_event(message: Any, name: str, fields: dict[str, Any]) -> None:
    ((event, argument),) = events(message)
    assert event == name
    assert fields.items() <= argument.items()


def test_many_changes_in_one_notice_are_an_event_each() -> None:
    assert [name for name, _ in events(UsersChanged([ANN], [ANN], [ANN]))] == [
        "user:online",
        "user:offline",
        "user:update",
    ]
    assert [name for name, _ in events(MembersChanged("ops", [ANN], [ANN]))] == ["room:user:joined", "room:user:left"]


def test_people_are_told_in_the_main_namespace_and_views_in_the_other() -> None:
    assert told(UserOnline(ANN), namespaces=frozenset({LIVE})) == []
    gap = GapNotice("v1", "epoch", "9.1")
    assert told(gap, namespaces=frozenset({MAIN})) == []
    assert told(gap) == ['2/live,["gap",' + encode(gap).decode() + "]"]
    assert told(Degraded("redis")) == ['2/live,["degraded",{"type":"degraded","reason":"redis"}]']
    assert told(Degraded("redis"), namespaces=frozenset({MAIN})) == []
    assert told(Error("x", "y"), namespaces=frozenset({LIVE}))[0].startswith("2/live,")
    assert told(Drain(1)) == told(Watchers("host", [], 0, 0)) == []


def test_a_snapshot_is_not_decoded_and_answers_the_callback() -> None:
    body = b'{"id":"4|/live|watch","type":"snapshot","view":"v1","position":"9.1","series":[1e400]}'
    assert [each.decode() for each in translate(body, BOTH, 5)] == [
        '3/live,4[{"success":true,"view":"v1"}]',
        '2/live,["snapshot",{"type":"snapshot","view":"v1","position":"9.1","series":[1e400]}]',
    ]
    without = body.replace(b'"4|', b'"|')
    assert [each[:20] for each in translate(without, BOTH, 5)] == [b'2/live,["snapshot",{']
    assert (
        len(told(GapNotice("v1", "epoch", "9.1"), origin=RequestOrigin("4", LIVE, "watch"))) == 1
    )  # the snapshot answers


def test_an_answer_calls_the_callback_and_without_one_is_left_out() -> None:
    origin = RequestOrigin("3", MAIN, "message:read")
    assert told(ReadMark("ops", "ops.1", 0), origin=origin) == [
        '33[{"success":true,"roomId":"ops","messageId":"ops.1","unread":0}]'
    ]
    assert told(ReadMark("ops", "ops.1", 0), origin=RequestOrigin("", MAIN, "message:read")) == []
    assert [p.decode() for p in translate(with_id(b'{"type":"done"}', origin.id), BOTH, 5)] == ['33[{"success":true}]']
    assert told(Unwatched("v1"), origin=RequestOrigin("8", LIVE, "unwatch")) == [
        '3/live,8[{"success":true,"view":"v1"}]'
    ]
    assert told(Pong(5), origin=RequestOrigin("8", LIVE, "ping")) == [
        '3/live,8[{"success":true,"timestamp":"' + NOW + '"}]'
    ]


def test_what_was_asked_for_without_a_callback_comes_as_an_event() -> None:
    (said,) = told(HistoryPage("ops", [], False), origin=RequestOrigin("", MAIN, "history"))
    assert json.loads(said[1:]) == ["history", {"roomId": "ops", "messages": [], "more": False}]
    (said,) = told(NotificationList([], 0, False), origin=RequestOrigin("", MAIN, "notifications"))
    assert json.loads(said[1:])[0] == "notifications"


def test_a_stored_message_is_answered_and_told_to_its_sender() -> None:
    ack = Ack("ops.1", "ops", "delivered", "1", "k")
    answer, event = told(ack, origin=RequestOrigin("3", MAIN, "chat:message"))
    assert json.loads(answer[2:]) == [
        {
            "success": True,
            "id": "ops.1",
            "messageId": "ops.1",
            "roomId": "ops",
            "position": "1",
            "status": "delivered",
            "key": "k",
        }
    ]
    assert json.loads(event[1:])[1]["status"] == "delivered"
    assert len(told(ack, origin=RequestOrigin("", MAIN, "chat:message"))) == 1
    assert len(told(Ack("ops.1", "ops", "changed", "2"), origin=RequestOrigin("3", MAIN, "message:edit"))) == 1


def test_a_refusal_goes_to_the_callback_or_is_an_error() -> None:
    error = Error("not_member", "join first")
    assert json.loads(told(error, origin=RequestOrigin("3", MAIN, "chat:message"))[0][2:]) == [
        {"success": False, "code": "not_member", "message": "join first"}
    ]
    assert told(error, origin=RequestOrigin("", LIVE, "watch"))[0].startswith('2/live,["error",')
    refused = told(Error("bad_token", "expired"), origin=RequestOrigin("sid", MAIN, CONNECT))
    assert json.loads(refused[0][1:]) == {"message": "expired", "data": {"code": "bad_token", "message": "expired"}}
    assert (
        told(Error("unavailable", "later"), origin=RequestOrigin("sid", MAIN, CONNECT)) == []
    )  # the client tries again


def test_whoever_is_authenticated_is_told_and_is_online() -> None:
    entered = Authenticated(ANN, "viewer", ["viewer"], {}, {}, 5, None, [], 0)
    answer, online = told(entered, origin=RequestOrigin("0", MAIN, "auth"))
    assert json.loads(answer[2:])[0]["user"] == {
        "id": "ann",
        "username": "Ann",
        "name": "Ann",
        "status": "online",
        "role": "viewer",
    }
    assert json.loads(online[1:]) == ["user:online", AT]
    packets = told(entered, origin=RequestOrigin("sid", MAIN, CONNECT))
    assert packets[0] == connected(MAIN, "sid").decode() == '0{"sid":"sid"}'
    assert json.loads(packets[1][1:])[0] == "authenticated"
    assert told(entered, origin=RequestOrigin("sid", LIVE, CONNECT)) == ['0/live,{"sid":"sid"}']
    assert json.loads(told(entered, origin=RequestOrigin("", MAIN, "auth"))[0][1:])[0] == "authenticated"


def test_a_client_that_is_cut_while_it_recovers_has_the_offset_of_what_it_has_got() -> None:
    others = Positions(frozenset({"ops", "host", "quiet"}))  # of clients that have been in these rooms all the time
    others.advance("ops", "9")
    missed = [
        MessageState(f"{room}.{seq}", room, "ann", "Ann", "hi", "hi", 5, str(seq))
        for room, seq in (("ops", 8), ("ops", 9), ("host", 4))
    ]
    answered = Recovered(True, missed, {"ops": "7", "host": "3", "quiet": "1"})
    first, *told = answer(answered, f"sid pid|{MAIN}|{CONNECT}", 5, others)
    assert b'"pid":"pid"' in first
    offsets = [json.loads(packet[1:])[2] for packet in told]
    assert offsets == ["host:3,ops:8,quiet:1", "host:3,ops:9,quiet:1", "host:4,ops:9,quiet:1"]
    assert others.advance("quiet", "2") == "host:4,ops:9,quiet:2"
