from __future__ import annotations

import pytest

from dashboard.socketio.positions import Positions, parse_offset


def test_an_offset_names_every_room_and_the_last_position_there() -> None:
    positions = Positions(frozenset({"ops", "direct:a:b"}))
    assert positions.advance("ops", "4") == ""  # of the other room nothing is known yet
    assert positions.advance("direct:a:b", "7") == "direct:a:b:7,ops:4"
    assert positions.advance("ops", "3") == "direct:a:b:7,ops:4"  # never back
    assert positions.advance("elsewhere", "9") == "direct:a:b:7,ops:4"
    assert parse_offset("direct:a:b:7,ops:4") == {"direct:a:b": "7", "ops": "4"}


def test_positions_go_with_a_client_into_another_set_of_rooms() -> None:
    before, after = Positions(frozenset({"a"})), Positions(frozenset({"a", "b"}))
    before.advance("a", "5")
    after.advance("a", "3")
    after.take_over(before)
    assert after.advance("b", "1") == "a:5,b:1"
    assert Positions(frozenset()).advance("a", "1") == ""
    many = Positions(frozenset(map(str, range(21))))
    assert [many.advance(str(room), "1") for room in range(21)][-1] == ""


@pytest.mark.parametrize(
    "text", ["", "x", "ops:", ":4", "ops:-1", "ops:²", "ops:4,", "ops:4x", ",".join(f"r{n}:1" for n in range(30))]
)
def test_what_is_no_offset_recovers_nothing(text: str) -> None:
    assert parse_offset(text) == {}
