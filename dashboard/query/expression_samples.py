"""Samples of replicas for expressions: the series that each selector matches, with their samples in a range. No I/O.

``history.py`` reads one series.  Series are sorted by their numbers, so results are the same to the bit in every process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dashboard.query.history import history_of
from dashboard.query.promql.budget import Budget
from dashboard.query.promql.samples import Data, Gathered, Need, SampleColumns
from dashboard.query.promql.values import NAME, Labels
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series, Windows

#: Series that are read in one step.
_STEP = 400
#: The lookback of a slow sender is this many times its declared cadence, so that its series do not vanish between two samples.
_SLOW_CADENCES = 2


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
        return sum(replica.table.index.full_cost(selectors) for replica in self._replicas)

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
                held = gathered.count
                for series, windows in found[start : start + _STEP]:
                    self._read(series, need, windows, gathered)
                self._budget.spend(gathered.count - held)
                yield
            self.data[need.place] = SampleColumns.of(gathered)

    def _read(self, series: Series, need: Need, windows: Windows, into: Gathered) -> None:
        from_ms, lookback_ms = need.from_ms, 0
        if need.is_instant and series.every_s_declared:
            lookback_ms = self._lookback_of(series)
            from_ms -= max(lookback_ms - self._lookback_ms, 0)
        found = history_of(series, from_ms, need.until_ms, windows)
        if not found.times:
            return
        number = self._numbers.get(series)
        if number is None:
            number = self._numbers[series] = len(self._numbers)
        ends = np.array(series.ends, dtype=np.int64) if series.ends else None
        into.add(
            labels_of(series),
            found.times,
            found.values,
            ends,
            lookback_ms,
            number,
            series.unit,
            found.buckets,
            is_delta=series.kind == "delta",
        )

    def _lookback_of(self, series: Series) -> int:
        """Return a series' own lookback in milliseconds, longer than the default if its sender is slow; 0 for the default."""
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
