"""Binary operators and vector matching."""

from __future__ import annotations

import pytest

from dashboard.query.promql.errors import FailedExpression
from tests.unit.query.promql.support import ask, values

BOTH = {"a s=x n=1": [6.0], "a s=y n=1": [8.0], "b s=x n=1": [2.0], "b s=z n=1": [3.0], "i n=1 v=9": [1.0]}


def test_series_match_by_their_labels() -> None:
    assert values("a / b", BOTH) == {"n=1 s=x": 3}
    assert values("a / on (s) b", BOTH) == {"s=x": 3}
    assert values("a * on (n) group_left (v) i", BOTH) == {"n=1 s=x v=9": 6, "n=1 s=y v=9": 8}
    assert values("i * on (n) group_right (v) a", BOTH) == {"n=1 s=x v=9": 6, "n=1 s=y v=9": 8}
    assert values("a > b", BOTH) == {"__name__=a n=1 s=x": 6}
    assert values("a > bool b", BOTH) == {"n=1 s=x": 1}


def test_matching_that_is_not_unique_is_refused() -> None:
    with pytest.raises(FailedExpression, match="many-to-many matching not allowed"):
        ask("i + on (n) a", BOTH)
    with pytest.raises(FailedExpression, match="must be explicit"):
        ask("a + on (n) i", BOTH)
    with pytest.raises(FailedExpression, match="must ensure unique matches"):
        ask("a + on (n) group_left (s) i", BOTH)


def test_sets() -> None:
    assert values("a and on (s) b", BOTH) == {"__name__=a n=1 s=x": 6}
    assert values("a unless on (s) b", BOTH) == {"__name__=a n=1 s=y": 8}
    assert values("a or on (s) b", BOTH) == {"__name__=a n=1 s=x": 6, "__name__=a n=1 s=y": 8, "__name__=b n=1 s=z": 3}


def test_numbers_on_either_side() -> None:
    assert values("10 - i", BOTH) == {"n=1 v=9": 9}
    assert values("7 < a", BOTH) == {"__name__=a n=1 s=y": 8}
    assert values("2 ^ 3 ^ 2 % 5", BOTH) == {"": 2}
    assert values("3 > bool 2", BOTH) == {"": 1}
