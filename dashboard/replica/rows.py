"""Rows: a list of series that a feeder sends repeatedly, and the entries with this list that wait to be added to the
series' columns.

Adding one sample to three columns of each of a thousand series costs mostly cache misses. So entries wait here, and
several of them are added to the columns together: when one of the series is read, or when many entries wait.  While entries wait,
the next entry can usually be added without a look at each series, if it is later than the entry before.  An entry that begins another
fine step can wait, too, if all series have as many samples in each step as before (``Steady``).  The finished steps are folded into
the buckets together.  The series learn the time of the newest sample when they are read.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Generic, NamedTuple, Protocol, TypeVar

from dashboard.replica.stamps import Sharing, Stamps, shared_by

#: Most waiting entries; then all are added. Each list has a limit of its own, up to ``_SPREAD`` less, so that not all are added at once.
_MOST_WAITING = 96
_SPREAD = 32
#: Most time steps that wait. Samples that come seldom would wait for long, and their columns would grow beyond the raw window at once.
_MOST_STEPS = 8
#: Entries of shorter lists are added at once.
_WAITING_FROM = 16
#: Least mean length of the parts of a list with repetitions; a list with shorter parts is not divided.
_PART_FROM = 64


class Columned(Sharing, Protocol):
    """The part of a series that rows use."""

    slot_ms: int
    noted_ms: int
    noted_seq: int


N = TypeVar("N", int, float)
S = TypeVar("S", bound=Columned)
T_contra = TypeVar("T_contra", contravariant=True)


class Steady(NamedTuple):
    """Common state of series whose cadence is known: each has ``run`` samples in each time step.

    ``every_s``: the least and the greatest cadence that was learned; empty if all were declared.
    """

    run: int
    every_s: tuple[float, ...]

    def fits(self, run: int, gap_ms: int) -> bool:
        """Return whether a step of ``run`` samples, the next sample ``gap_ms`` after the last, tells nothing new about a cadence."""
        if run != self.run:
            return False
        return run > 1 or all(abs(gap_ms / 1000 - every_s) <= every_s / 5 for every_s in self.every_s)


class Finish(Protocol[T_contra]):
    """Function that folds the steps that waited, see ``Turning.finish``."""

    def __call__(self, series: Sequence[T_contra], backs: list[int], /) -> None:
        """``backs``: the places, counted from the end of each series' samples, where a new step begins."""


class Followed(Protocol):
    """Matches of a selector with listeners, see ``index/series_index.py``."""

    @property
    def armed(self) -> Collection[object]:
        """The listeners that wait for a change."""

    def fire(self) -> None:
        """Call the armed listeners."""


