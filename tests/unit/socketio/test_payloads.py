from __future__ import annotations

import json
import shutil
import subprocess

import msgspec
from msgspec import Raw

from dashboard.messages.auth import Authenticated
from dashboard.messages.listing import ReplyList
from dashboard.messages.notifications import NotificationList, NotificationNotice, NotificationState
from dashboard.messages.presence import Person
from dashboard.messages.rooms import HistoryPage, Joined, MessageState, TypingNotice
from dashboard.socketio.payloads import (
    chat_of,
    entered_of,
    indicator_of,
    iso,
    member_of,
    notice_of,
    notices_of,
    past_of,
    room_entered,
    shown_name,
    user_at,
)
from tests.support.deadline import scaled

MESSAGE = MessageState(
    "ops.1", "ops", "ann", "Ann", "hi", "<p>hi</p>", 1_700_000_000_007, "1", edited=1_700_000_001_000
)


def test_times_are_those_of_javascript() -> None:
    times = [0, 7, 999, 1_000, 1_700_000_000_123, 253_402_300_799_999]
    program = f"console.log(JSON.stringify({times}.map((t) => new Date(t))))"
    node = shutil.which("node")
    assert node is not None
    said = subprocess.run(
        [node, "--eval", program], capture_output=True, text=True, timeout=scaled(30), check=True
    ).stdout
    assert [iso(each) for each in times] == json.loads(said)


def test_a_message_names_its_sender_and_its_times() -> None:
    chat = chat_of(MESSAGE)
    assert (chat.id, chat.sender_id, chat.sender_name, chat.status) == ("ops.1", "ann", "Ann", "delivered")
    assert (chat.timestamp, chat.edited) == ("2023-11-14T22:13:20.007Z", "2023-11-14T22:13:21.000Z")


def test_answers_keep_what_they_hold() -> None:
    person = Person("ann", "Ann")
    assert member_of(person).username == "Ann"
    joined = room_entered(Joined("ops", "Ops", ReplyList.of(person), ReplyList.of(MESSAGE), "1", True, 0, ""))
    members, messages = msgspec.json.decode(joined.members), msgspec.json.decode(joined.messages)
    assert (members[0]["userId"], messages[0]["text"], joined.recovered) == ("ann", "hi", True)
    assert past_of(HistoryPage("ops", [MESSAGE], True)).more
    assert indicator_of(TypingNotice("ops", "ann", "Ann", True)).is_typing
    entered = entered_of(Authenticated(person, "viewer", ["viewer"], {}, {}, 7, None, [], 3))
    assert (entered.user.username, entered.user.role, entered.unread, entered.expires) == ("Ann", "viewer", 3, None)


def test_notifications_have_an_id_and_a_time() -> None:
    notice = notice_of(NotificationNotice("inbox:ann.1", "T", "B", Raw(b"null"), 7, 1))
    assert (notice.id, notice.unread, notice.timestamp) == ("inbox:ann.1", 1, "1970-01-01T00:00:00.007Z")
    state = NotificationState("inbox:ann.1", "T", "B", Raw(b"null"), 7, True)
    assert notices_of(NotificationList([state], 0, False)).notifications[0].read


def test_a_guest_has_the_chosen_name_and_a_mark() -> None:
    guest = Person("u1", "Ann (guest)")
    assert shown_name("Ann (guest)") == ("Ann", True)
    assert (member_of(guest).username, member_of(guest).guest) == ("Ann", True)
    assert (user_at(guest, "t").username, user_at(guest, "t", "ops").room_id) == ("Ann", "ops")
    assert not user_at(Person("u", "Ann"), "t").guest
