"""State of one live expression: histories that failed."""

from __future__ import annotations

from dashboard.expressions.live_state import LiveState
from dashboard.expressions.watched import LiveSpec


def test_a_history_that_fails_is_tried_less_and_less_often() -> None:
    live, spec, other = LiveState("sum(x)"), LiveSpec("sum(x)", 1), LiveSpec("sum(x)", 10)
    live.specs[spec] = live.specs[other] = 1
    live.filled.add(other.name)
    assert not live.is_filled
    live.count_as_filled(1_000)
    assert live.is_filled
    assert not any(live.tries_again(other, second) for second in range(1_000, 10_000))
    tries = [second for second in range(1_000, 20_000) if live.tries_again(spec, second)]
    assert tries[:4] == [1_060, 1_180, 1_420, 1_900]
    assert max(b - a for a, b in zip(tries, tries[1:], strict=False)) == tries[-1] - tries[-2] == 3_600


def test_an_expression_is_parsed_when_its_turn_comes() -> None:
    """A board of hundreds of expressions with dear patterns must not parse them all when its first screen comes."""
    live, wrong = LiveState("sum(x)"), LiveState("sum(")
    assert (live.is_read, live.expr, live.fault) == (False, None, "")
    live.read()
    wrong.read()
    assert (live.is_read, live.expr is not None, live.fault) == (True, True, "")
    assert (wrong.is_read, wrong.expr) == (True, None)
    assert "unclosed" in wrong.fault
