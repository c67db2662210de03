"""The series of a list of keys that a feeder sends again and again, and the samples of theirs that wait to be sorted in.

Touching three columns of each of a thousand series for one sample costs mostly cache misses.  So whole entries wait here,
as they came, and are sorted into the columns several at a time: when a reader looks at one of the series, when one of
them turns to another fine step, or when many wait.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any, Generic, Protocol, TypeVar

#: So many entries wait at the most.
_MOST_WAITING = 32
#: Shorter lists are sorted in at once.
_WAITING_FROM = 16
#: A list with repetitions is divided when its parts are so long at least, on average.
_PART_FROM = 64


class Columned(Protocol):
    """A series, as far as its rows are concerned."""

    @property
    def columns(self) -> tuple[array[int], array[int], array[float]]:
        """Numbers of entries, times and values, which live as long as the series."""


S = TypeVar("S", bound=Columned)


class Rows(Generic[S]):
    """``repeats``: a series stands in several rows. The columns live as long as their series.

    ``parts``: where a list with repetitions is cut so that none is left within a part, with the rows of each; empty when
    that would cut it too small.  ``alike``: they all are of one list, which stands there several times over.
    """

    __slots__ = ("_columns", "_seqs", "_times", "_values", "alike", "parts", "repeats", "series")

    def __init__(self, series: tuple[S, ...]) -> None:
        self.series = series
        self.repeats = len(set(series)) < len(series)
        self.parts = _divided(series) if self.repeats else ()
        self.alike = len({rows for _, rows in self.parts}) == 1
        self._columns = tuple(zip(*(s.columns for s in series), strict=True))
        self._seqs = array("q")
        self._times: list[int | array[int]] = []
        self._values: list[array[float]] = []

    def hold(self, seq: int, times: int | array[int], values: array[float]) -> None:
        """Let an entry wait. No series stands twice, each has this as its ``waiting``."""
        if len(self.series) < _WAITING_FROM:
            self.append(seq, times, values)
            return
        self._seqs.append(seq)
        self._times.append(times)
        self._values.append(values)
        if len(self._seqs) >= _MOST_WAITING:
            self.flush()

    def append(self, seq: int, times: int | array[int], values: array[float]) -> None:
        """Sort one entry in; nothing waits."""
        append: Any = array.append
        seqs, all_times, all_values = self._columns
        each = repeat(times) if isinstance(times, int) else times
        for columns, items in ((seqs, repeat(seq)), (all_times, each), (all_values, values)):
            deque(map(append, columns, items), maxlen=0)  # the loop runs in C

    def flush(self) -> None:
        """Sort in what waits."""
        if not self._seqs:
            return
        seqs, times, values = self._seqs, self._times, self._values
        self._seqs, self._times, self._values = array("q"), [], []
        if len(seqs) == 1:
            self.append(seqs[0], times[0], values[0])
            return
        extend: Any = array.extend
        all_seqs, all_times, all_values = self._columns
        same, count = [t for t in times if isinstance(t, int)], len(self.series)
        if len(same) == len(times):
            each_times: Any = repeat(array("q", same))
        else:
            each_times = _turned(
                array("q"), (array("q", [t]) * count if isinstance(t, int) else t for t in times), count
            )
        deque(map(extend, all_seqs, repeat(seqs)), maxlen=0)
        deque(map(extend, all_times, each_times), maxlen=0)
        deque(map(extend, all_values, _turned(array("d"), values, count)), maxlen=0)


def _turned(whole: array[Any], rows: Iterable[array[Any]], count: int) -> Iterator[array[Any]]:
    """Rows of ``count`` items as columns; ``whole`` is empty."""
    for row in rows:
        whole.extend(row)
    return map(whole.__getitem__, map(slice, range(count), repeat(None), repeat(count)))


def _divided(series: tuple[S, ...]) -> tuple[tuple[slice, Rows[S]], ...]:
    starts: list[int] = [0]
    seen: set[S] = set()
    for place, each in enumerate(series):
        if each in seen:
            starts.append(place)
            seen.clear()
        seen.add(each)
    if len(series) < _PART_FROM * len(starts):
        return ()
    ends = [*starts[1:], len(series)]
    rows: dict[tuple[S, ...], Rows[S]] = {}
    for a, b in zip(starts, ends, strict=True):
        if series[a:b] not in rows:
            rows[series[a:b]] = Rows(series[a:b])
    return tuple((slice(a, b), rows[series[a:b]]) for a, b in zip(starts, ends, strict=True))
