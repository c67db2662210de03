"""Compensated sums, one by one and together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dashboard.query.promql.summation import CompensatedSum, summed


@given(st.lists(st.floats(-1e300, 1e300), max_size=20))
def test_numbers_and_arrays_are_summed_alike(numbers: list[float]) -> None:
    together = CompensatedSum((1,))
    with np.errstate(all="ignore"):
        for number in numbers:
            together.add(np.array([number]), np.array([True]))
    total, lost = summed(numbers)
    assert np.array_equal(together.value, [total], equal_nan=True)
    assert np.array_equal(together.lost, [lost], equal_nan=True)
