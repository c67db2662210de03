"""The newest samples before steps, and windows."""

from __future__ import annotations

import numpy as np

from dashboard.query.promql.samples import Column, SampleColumns
from dashboard.query.promql.windows import newest, ranges

TIMES = np.array([0, 10_000, 20_000], dtype=np.int64)


def columns(ends: list[int] | None = None, lookback_ms: int = 0) -> SampleColumns:
    stops = np.array(ends, dtype=np.int64) if ends else None
    return SampleColumns([Column((), TIMES, np.array([1.0, 2.0, 3.0]), stops, lookback_ms)])


def seen(held: SampleColumns, *at_ms: int) -> list[float | None]:
    found = newest(held, np.array(at_ms, dtype=np.int64), 15_000)
    return [
        value if there else None for value, there in zip(found.values[0].tolist(), found.there[0].tolist(), strict=True)
    ]


def test_the_newest_sample_counts_until_it_is_too_old_or_its_series_has_ended() -> None:
    assert seen(columns(), -1, 0, 9_999, 10_000, 34_999, 35_000) == [None, 1, 1, 2, 3, None]
    assert seen(columns([12_000]), 11_999, 12_000, 19_999, 20_000) == [2, None, None, 3]
    assert seen(columns([20_000]), 20_000, 20_001) == [3, None]
    assert seen(columns(lookback_ms=60_000), 79_999, 80_000) == [3, None]


def test_windows_are_open_on_the_left() -> None:
    found = ranges(columns(), np.array([20_000, 30_000], dtype=np.int64), 10_000, [])
    assert found.counts.tolist() == [[1, 0]]
