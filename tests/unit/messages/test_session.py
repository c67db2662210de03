from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.messages.session import Disconnect, RequestRefusal, Session, SessionLimits
from dashboard.messages.views import Ping, Pong, Unwatch, Watch, encode, with_id


def session(**limits: float) -> Session:
    return Session(SessionLimits(**limits), 100.0)


def receive(**message: Any) -> object:
    return session().receive(json.dumps(message), 100.0)


def test_requests_are_told_apart_by_type() -> None:
    assert receive(type="watch", id=1, board="host") == Watch(id=1, board="host")
    assert receive(type="watch", selectors=["a"], since="x.1") == Watch(selectors=["a"], since="x.1")
    assert receive(type="unwatch", view="v1") == Unwatch("v1")
    assert receive(type="ping", id="p", painted_ms=[1.5]) == Ping("p", [1.5])
    assert receive(type="ping", future="field") == Ping()


@pytest.mark.parametrize(
    "text",
    ["", "null", "1", '"ping"', "[]", "{}", "{", '{"type":1}', '{"type":null}', '{"type":"ping"', '{"type":"ping"}x',
     '{"type":"ping","id":1.5}', '{"type":"ping","id":9007199254740993}', '{"type":"ping","id":true}',
     '{"type":"ping","id":[]}', "[" * 5000, '{"a":' * 5000, "NaN", "\x00", "\ufeff{}"],
)  # fmt: skip
def test_what_is_not_a_message_is_refused_and_the_connection_lives_on(text: str) -> None:
    outcome = session().receive(text, 100.0)
    assert isinstance(outcome, RequestRefusal)
    assert outcome.error.code == "invalid_message"


def test_half_a_character_is_called_so() -> None:
    outcome = session().receive('{"type":"ping","id":"\\ud83d"}', 100.0)
    assert isinstance(outcome, RequestRefusal)
    assert "half a character" in outcome.error.message


@pytest.mark.parametrize("text", ['{"type":"ping","type":"ping"}', '{"type":"ping","a":' + "[" * 20 + "]" * 20 + "}"])
def test_what_readers_would_understand_differently_is_refused(text: str) -> None:
    outcome = Session(SessionLimits(), 0.0).receive(text, 0.0)
    assert isinstance(outcome, RequestRefusal)
    assert outcome.error.code == "invalid_message"
    assert outcome.id is None


@pytest.mark.parametrize(
    "message",
    [{"board": "x" * 101}, {"selectors": ["a"] * 101}, {"window_s": 0.5}, {"window_s": 172_801}, {"rate_hz": 0.05},
     {"rate_hz": 31}, {"points": 3}, {"points": 10_001}, {"points": 5.5}, {"since": "x" * 4_001}, {"selectors": "a"}],
)  # fmt: skip
def test_a_watch_out_of_bounds_is_refused_with_its_id(message: dict[str, Any]) -> None:
    outcome = receive(type="watch", id="mine", **message)
    assert isinstance(outcome, RequestRefusal)
    assert outcome.id == "mine"
    assert outcome.error.message.startswith("watch: ")
    assert next(iter(message)) in outcome.error.message


@pytest.mark.parametrize("painted", [[-1], [600_001], ["1"], [1.0] * 101, 5])
def test_a_ping_out_of_bounds_is_refused(painted: Any) -> None:
    assert isinstance(receive(type="ping", painted_ms=painted), RequestRefusal)


def test_an_unknown_type_is_named_with_what_is_known() -> None:
    outcome = receive(type="x\u0000\u2028" * 50, id=7)
    assert isinstance(outcome, RequestRefusal)
    assert outcome.error.code == "unknown_type"
    assert outcome.id == 7
    assert outcome.error.message.isprintable()
    assert len(outcome.error.message) < 400
    for known in ("watch", "unwatch", "ping"):
        assert known in outcome.error.message


def test_an_id_may_have_64_characters_and_53_bits() -> None:
    for good in ("x" * 64, 2**53, -(2**53), 0, ""):
        assert receive(type="ping", id=good) == Ping(id=good)
    for bad in ("x" * 65, 2**53 + 1, -(2**53) - 1):
        assert isinstance(receive(type="ping", id=bad), RequestRefusal)


def test_the_burst_is_allowed_and_one_more_is_not() -> None:
    limited = session(messages_per_s=2, message_burst=5)
    for _ in range(5):
        assert limited.receive('{"type":"ping"}', 100.0) == Ping()
    over = limited.receive('{"type":"ping"}', 100.0)
    assert isinstance(over, Disconnect)
    assert over.code == 4006
    assert limited.receive('{"type":"ping"}', 100.5) == Ping()


def test_bad_messages_count_too() -> None:
    limited = session(message_burst=3)
    outcomes = [limited.receive("garbage", 100.0) for _ in range(4)]
    assert [type(outcome) for outcome in outcomes] == [RequestRefusal] * 3 + [Disconnect]


def test_control_frames_have_a_bound_of_their_own() -> None:
    limited = session(control_burst=3, message_burst=1)
    assert [limited.control(100.0) for _ in range(3)] == [None] * 3
    over = limited.control(100.0)
    assert over is not None
    assert over.code == 4006
    assert limited.receive('{"type":"ping"}', 100.0) == Ping()


def test_a_client_that_says_nothing_valid_is_overdue_after_the_limit() -> None:
    quiet = session(hello_s=5)
    assert not quiet.overdue(105.0)
    assert quiet.overdue(105.001)
    quiet.receive("garbage", 101.0)
    quiet.receive('{"type":"nothing"}', 101.0)
    assert quiet.overdue(106.0)
    quiet.receive('{"type":"ping"}', 107.0)
    assert not quiet.overdue(1_000.0)


@pytest.mark.parametrize("request_id", [0, -5, "", "x", '"}', "é😀", 2**53])
def test_an_id_is_put_in_front_of_an_encoded_message(request_id: int | str) -> None:
    assert json.loads(with_id(encode(Pong(5)), request_id)) == {"id": request_id, "type": "pong", "now": 5}
    assert with_id(encode(Pong(5)), None) == encode(Pong(5))
