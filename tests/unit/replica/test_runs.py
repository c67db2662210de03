from __future__ import annotations

from math import copysign, fsum

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dashboard.replica.runs import are_plain, runs_of, totals_of
from dashboard.replica.sample_order import run_of, total_of

#: Values whose sums are rounded: few decimals, far apart, tiny or large.
NUMBERS = st.one_of(
    st.integers(-(2**53), 2**53).map(float),
    st.integers(-100_000, 100_000).map(lambda n: n / 100),
    st.floats(-1e289, 1e289),
    st.sampled_from([1e16, 1.0, -1e16, 1e-300, 1e289, -1e289]),
).filter(lambda x: x != 0 or copysign(1, x) > 0)


@given(
    st.integers(1, 9).flatmap(
        lambda size: st.lists(st.lists(NUMBERS, min_size=size, max_size=size), min_size=1, max_size=5)
    )
)
def test_runs_of_many_series_are_those_of_each(series: list[list[float]]) -> None:
    times = [1_000 + 10 * n for n in range(len(series[0]))]
    runs = runs_of(times, np.ascontiguousarray(np.array(series).T))
    for n, values in enumerate(series):
        expected = run_of(times, values)
        columns = runs.least, runs.greatest, runs.total, runs.first, runs.last, runs.resets
        least, greatest, total, first, last, resets = (float(column[n]) for column in columns)
        found = (least, greatest, total, runs.size, first, last, resets, runs.first_ms, runs.last_ms)
        assert repr(found) == repr(tuple(expected))


def test_a_sum_that_plain_addition_rounds_twice_is_rounded_once() -> None:
    values = np.array([[0.1], [1e16], [0.3], [-1e16], [1e-17]])
    assert totals_of(values).tolist() == [fsum(values[:, 0].tolist())] == [total_of(values[:, 0].tolist())]


def test_values_that_comparisons_treat_alike_are_not_plain() -> None:
    assert are_plain(np.array([[0.0, 1.5]]))
    assert not any(are_plain(np.array([[value, 1.5]])) for value in (-0.0, float("inf"), float("nan"), 1e300))
