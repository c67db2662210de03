"""Rates, with resets and extrapolation."""

from __future__ import annotations

import pytest

from tests.unit.query.promql.support import values


def test_a_rate_is_extrapolated_to_the_edges_of_its_window() -> None:
    steady = {"x_total": [10.0 * n for n in range(7)]}
    assert values("rate(x_total[1m])", steady) == {"": pytest.approx(1.0)}
    assert values("increase(x_total[1m])", steady) == {"": pytest.approx(60)}
    assert values("rate(x_total[9s])", steady) == {}


def test_a_counter_that_began_again_has_lost_nothing() -> None:
    reset = {"x_total": [5.0, 15.0, 2.0, 12.0, 1.0]}
    whole = values("increase(x_total[40s])", reset)[""]
    assert whole == pytest.approx((1 - 15 + 15 + 12) / 30 * 40)
    assert values("resets(x_total[1m])", reset) == {"": 2}
    assert values("changes(x_total[1m])", reset) == {"": 4}
    assert values("irate(x_total[1m])", reset) == {"": 0.1}
    assert values("idelta(x_total[1m])", reset) == {"": -11}


def test_no_counter_is_extrapolated_below_zero() -> None:
    young = {"x_total": [0.0, 10.0, 20.0]}
    assert values("increase(x_total[5m])", young) == {"": pytest.approx(20)}


def test_neighbours_do_not_reset_each_other() -> None:
    both = {"x_total n=1": [10.0, 20.0, 30.0], "x_total n=2": [1.0, 2.0, 3.0]}
    assert values("increase(x_total[20s])", both) == {"n=1": pytest.approx(20), "n=2": pytest.approx(2)}


def test_the_increase_of_increases_is_their_sum_beside_counters() -> None:
    both = {"x_total n=1": [5.0, 10.0, 2.0, 0.0, 3.0], "x_total n=2": [10.0 * n for n in range(5)]}
    deltas = {"x_total n=1"}
    assert values("increase(x_total[30s])", both, deltas=deltas) == {"n=1": 5.0, "n=2": pytest.approx(30)}
    assert values("rate(x_total[30s])", both, deltas=deltas) == {"n=1": pytest.approx(5 / 30), "n=2": pytest.approx(1)}
    assert values("irate(x_total[30s])", both, deltas=deltas) == {"n=1": 0.3, "n=2": 1.0}
    assert values("rate(x_total[5s])", both, deltas=deltas) == {"n=1": pytest.approx(3 / 5)}
    assert values("rate(x_total[5s])", both, at_ms=100_000, deltas=deltas) == {}
    assert values("rate(x_total[30s])", both)["n=1"] != pytest.approx(5 / 30)


def test_quantiles_of_buckets_of_increases() -> None:
    buckets = {"h_bucket le=1": [1.0, 2.0], "h_bucket le=2": [2.0, 6.0], "h_bucket le=+Inf": [2.0, 6.0]}
    found = values("histogram_quantile(0.5, rate(h_bucket[1m]))", buckets, deltas=buckets)
    assert found == {"": pytest.approx(1.2)}
