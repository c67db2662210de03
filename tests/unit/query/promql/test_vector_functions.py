"""Functions of instant vectors."""

from __future__ import annotations

import math

from tests.unit.query.promql.support import notes, values

SOME = {"x n=1": [3.0], "x n=2": [math.nan], "x n=3": [1.0]}


def test_rows_are_sorted_with_nan_last() -> None:
    assert list(values("sort(x)", SOME))[:2] == ["__name__=x n=3", "__name__=x n=1"]
    assert list(values("sort_desc(x)", SOME))[:2] == ["__name__=x n=1", "__name__=x n=3"]
    assert not notes("sort(x)", SOME).warnings


def test_scalars_vectors_and_times() -> None:
    assert math.isnan(values("scalar(x)", SOME)[""])
    assert values('scalar(x{n="1"})', SOME) == {"": 3}
    assert values("vector(5)", SOME, 7_000) == {"": 5}
    assert values("time()", SOME, 7_000) == {"": 7}
    assert values('timestamp(x{n="1"})', SOME, 7_000) == {"n=1": 0}
    assert values('timestamp(x{n="1"} + 0)', SOME, 7_000) == {"n=1": 7}
    assert values("histogram_count(x)", SOME) == {}
