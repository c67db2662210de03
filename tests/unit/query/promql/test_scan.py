"""Tokens of expressions, and bounds that are checked before the parser."""

from __future__ import annotations

from math import inf

import pytest

from dashboard.query.promql.errors import BadExpression
from dashboard.query.promql.scan import MAX_DEPTH, MAX_OPERATORS, scan, seconds_of


def test_tokens_have_places_and_numbers_no_underscores() -> None:
    scanned = scan('sum(x{a="b"}[1h30m]) > 1_000 # end')
    assert scanned.text() == 'sum ( x { a = "b" } [ 1h30m ] ) > 1000'
    assert [lexeme.start for lexeme in scanned.tokens][:3] == [0, 3, 4]


def test_times_behind_at_are_read_here() -> None:
    scanned = scan("x @ -1.5 + y @ 1e3")
    assert (scanned.at_ms, scanned.text()) == ((-1_500, 1_000_000), "x @ 0 + y @ 0")


def test_depth_and_operators_are_counted() -> None:
    scan("(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH)
    scan("1" + " + 1" * MAX_OPERATORS)
    for text in ("(" * (MAX_DEPTH + 1), "1" + " + 1" * (MAX_OPERATORS + 1)):
        with pytest.raises(BadExpression):
            scan(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1h30m", 5_400), ("0x10", 16), ("1e3", 1_000), ("5ms", 0.005), ("0x" + "f" * 300, inf)],
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
