"""Search in replicas for the series that match selectors and that existed in a range of time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dashboard.domain.selector import Selector
from dashboard.query.expression_samples import labels_of
from dashboard.query.promql.values import Labels
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series

#: Series that are looked at in one step.
_STEP = 500


class FoundSeries(NamedTuple):
    """A series that matches; ``labels`` includes its name."""

    name: str
    labels: Labels
    kind: str
    unit: str


class SeriesSearch:
    """Search for series with samples in a range of time. They match any of the selectors; without selectors, all series match."""

    def __init__(self, replicas: Sequence[Replica], selectors: Sequence[Selector], start_ms: int, end_ms: int) -> None:
        self._indexes = [replica.table.index for replica in replicas]
        self._selectors = selectors
        self._start_ms = start_ms
        self._end_ms = end_ms

    def cost_us(self) -> int:
        """Estimate the time for the search in microseconds."""
        return sum(index.full_cost(self._selectors) for index in self._indexes)

    def steps(self) -> Iterator[list[FoundSeries]]:
        """Yield the series in no particular order, in steps of a few milliseconds; a step may yield an empty list."""
        held = [(index, index.hold(selector)) for index in self._indexes for selector in self._selectors]
        try:
            for index, matches in held:
                for _ in index.evaluate(matches):
                    yield []
            found = {series: None for _, matches in held for series in matches.members}
        finally:
            for index, matches in held:
                index.release(matches)
        every = [series for index in self._indexes for series in index.items()] if not self._selectors else list(found)
        for start in range(0, len(every), _STEP):
            yield [self._row(series) for series in every[start : start + _STEP] if self._is_there(series)]

    def _is_there(self, series: Series) -> bool:
        return series.last_ms >= self._start_ms and _first_ms(series) <= self._end_ms

    def _row(self, series: Series) -> FoundSeries:
        return FoundSeries(series.key.name, labels_of(series), series.kind, series.unit)


def _first_ms(series: Series) -> int:
    """Return the approximate time when a series began: the time of its oldest bucket or sample, in milliseconds."""
    for buckets in (series.coarse.stored, series.fine):
        if buckets is not None and len(buckets):
            return buckets.first_slot * buckets.step_ms
    return min(series.times, default=series.last_ms)
