from __future__ import annotations

import pytest

from dashboard.replica.late import LateSamples
from dashboard.replica.series import Series
from tests.support.histories import T0, replica_of, samples


def held(*rows: tuple[int, float]) -> Series:
    (series,) = replica_of([samples(1, T0, [("a", T0 + t, value) for t, value in rows])]).table
    return series


@pytest.mark.parametrize("rows", [[(0, 1.0), (1, 2.0), (2, 3.0)], [(2, 3.0), (0, 1.0), (1, 2.0)]])
def test_a_sample_is_new_unless_the_same_one_is_held(rows: list[tuple[int, float]]) -> None:
    series, late = held(*rows), LateSamples()
    assert late.is_new(series, T0 + 5, 1.0)
    assert late.is_new(series, T0 - 5, 1.0)
    assert not late.is_new(series, T0 + 1, 2.0)
    assert len(series.times) == 3


def test_one_of_another_value_at_the_time_is_let_go() -> None:
    series, late = held((0, 1.0), (1, 2.0), (2, 3.0)), LateSamples()
    assert late.is_new(series, T0 + 1, 9.0)
    assert sorted(zip(series.times, series.values, strict=True)) == [(T0, 1.0), (T0 + 2, 3.0)]


def test_many_samples_of_one_entry_are_told_apart_as_few_are() -> None:
    rows = [(each * 7 % 50, float(each)) for each in range(50)]
    series, late = held(*rows), LateSamples()
    for t, value in rows:
        assert not late.is_new(series, T0 + t, value)
    assert late.is_new(series, T0 + 1_000, 1.0)
