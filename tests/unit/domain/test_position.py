from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.domain.position import Position, parse_positions, positions_text


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789abcdef", min_size=8, max_size=32), st.integers(0, 2**63 - 1))
def test_the_text_of_a_position_parses_back(epoch: str, seq: int) -> None:
    assert parse_positions(Position(epoch, seq).text) == [Position(epoch, seq)]


@pytest.mark.parametrize(
    "text",
    ["", ".", "12345678", "12345678.", ".5", "1234567.5", "ABCDEF01.5", "12345678.-5", "12345678.5\n", " 12345678.5",
     "12345678.٣", "g2345678.5", "12345678.5.6", "a" * 33 + ".5", "12345678.12345678901234567890", "12345678.+5", "é",
     "12345678.5-", "-12345678.5", "12345678.5--12345678.5", "12345678.5-x"],
)  # fmt: skip
def test_these_are_not_positions(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_positions(text)
    assert caught.value.field == "since"


def test_several_positions_are_one_text() -> None:
    several = [Position("0" * 16, 5), Position("f" * 16, 0)]
    assert parse_positions(positions_text(several)) == several
