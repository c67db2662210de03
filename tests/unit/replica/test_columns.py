"""Buckets for reading: means, also where a sum has overflowed."""

from __future__ import annotations

import numpy as np

from dashboard.replica.chunks import Opened
from dashboard.replica.columns import Columns, columns_of, mean


def test_a_bucket_is_read_with_its_start_its_extremes_and_its_mean() -> None:
    inf = float("inf")
    mins, maxs, sums = np.array([1.0, 1e308]), np.array([4.0, 1.5e308]), np.array([7.0, inf])
    opened = Opened(np.array([3, 5]), mins, maxs, sums, np.array([2, 2], np.uint32))
    assert columns_of(opened, 10) == Columns([30, 50], [1.0, 1e308], [3.5, 1.25e308], [4.0, 1.5e308])
    assert mean(inf, 2, 1e308, 1.5e308) == 1.25e308


def test_a_bucket_of_one_sample_is_read_as_this_sample() -> None:
    values = np.array([0.5, -2.0])
    found = columns_of(Opened(np.array([3, 4]), values, values, values, np.ones(2, np.uint32)), 10)
    assert found == Columns([30, 40], [0.5, -2.0], [0.5, -2.0], [0.5, -2.0])
    assert found.mins is not found.means is not found.maxs
