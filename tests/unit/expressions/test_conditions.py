"""State of an expression by its inputs, and how long corrected values are told."""

from __future__ import annotations

import numpy as np

from dashboard.domain.series import parse_series
from dashboard.expressions.conditions import Corrections, condition_of
from dashboard.expressions.derived import MOST_SERIES
from dashboard.query.promql.notes import Notes
from dashboard.query.promql.query import AnswerRow, QueryAnswer
from dashboard.query.promql.syntax import Kind
from dashboard.replica.series import Series, Windows

T0 = 1_700_000_000_000


def made(text: str, age_s: int) -> Series:
    series = Series(1, parse_series(text), Windows(), 0)
    series.last_ms, series.every_s = T0 - age_s * 1_000, 1.0
    return series


def answer(*lines: tuple[str, int]) -> QueryAnswer:
    """Return an answer with a line for each label and number of inputs."""
    rows = [AnswerRow((("host", host),), np.array([T0]), np.array([1.0]), bits) for host, bits in lines]
    return QueryAnswer(Kind.MATRIX, rows, Notes())


def test_a_line_is_as_fresh_as_the_newest_of_its_inputs() -> None:
    inputs = [made(f'x{{host="{age}",job="a"}}', age) for age in (0, 3, 10, 500, 900)]
    lines = ("a", 0b00011), ("b", 0b00110), ("c", 0b01100), ("d", 0b01000), ("e", 0)
    found = condition_of(answer(*lines), inputs, T0, T0)
    assert found.lines == {'{host="b"}': "late", '{host="c"}': "stale", '{host="d"}': "dead"}
    assert (found.inputs, found.old, found.freshness) == (4, 3, "dead")
    assert found.note == "3 of 4 inputs are dead: 10, 3, 500"


def test_every_line_without_live_inputs_is_told() -> None:
    count = MOST_SERIES + 10
    inputs = [made(f'x{{host="{number}"}}', 10) for number in range(count)]
    found = condition_of(answer(*((str(number), 1 << number) for number in range(count))), inputs, T0, T0)
    assert set(found.lines.values()) == {"stale"}
    assert len(found.lines) == MOST_SERIES
    assert (found.old, found.left_out) == (count, 10)


def test_a_sole_input_is_named_by_its_text_and_live_inputs_are_not() -> None:
    assert condition_of(answer(("a", 1)), [made("x", 10)], T0, T0).note == "1 of 1 inputs is stale: x"
    assert condition_of(answer(("a", 1)), [made("x", 0)], T0, T0).note == ""


def test_corrections_are_told_for_a_minute() -> None:
    found = Corrections(60)
    assert found.oldest_ms(1_000) == 0
    found.note(1_000, 995_000)
    found.note(1_001, 997_000)
    assert [found.oldest_ms(second) for second in (1_001, 1_059, 1_060, 1_061)] == [995_000, 995_000, 995_000, 0]


def test_a_feeder_that_is_always_late_does_not_correct_ever_more() -> None:
    found, told = Corrections(60), []
    for second in range(1_000, 2_000):
        found.note(second, (second - 20) * 1_000)
        told.append(found.oldest_ms(second) // 1_000)
        assert 20 <= second - told[-1] <= 120
    assert len(set(told)) < 30
