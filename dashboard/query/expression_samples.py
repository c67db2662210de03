"""Samples of replicas for expressions: the series that each selector matches, with their samples in a range. No I/O.

Within the raw window the samples themselves are used.  Before the raw window each bucket becomes one sample at the bucket's end, with
the bucket's mean, or its greatest value if the series is a counter.  Series are sorted by their numbers, so results are the same to
the bit in every process.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from dashboard.query.promql.budget import Budget
from dashboard.query.promql.samples import Column, Data, Need, SampleColumns
from dashboard.query.promql.values import NAME, Floats, Ints, Labels
from dashboard.replica.buckets import Buckets
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series, Windows

#: Series that are read in one step.
_STEP = 400
#: The lookback of a slow sender is this many times its declared cadence, so that its series do not vanish between two samples.
_SLOW_CADENCES = 2
_COUNTER_ENDS = ("_total", "_count", "_bucket", "_sum")


class SampleReading:
    """Reader of the samples that a query needs, in steps of a few milliseconds."""

    def __init__(self, replicas: Sequence[Replica], needs: Sequence[Need], lookback_ms: int, budget: Budget) -> None:
        self._replicas = replicas
        self._needs = needs
        self._lookback_ms = lookback_ms
        self._budget = budget
        self._numbers: dict[Series, int] = {}
        self.data: Data = {}

    @property
    def series(self) -> list[Series]:
        """The series read; a column's ``number`` is an index of this list."""
        return list(self._numbers)

    def cost_us(self) -> int:
        """Return about how many microseconds it takes to find the series."""
        selectors = [need.selector for need in self._needs]
        return sum(replica.table.index.cost(selectors) for replica in self._replicas)

    def steps(self) -> Iterator[None]:
        """Read everything, step by step; samples may be added between two steps. Raises OverBudget."""
        for need in self._needs:
            found: list[tuple[Series, Windows]] = []
            for replica in self._replicas:
                index = replica.table.index
                matches = index.hold(need.selector)
                try:
                    for _ in index.evaluate(matches):
                        yield
                    found += [(series, replica.table.windows) for series in matches.members]
                finally:
                    index.release(matches)
            found.sort(key=lambda pair: pair[0].sid)
            columns: list[Column] = []
            for place, (series, windows) in enumerate(found):
                column = self._read(series, need, windows)
                if len(column.times):
                    self._budget.spend(len(column.times))
                    columns.append(column)
                if place % _STEP == _STEP - 1:
                    yield
            self.data[need.place] = SampleColumns(columns)

    def _read(self, series: Series, need: Need, windows: Windows) -> Column:
        lookback_ms = self._lookback_of(series) if need.is_instant else 0
        from_ms = need.from_ms - max(lookback_ms - self._lookback_ms, 0)
        times, values = samples_of(series, from_ms, need.until_ms, windows)
        ends = np.array(series.ends, dtype=np.int64) if series.ends else None
        number = self._numbers.setdefault(series, len(self._numbers))
        return Column(labels_of(series), times, values, ends, lookback_ms, number, series.unit)

    def _lookback_of(self, series: Series) -> int:
        """Return the lookback of a slow sender, 0 for the usual lookback."""
        if not series.every_s_declared or series.every_s is None:
            return 0
        own_ms = round(_SLOW_CADENCES * 1000 * series.every_s)
        return own_ms if 1000 * series.every_s > self._lookback_ms else 0


def labels_of(series: Series) -> Labels:
    """Return a series' labels, including its name, sorted."""
    return tuple(sorted(((NAME, series.key.name), *series.key.labels)))


def samples_of(series: Series, from_ms: int, until_ms: int, windows: Windows) -> tuple[Ints, Floats]:
    """Return copies of the samples after ``from_ms`` up to ``until_ms``, ordered by time; before the oldest sample, buckets' values."""
    times, values = series.times, series.values
    if series.is_ordered:
        low, high = bisect_right(times, from_ms), bisect_right(times, until_ms)
        found = _ints(times[low:high]), np.frombuffer(values[low:high], dtype=np.float64)
        oldest_ms = times[0] if times else None
    else:
        every, numbers = _ints(times[:]), np.frombuffer(values[:], dtype=np.float64)
        order = np.argsort(every, kind="stable")
        every, numbers = every[order], numbers[order]
        chosen = slice(*np.searchsorted(every, (from_ms, until_ms), side="right"))
        found = every[chosen], numbers[chosen]
        oldest_ms = int(every[0])
    if oldest_ms is None or from_ms >= oldest_ms - 1 or not (len(series.coarse) or len(series.fine)):
        return found
    before = _bucket_samples(series, from_ms, min(until_ms, oldest_ms - 1), windows)
    return np.concatenate((before[0], found[0])), np.concatenate((before[1], found[1]))


def _ints(times: array[int]) -> Ints:
    return np.frombuffer(times, dtype=np.int64)


def _bucket_samples(series: Series, from_ms: int, until_ms: int, windows: Windows) -> tuple[Ints, Floats]:
    """Return one sample for each bucket whose end is in the range: coarse buckets up to the oldest fine bucket, then fine buckets."""
    greatest = series.kind in ("counter", "histogram") or series.key.name.endswith(_COUNTER_ENDS)
    fine_times, fine_values = _ends_of(series.fine, from_ms, until_ms, greatest=greatest)
    until_coarse = until_ms
    if len(series.fine):
        until_coarse = min(until_ms, series.fine.slots[0] * windows.fine_step_ms - 1)
    coarse_times, coarse_values = _ends_of(series.coarse, from_ms, until_coarse, greatest=greatest)
    return np.concatenate((coarse_times, fine_times)), np.concatenate((coarse_values, fine_values))


def _ends_of(buckets: Buckets, from_ms: int, until_ms: int, *, greatest: bool) -> tuple[Ints, Floats]:
    step = buckets.step_ms
    columns = buckets.columns(from_ms // step - 1)
    times = np.array(columns.times, dtype=np.int64) + step - 1
    values = np.array(columns.maxs if greatest else columns.means, dtype=np.float64)
    chosen = slice(*np.searchsorted(times, (from_ms, until_ms), side="right"))
    return times[chosen], values[chosen]
