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
from dashboard.query.promql.samples import Data, Gathered, Need, SampleColumns
from dashboard.query.promql.values import NAME, Labels
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
        """Estimate the time for finding the series in microseconds."""
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
            gathered = Gathered()
            for start in range(0, len(found), _STEP):
                held = len(gathered.times)
                for series, windows in found[start : start + _STEP]:
                    self._read(series, need, windows, gathered)
                self._budget.spend(len(gathered.times) - held)
                yield
            self.data[need.place] = SampleColumns.of(gathered)

    def _read(self, series: Series, need: Need, windows: Windows, into: Gathered) -> None:
        from_ms, lookback_ms = need.from_ms, 0
        if need.is_instant and series.every_s_declared:
            lookback_ms = self._lookback_of(series)
            from_ms -= max(lookback_ms - self._lookback_ms, 0)
        times, values = samples_of(series, from_ms, need.until_ms, windows)
        if not times:
            return
        number = self._numbers.get(series)
        if number is None:
            number = self._numbers[series] = len(self._numbers)
        ends = np.array(series.ends, dtype=np.int64) if series.ends else None
        into.add(labels_of(series), times, values, ends, lookback_ms, number, series.unit)

    def _lookback_of(self, series: Series) -> int:
        """Return the longer lookback of a series with a slow sender in milliseconds; 0 for the default lookback."""
        if not series.every_s_declared or series.every_s is None:
            return 0
        own_ms = round(_SLOW_CADENCES * 1000 * series.every_s)
        return own_ms if 1000 * series.every_s > self._lookback_ms else 0


def labels_of(series: Series) -> Labels:
    """Return a series' labels, sorted, with its name as the label ``__name__``."""
    name, labels = series.key
    if not labels or labels[0][0] > NAME:
        return ((NAME, name), *labels)
    return tuple(sorted(((NAME, name), *labels)))


def samples_of(series: Series, from_ms: int, until_ms: int, windows: Windows) -> tuple[array[int], array[float]]:
    """Return the samples after ``from_ms`` up to ``until_ms``, ordered by time, as copies.

    Where samples are no longer kept, each bucket gives one sample.
    """
    times, values = series.times, series.values
    if not times:
        return array("q"), array("d")
    if series.is_ordered:
        oldest_ms = times[0]
        low = 0 if from_ms < oldest_ms else bisect_right(times, from_ms)
        high = len(times) if times[-1] <= until_ms else bisect_right(times, until_ms)
        found = times[low:high], values[low:high]
    else:
        pairs = sorted(zip(times, values, strict=True))
        oldest_ms = pairs[0][0]
        pairs = [pair for pair in pairs if from_ms < pair[0] <= until_ms]
        found = array("q", [t for t, _ in pairs]), array("d", [v for _, v in pairs])
    if from_ms >= oldest_ms - 1 or not len(series.coarse):
        return found
    return _with_buckets(series, from_ms, min(until_ms, oldest_ms - 1), windows, found)


def _with_buckets(
    series: Series, from_ms: int, until_ms: int, windows: Windows, found: tuple[array[int], array[float]]
) -> tuple[array[int], array[float]]:
    """Prepend to ``found`` a sample for each bucket that ends in the range: fine buckets as far back as they reach, then coarse buckets."""
    greatest = series.kind in ("counter", "histogram") or series.key.name.endswith(_COUNTER_ENDS)
    fine_times, fine_values = _ends_of(series.fine, from_ms, until_ms, greatest=greatest)
    until_coarse = until_ms
    if len(series.fine):
        until_coarse = min(until_ms, series.fine.first_slot * windows.fine_step_ms - 1)
    times, values = _ends_of(series.coarse, from_ms, until_coarse, greatest=greatest)
    return times + fine_times + found[0], values + fine_values + found[1]


def _ends_of(buckets: Buckets, from_ms: int, until_ms: int, *, greatest: bool) -> tuple[array[int], array[float]]:
    step = buckets.step_ms
    columns = buckets.columns(from_ms // step - 1)
    times = array("q", [start + step - 1 for start in columns.times])
    values = array("d", columns.maxs if greatest else columns.means)
    low, high = bisect_right(times, from_ms), bisect_right(times, until_ms)
    return times[low:high], values[low:high]
