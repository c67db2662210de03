"""Columns of samples."""

from __future__ import annotations

import numpy as np

from dashboard.query.promql.samples import Column, SampleColumns


def test_series_stand_one_after_the_other() -> None:
    one = Column((("__name__", "a"),), np.array([1, 2]), np.array([1.0, 2.0]), unit="B")
    two = Column((("__name__", "b"),), np.array([5]), np.array([9.0]), unit="s")
    both = SampleColumns([one, two])
    assert (both.starts.tolist(), both.times.tolist(), both.values.tolist()) == ([0, 2, 3], [1, 2, 5], [1, 2, 9])
    assert (both.unit, SampleColumns([one]).unit, len(SampleColumns([]).times)) == ("", "B", 0)
