from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.domain.position import Seen, parse_positions, positions_text


@settings(max_examples=100, deadline=None)
@given(
    st.text("0123456789abcdef", min_size=8, max_size=32), st.integers(0, 2**63 - 1), st.sampled_from([0, 1, 10**15 - 1])
)
def test_the_text_of_a_position_parses_back(epoch: str, seq: int, t_ms: int) -> None:
    assert parse_positions(Seen(epoch, seq, t_ms).text) == [Seen(epoch, seq, t_ms)]


@pytest.mark.parametrize(
    "text",
    ["", ".", "12345678", "12345678.", ".5", "1234567.5", "ABCDEF01.5", "12345678.-5", "12345678.5\n", " 12345678.5",
     "12345678.٣", "g2345678.5",
     "12345678.5.6.7", "12345678.5.", "12345678.5.x", "a" * 33 + ".5", "12345678.12345678901234567890", "12345678.+5", "é",
     "12345678.5-", "-12345678.5", "12345678.5--12345678.5", "12345678.5-x"],
)  # fmt: skip
def test_these_are_not_positions(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_positions(text)
    assert caught.value.field == "since"


def test_several_positions_are_one_text() -> None:
    several = [Seen("0" * 16, 5, 1_795_000_000_000), Seen("f" * 16, 0)]
    assert parse_positions(positions_text(several)) == several
