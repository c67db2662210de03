"""Rows: a list of series that a feeder sends repeatedly, and the entries with this list that wait to be added to the
series' columns.

Adding one sample to three columns of each of a thousand series costs mostly cache misses. So entries wait here, and
several of them are added to the columns together: when one of the series is read, when a sample begins another fine
step, or when many entries wait.  While entries wait, the next entry can usually be added without a look at each series: if it
is later than the entry before, and no sample begins another fine step.  The series learn its time when they are read.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, Generic, Protocol, TypeVar

#: Most waiting entries; then all are added.
_MOST_WAITING = 32
#: Entries of shorter lists are added at once.
_WAITING_FROM = 16
#: Least mean length of the parts of a list with repetitions; a list with shorter parts is not divided.
_PART_FROM = 64


class Columned(Protocol):
    """The part of a series that rows use."""

    @property
    def columns(self) -> tuple[array[int], array[int], array[float]]:
        """The columns seqs, times and values, which are the same objects as long as the series lives."""

    slot_ms: int
    noted_ms: int
    noted_seq: int


class Followed(Protocol):
    """Matches of a selector with listeners, see ``query/index.py``."""

    @property
    def armed(self) -> Collection[object]:
        """The listeners that wait for a change."""

    def fire(self) -> None:
        """Call the armed listeners."""


S = TypeVar("S", bound=Columned)


class Rows(Generic[S]):
    """A list of series, with its waiting entries. ``repeats``: True if a series is in the list more than once.

    ``parts``: divides a list with repeated series into parts without repeated series, each with its rows; empty if the
    parts would be too short. ``alike``: True if all parts are the same list of series. ``followed``: the matches that
    any of the series belongs to, as of the index's ``followed_version``. ``is_behind``: True if the series' ``noted_ms`` and
    ``noted_seq`` do not include all waiting entries.
    """

    __slots__ = (
        "_columns",
        "_greatest_ms",
        "_seqs",
        "_times",
        "_until_ms",
        "_values",
        "alike",
        "followed",
        "followed_version",
        "is_behind",
        "parts",
        "repeats",
        "series",
    )

    def __init__(self, series: tuple[S, ...]) -> None:
        self.series = series
        self.followed: Sequence[Followed] = ()
        self.followed_version = -1
        self.repeats = len(set(series)) < len(series)
        self.parts = _divided(series) if self.repeats else ()
        self.alike = len({rows for _, rows in self.parts}) == 1
        self._columns = tuple(zip(*(s.columns for s in series), strict=True))
        self._seqs = array("q")
        self._times: list[int | array[int]] = []
        self._values: list[array[float]] = []
        self._greatest_ms = 0  # of the newest waiting entry
        self._until_ms = 0  # the first end of a fine step of the series; 0: not known
        self.is_behind = False

    def hold(self, seq: int, times: int | array[int], values: array[float]) -> None:
        """Keep an entry's samples for later. No series may be in the list twice, and ``waiting`` of each must be this object.

        The caller has noted the entry in each series.
        """
        if len(self.series) < _WAITING_FROM:
            self.append(seq, times, values)
            return
        self._greatest_ms = times if isinstance(times, int) else max(times)
        self._until_ms = 0
        self._hold(seq, times, values)

    def hold_next(self, seq: int, times: int | array[int], values: array[float], step_ms: int) -> bool:
        """Keep an entry's samples for later without a look at each series; return False if that is not possible.

        It is possible while other entries wait, if all samples are later than those of the entry before, and within the
        fine step of their series, ``step_ms`` long.
        """
        if not self._seqs:
            return False
        least, greatest = (times, times) if isinstance(times, int) else (min(times), max(times))
        if not self._until_ms:
            self._until_ms = min([series.slot_ms for series in self.series]) + step_ms
        if least <= self._greatest_ms or greatest >= self._until_ms:
            return False
        self._greatest_ms = greatest
        self.is_behind = True
        self._hold(seq, times, values)
        return True

    def catch_up(self) -> None:
        """Note the newest waiting entry in each series."""
        if self.is_behind:
            self.is_behind = False
            seq, times = self._seqs[-1], self._times[-1]
            for series, t_ms in zip(self.series, repeat(times) if isinstance(times, int) else times, strict=False):
                series.noted_ms = t_ms
                series.noted_seq = seq

    def _hold(self, seq: int, times: int | array[int], values: array[float]) -> None:
        self._seqs.append(seq)
        self._times.append(times)
        self._values.append(values)
        if len(self._seqs) >= _MOST_WAITING:
            self.flush()

    def append(self, seq: int, times: int | array[int], values: array[float]) -> None:
        """Add one entry to the columns; this object must have no waiting entry."""
        append: Any = array.append
        seqs, all_times, all_values = self._columns
        each = repeat(times) if isinstance(times, int) else times
        for columns, items in ((seqs, repeat(seq)), (all_times, each), (all_values, values)):
            deque(map(append, columns, items), maxlen=0)  # the loop runs in C

    def flush(self) -> None:
        """Add the waiting entries to the columns."""
        if not self._seqs:
            return
        self.catch_up()
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
    """Transpose rows of ``count`` items to columns; ``whole`` is an empty array to fill."""
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
