"""Aggregations over time, quantiles and regressions."""

from __future__ import annotations

import math

import pytest

from tests.unit.query.promql.support import values

SOME = {"x": [5.0, 1.0, 4.0, math.nan, 2.0]}
LINE = {"x": [3.0 + 2 * n for n in range(5)]}


def test_the_left_edge_of_a_window_is_outside() -> None:
    assert values("count_over_time(x[40s])", SOME) == {"": 4}
    assert values("count_over_time(x[41s])", SOME) == {"": 5}


def test_extremes_pass_over_nan_and_sums_do_not() -> None:
    assert values("max_over_time(x[1m])", SOME) == {"": 5}
    assert values("min_over_time(x[1m])", SOME) == {"": 1}
    assert math.isnan(values("sum_over_time(x[1m])", SOME)[""])
    assert values("last_over_time(x[1m])", SOME) == {"__name__=x": 2}


def test_sums_and_means_keep_small_values() -> None:
    large = {"x": [1.0, 1e100, 1.0, -1e100]}
    assert values("sum_over_time(x[1m])", large) == {"": 2}
    assert values("avg_over_time(x[1m])", large) == {"": 0.5}
    assert values("avg_over_time(x[1m])", {"x": [1e308, 1e308]})[""] == pytest.approx(1e308)
    assert values("stddev_over_time(x[1m])", {"x": [0.1] * 5}) == {"": 0}


def test_quantiles_and_lines() -> None:
    assert values("quantile_over_time(0.5, x[1m])", LINE) == {"": 7}
    assert values("quantile_over_time(-1, x[1m])", LINE) == {"": -math.inf}
    assert values("deriv(x[1m])", LINE) == {"": pytest.approx(0.2)}
    assert values("predict_linear(x[1m], 10)", LINE) == {"": pytest.approx(13)}
    assert values("deriv(x[1m])", {"x": [4.0, 4.0, 4.0]}) == {"": 0}
