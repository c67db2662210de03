"""List of series for ``/api/v1/series``. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from dashboard.domain.freshness import freshness
from dashboard.domain.selector import Selector
from dashboard.query.reading import newest
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series

if TYPE_CHECKING:
    from _typeshed import SupportsRichComparison

#: Rows that are encoded in one step.
_ROWS_PER_STEP = 200
#: Items that are sorted in one step; the sorted parts are then merged.
_SORTED_AT_ONCE = 2_000
T = TypeVar("T", bound="SupportsRichComparison")


class LastSample(Struct, frozen=True):
    """Newest sample of a series; ``t`` in milliseconds."""

    t: int
    value: float


class SeriesRow(Struct, frozen=True):
    """Series with its newest sample. Times are in milliseconds; ``ended``: when its feeder ended it."""

    series: str
    name: str
    labels: dict[str, str]
    unit: str
    kind: str
    every_s: float | None
    last: LastSample | None
    age_ms: int
    freshness: str
    ended: int | None


class SeriesList:
    """JSON list of the series that any of the selectors matches (without selectors: all series), sorted by name."""

    def __init__(self, replicas: Sequence[Replica], selectors: Sequence[Selector]) -> None:
        self._indexes = [replica.table.index for replica in replicas]
        self._selectors = selectors

    def cost_us(self) -> int:
        """Estimate the time for finding the series in microseconds."""
        return sum(index.full_cost(self._selectors) for index in self._indexes)

    def steps(self, now_ms: int) -> Iterator[bytes]:
        """Yield the rows as pieces of JSON, with commas between the rows, in steps of a few milliseconds; a piece may be empty."""
        held = [(index, index.hold(selector)) for index in self._indexes for selector in self._selectors]
        try:
            for index, matches in held:
                for _ in index.evaluate(matches):
                    yield b""
            found = {series for _, matches in held for series in matches.members}
        finally:
            for index, matches in held:
                index.release(matches)
        every = [series for index in self._indexes for series in index.items()] if not self._selectors else found
        yield b""
        every, parts = list(every), list[list[Series]]()
        for start in range(0, len(every), _SORTED_AT_ONCE):
            parts.append(sorted(every[start : start + _SORTED_AT_ONCE], key=attrgetter("text")))
            yield b""
        ordered, comma = merge(*parts, key=attrgetter("text")), b""
        while rows := [_row(series, now_ms) for series in islice(ordered, _ROWS_PER_STEP)]:
            yield comma + msgspec.json.encode(rows)[1:-1]
            comma = b","


def in_order(items: Sequence[T]) -> list[T]:
    """Return the items in order, for a thread: one sort of 100,000 items would hold the interpreter for 0.2 s."""
    return list(merge(*(sorted(items[at : at + _SORTED_AT_ONCE]) for at in range(0, len(items), _SORTED_AT_ONCE))))


def _row(series: Series, now_ms: int) -> SeriesRow:
    sample = newest(series)
    age_ms = now_ms - series.last_ms
    return SeriesRow(
        series=series.text,
        name=series.key.name,
        labels=dict(series.key.labels),
        unit=series.unit,
        kind=series.kind,
        every_s=series.every_s,
        last=LastSample(*sample) if sample else None,
        age_ms=age_ms,
        freshness=freshness(age_ms, series.every_s, ended=series.is_ended),
        ended=series.ended_ms if series.is_ended else None,
    )