class Rows(Generic[S]):
    """A list of series, with its waiting entries. ``repeats``: True if a series is in the list more than once.

    ``parts``: divides a list with repeated series into parts without repeated series, each with its rows; empty if the
    parts would be too short. ``alike``: True if all parts are the same list of series. ``followed``: the matches that
    any of the series belongs to, as of the index's ``followed_version``. ``is_behind``: True if the series' ``noted_ms`` and
    ``noted_seq`` do not include all waiting entries.
    """

    __slots__ = (
        "_columns",
        "_finish",
        "_greatest_ms",
        "_most",
        "_run",
        "_seqs",
        "_stamps",
        "_starts",
        "_steady",
        "_times",
        "_until_ms",
        "_values",
        "_version",
        "alike",
        "followed",
        "followed_version",
        "is_behind",
        "parts",
        "repeats",
        "series",
    )

    def __init__(self, series: tuple[S, ...], finish: Finish[S]) -> None:
        self.series = series
        self._finish = finish
        self._most = _MOST_WAITING - id(self) // 64 % _SPREAD
        self.followed: Sequence[Followed] = ()
        self.followed_version = -1
        self.repeats = len(set(series)) < len(series)
        self.parts = _divided(series, finish) if self.repeats else ()
        self.alike = len({rows for _, rows in self.parts}) == 1
        self._stamps: Sequence[Stamps] = ()  # those that the series share
        self._version = -1  # of the stamps; -1: ``_columns`` are not known yet
        self._columns: tuple[list[array[int]], list[array[int]], list[array[float]]] = ([], [], [])
        self._seqs = array("q")
        self._times: list[int | array[int]] = []
        self._values: list[array[float]] = []
        self._greatest_ms = 0  # of the newest waiting entry
        self._until_ms = 0  # the first end of a fine step of the series; 0: not known
        self._starts: list[int] = []  # of the waiting entries, those that begin another step
        self._steady: Steady | None = None  # None: the next step must not wait
        self._run = 0  # entries in the present step, while ``_steady``
        self.is_behind = False

    def note_followed(self, followed: Sequence[Followed], version: int) -> None:
        """Keep the matches that any of the series belongs to. ``version``: the index's ``followed_version``."""
        self.followed = followed
        self.followed_version = version

    def hold(self, seq: int, times: int | array[int], values: array[float]) -> None:
        """Keep an entry's samples for later. No series may be in the list twice, and ``waiting`` of each must be this object.

        The caller has noted the entry in each series.
        """
        if len(self.series) < _WAITING_FROM:
            self.append(seq, times, values)
            return
        self._greatest_ms = times if isinstance(times, int) else max(times)
        self._until_ms = 0
        self._run += 1
        self._hold(seq, times, values)

    def hold_next(self, seq: int, times: int | array[int], values: array[float], step_ms: int) -> bool:
        """Keep an entry's samples for later without a look at each series; return False if that is not possible.

        It is possible while other entries wait, if all samples are later than those of the entry before. They must be within the fine
        step of their series, ``step_ms`` long, or all of them begin a step after one that was like the steps before.
        """
        if not self._seqs:
            return False
        least, greatest = (times, times) if isinstance(times, int) else (min(times), max(times))
        if not self._until_ms:
            self._until_ms = min([series.slot_ms for series in self.series]) + step_ms
        begins_step = greatest >= self._until_ms
        if least <= self._greatest_ms or (begins_step and not self._begins_step(times, step_ms)):
            return False
        self._run += 1
        self._greatest_ms = greatest
        self.is_behind = True
        self._hold(seq, times, values)
        if begins_step and self._steady is not None and self._is_full(self._steady.run):
            steady = self._steady
            self.flush()  # at the begin of a step, so that the last step is folded, too
            self.turned(steady, greatest)
        return True

    def _is_full(self, run: int) -> bool:
        """Return whether a step with ``run`` more entries should not wait, too."""
        return len(self._seqs) + run > self._most or len(self._starts) >= _MOST_STEPS

    def _begins_step(self, times: int | array[int], step_ms: int) -> bool:
        """Note that the next waiting entry begins another step in all series; return False if it cannot wait."""
        steady = self._steady
        if steady is None or not isinstance(times, int):
            return False
        if not steady.fits(self._run, times - self._greatest_ms):
            return False
        self._starts.append(len(self._seqs))
        self._run = 0
        self._until_ms = times - times % step_ms + step_ms
        return True

    def hold_first(self, seq: int, times: int | array[int], values: array[float], step_ms: int) -> bool:
        """Keep an entry that begins a step in all series, if it can wait, although no other entry waits; return whether it does.

        The caller has noted the entry in each series, and called ``unsteady`` if a series has got other samples.
        """
        if self._seqs or len(self.series) < _WAITING_FROM or not self._begins_step(times, step_ms):
            return False
        assert isinstance(times, int)
        self._run, self._greatest_ms = 1, times
        self._hold(seq, times, values)
        return True

    def turned(self, steady: Steady | None, t_ms: int) -> None:
        """Record that all series have begun a step with a sample at ``t_ms``, which does not wait.

        ``steady``: None if the next step must not wait.
        """
        self._steady, self._run, self._greatest_ms = steady, 1, t_ms

    def unsteady(self) -> None:
        """Record that a series has got other samples, so that the next step must not wait."""
        self._steady = None

    def note(self) -> None:
        """Bring what the series note about themselves up to date, at the least cost."""
        if self._starts:
            self.flush()
        else:
            self.catch_up()

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
        if len(self._seqs) >= self._most:
            self.flush()

    def append(self, seq: int, times: int | array[int], values: array[float]) -> None:
        """Add one entry to the columns; this object must have no waiting entry."""
        seqs, all_times, all_values = self._current_columns(may_share=isinstance(times, int))
        each = repeat(times) if isinstance(times, int) else times
        deque(map(array.append, seqs, repeat(seq)), maxlen=0)  # the loop runs in C
        deque(map(array.append, all_times, each), maxlen=0)
        deque(map(array.append, all_values, values), maxlen=0)

    def _current_columns(self, *, may_share: bool) -> tuple[list[array[int]], list[array[int]], list[array[float]]]:
        """Return the columns to add to: all values, and each column of seqs and times once, however many series share it.

        ``may_share``: False if the series get samples of different times, so that each needs columns of its own.
        """
        if not may_share and (self._stamps or self._version < 0):
            for series in self.series:
                series.own()
        if self._version != sum(stamps.version for stamps in self._stamps):
            self._stamps = shared_by(self.series)
            self._version = sum(stamps.version for stamps in self._stamps)
            own = [series.columns for series in self.series if series.stamps is None]
            self._columns = (
                [*(stamps.seqs for stamps in self._stamps), *(seqs for seqs, _, _ in own)],
                [*(stamps.times for stamps in self._stamps), *(times for _, times, _ in own)],
                [series.columns[2] for series in self.series],
            )
        return self._columns

    def flush(self) -> None:
        """Add the waiting entries to the columns."""
        if not self._seqs:
            return
        self.catch_up()
        seqs, times, values, starts = self._seqs, self._times, self._values, self._starts
        self._seqs, self._times, self._values, self._starts, self._steady = array("q"), [], [], [], None
        self._extend(seqs, times, values)
        if starts:
            self._finish(self.series, [len(seqs) - start for start in starts])

    def _extend(self, seqs: array[int], times: list[int | array[int]], values: list[array[float]]) -> None:
        """Add several entries to the columns."""
        if len(seqs) == 1:
            self.append(seqs[0], times[0], values[0])
            return
        same, count = [t for t in times if isinstance(t, int)], len(self.series)
        are_same = len(same) == len(times)
        all_seqs, all_times, all_values = self._current_columns(may_share=are_same)
        if are_same:
            each_times: Iterator[array[int]] = repeat(array("q", same))
        else:
            each_times = _turned(
                array("q"), (array("q", [t]) * count if isinstance(t, int) else t for t in times), count
            )
        deque(map(array.extend, all_seqs, repeat(seqs)), maxlen=0)
        deque(map(array.extend, all_times, each_times), maxlen=0)
        deque(map(array.extend, all_values, _turned(array("d"), values, count)), maxlen=0)


def _turned(whole: array[N], rows: Iterable[array[N]], count: int) -> Iterator[array[N]]:
    """Transpose rows of ``count`` items to columns; ``whole`` is an empty array to fill."""
    for row in rows:
        whole.extend(row)
    return map(whole.__getitem__, map(slice, range(count), repeat(None), repeat(count)))


def _divided(series: tuple[S, ...], finish: Finish[S]) -> tuple[tuple[slice, Rows[S]], ...]:
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
            rows[series[a:b]] = Rows(series[a:b], finish)
    return tuple((slice(a, b), rows[series[a:b]]) for a, b in zip(starts, ends, strict=True))
