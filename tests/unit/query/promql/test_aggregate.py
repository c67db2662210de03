"""Aggregations over series."""

from __future__ import annotations

import math

import pytest

from dashboard.query.promql.errors import FailedExpression
from dashboard.query.promql.parse import parse
from dashboard.query.promql.query import instant_query, run
from tests.unit.query.promql.support import ask, data_of, values

SHOPS = {"x s=a z=1": [1.0], "x s=a z=2": [2.0], "x s=b z=1": [4.0], "x s=b z=2": [math.nan]}


def test_groups_are_by_labels_or_without_them() -> None:
    assert values("count by (s) (x)", SHOPS) == {"s=a": 2, "s=b": 2}
    assert values("max without (z) (x)", SHOPS) == {"s=a": 2, "s=b": 4}
    assert values("min(x)", SHOPS) == {"": 1}
    assert values("group by (s) (x)", SHOPS) == {"s=a": 1, "s=b": 1}


def test_sums_keep_small_values_beside_large_ones() -> None:
    large = {"x n=1": [1.0], "x n=2": [1e100], "x n=3": [1.0], "x n=4": [-1e100]}
    assert values("sum(x)", large) == {"": 2}
    assert values("avg(x)", large) == {"": 0.5}
    huge = {"x n=1": [1e308], "x n=2": [1e308], "x n=3": [1e308]}
    assert values("avg(x)", huge)[""] == pytest.approx(1e308)
    assert values("sum(x)", huge) == {"": math.inf}


def test_deviations_of_equal_values_are_zero() -> None:
    assert values("stddev(x)", {f"x n={n}": [0.1] for n in range(3)}) == {"": 0}
    assert values("stdvar(x)", {"x n=1": [1.0], "x n=2": [3.0]}) == {"": 1}


def test_topk_is_in_order_with_nan_last_and_refuses_nan() -> None:
    assert list(values("topk(3, x)", SHOPS).values()) == [4, 2, 1]
    assert list(values("bottomk(2, x)", SHOPS).values()) == [1, 2]
    assert values("topk(0, x)", SHOPS) == {}
    assert len(ask("topk(1e9, x)", SHOPS).rows) == 4
    with pytest.raises(FailedExpression, match="NaN"):
        ask("topk(NaN, x)", SHOPS)
    with pytest.raises(FailedExpression, match="overflows"):
        ask("topk(1e30, x)", SHOPS)


def test_quantiles_and_counts_of_values() -> None:
    assert values('quantile(0.5, x{s="a"})', SHOPS) == {"": 1.5}
    assert values("quantile(2, x)", SHOPS) == {"": math.inf}
    same = {"x n=1": [0.5], "x n=2": [0.5], "x n=3": [1e22]}
    assert values('count_values("v", x)', same) == {"v=0.5": 2, "v=10000000000000000000000": 1}
    query, data = instant_query(parse('count_values("v", x)'), 0), data_of("x", same)
    assert [row.inputs for row in run(query, data, track=True).rows] == [0b111, 0b111]
