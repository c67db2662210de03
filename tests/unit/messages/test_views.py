from __future__ import annotations

import json

import msgspec
import pytest

from dashboard.messages.views import Definition, Error, Frame, Pong, Watch, encode, encode_definition, with_id

DEFINITION = Definition(7, "cpu", "cpu", {}, "%", 1.0, 1_000, [0])


def test_a_message_says_its_type() -> None:
    assert json.loads(encode(Pong(5))) == {"type": "pong", "now": 5}
    assert json.loads(encode(Error("invalid", "no"))) == {"type": "error", "code": "invalid", "message": "no"}


def test_a_frame_leaves_out_what_has_not_changed() -> None:
    assert json.loads(encode(Frame("v1", 9, "e.1", points=[(7, [1], [2.5])]))) == {
        "type": "frame", "view": "v1", "as_of": 9, "position": "e.1", "points": [[7, [1], [2.5]]],
    }  # fmt: skip


def test_a_definition_has_its_history_only_where_it_is_given() -> None:
    assert "t" not in json.loads(encode_definition(DEFINITION))
    told = json.loads(encode_definition(msgspec.structs.replace(DEFINITION, t=[1], v=[2.0])))
    assert (told["sid"], told["unit"], told["t"], told["v"]) == (7, "%", [1], [2.0])


@pytest.mark.parametrize("request_id", [3, 'a"b', 0, ""])
def test_the_id_of_a_request_is_put_into_the_encoded_answer(request_id: int | str) -> None:
    body = encode(Pong(5))
    assert json.loads(with_id(body, request_id)) == {"id": request_id, "type": "pong", "now": 5}


def test_an_answer_to_a_request_without_an_id_has_none() -> None:
    assert with_id(encode(Pong(5)), None) == encode(Pong(5))


@pytest.mark.parametrize("field", [{"window_s": 0.5}, {"rate_hz": 31}, {"points": 3}, {"selectors": ["a"] * 101}])
def test_a_watch_beyond_its_bounds_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(field), type=Watch)
