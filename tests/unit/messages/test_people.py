from __future__ import annotations

import json

import msgspec

from dashboard.messages.fields import PersonalRequest
from dashboard.messages.people import REQUESTS, encode_personal
from dashboard.messages.presence import Person, UserOnline, UsersChanged
from dashboard.messages.rooms import Ack


def test_a_message_says_its_type_and_what_it_holds() -> None:
    assert json.loads(encode_personal(UserOnline(Person("ann", "Ann")))) == {
        "type": "user_online", "user": {"id": "ann", "name": "Ann", "status": "online"},
    }  # fmt: skip


def test_fields_are_in_camel_case_and_those_that_hold_nothing_are_left_out() -> None:
    assert json.loads(encode_personal(Ack("ops.1", "ops", "delivered", "1"))) == {
        "type": "ack", "messageId": "ops.1", "roomId": "ops", "status": "delivered", "position": "1",
    }  # fmt: skip
    assert json.loads(encode_personal(UsersChanged())) == {"type": "users_changed"}


def test_every_request_is_one_of_a_person() -> None:
    assert all(issubclass(kind, PersonalRequest) for kind in REQUESTS.values())
    assert len({*REQUESTS.values()}) == len(REQUESTS)
    assert msgspec.convert({"roomId": "ops", "isTyping": True}, REQUESTS["typing"])
