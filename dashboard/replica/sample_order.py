"""Order of the samples within buckets: the first and the last value, and the sum of the values before each fall. Pure.

The increase of a counter within a bucket is ``last - first + resets``: a value lower than the one before is a reset to zero.  A reset
between two buckets is stored in neither: the first value of a bucket is then less than the last value of the bucket before.  So no
bucket depends on its neighbours, and buckets can be trimmed and merged.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise
from math import fsum
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Ints: TypeAlias = NDArray[np.int64]
_Floats: TypeAlias = NDArray[np.float64]
#: The span of buckets that were stored before their order was kept.
UNKNOWN = -(1 << 30)
#: Numbers of a bucket in ``OpenOrder._values``.
_WIDTH = 4


class Run(NamedTuple):
    """Samples that fall into one bucket, in the order of their times. ``resets``: the sum of the values before each fall."""

    least: float
    greatest: float
    total: float
    size: int
    first: float
    last: float
    resets: float
    first_ms: int
    last_ms: int


def run_of(times: Sequence[int], values: list[float]) -> Run:
    """Return the run of these samples, which must be ordered by time."""
    ordered, resets = sorted(values), 0.0
    if ordered != values:  # else nothing falls, as in a counter
        resets = total_of([before for before, after in pairwise(values) if after < before])
    total, size = total_of(values), len(values)
    return Run(ordered[0], ordered[-1], total, size, values[0], values[-1], resets, times[0], times[-1])


def run_of_unordered(times: Sequence[int], values: list[float]) -> Run:
    """Return the run of samples in any order."""
    pairs = sorted(zip(times, values, strict=True))
    return run_of([t for t, _ in pairs], [value for _, value in pairs])


def total_of(values: list[float]) -> float:
    """Return the sum, rounded only once. So the sum of values with few decimals has few decimals, and takes little memory."""
    try:
        return fsum(values)
    except OverflowError:  # of a partial sum
        return sum(values)


class Order(NamedTuple):
    """Columns for reading.

    ``starts``: from the begin of the bucket to its first sample, in ms; ``spans``: from the first to the last sample, in ms. A span of
    ``~span`` or ``UNKNOWN``, which are negative, marks a bucket whose ``resets`` are approximate.
    """

    firsts: _Floats
    lasts: _Floats
    resets: _Floats
    starts: _Ints
    spans: _Ints

    def part(self, start: int, end: int | None = None) -> Order:
        """Return the columns' items from ``start`` to ``end``."""
        firsts, lasts, resets = (column[start:end] for column in self[:3])
        return Order(firsts, lasts, resets, self.starts[start:end], self.spans[start:end])

    def end(self) -> tuple[float, float, float, int, int]:
        """Return the order of the last bucket."""
        numbers = float(self.firsts[-1]), float(self.lasts[-1]), float(self.resets[-1])
        return *numbers, int(self.starts[-1]), int(self.spans[-1])


def orders_joined(parts: Sequence[Order]) -> Order:
    """Append columns to each other."""
    return parts[0] if len(parts) == 1 else Order(*map(np.concatenate, zip(*parts, strict=True)))


def unknown_order(mins: _Floats, maxs: _Floats) -> Order:
    """Return the order of buckets that were stored without it."""
    rows = len(mins)
    return Order(mins, maxs, np.zeros(rows), np.zeros(rows, np.int64), np.full(rows, UNKNOWN))


class OpenOrder:
    """Order of the open buckets. While all of them have one sample, only ``starts`` are kept, and ``_values`` is None.

    ``_values``: first, last, resets and span of each bucket, one after the other.
    """

    __slots__ = ("_starts", "_values")

    def __init__(self) -> None:
        self._starts = array("i")
        self._values: array[float] | None = None

    def spread(self, mins: array[float]) -> None:
        """Begin to keep ``_values``, because a bucket gets a second sample. ``mins``: the values of the present buckets."""
        self._values = array("d", (number for value in mins for number in (value, value, 0.0, 0.0)))

    def gather(self, mins: array[float]) -> bool:
        """Stop keeping ``_values`` if each bucket's items follow from its value in ``mins``; return whether they do."""
        if self._values is None:
            return True
        kept, self._values = self._values, None
        self.spread(mins)
        is_same = self._values == kept
        self._values = None if is_same else kept
        return is_same

    def add(self, start_ms: int, value: float) -> None:
        """Append a bucket with one sample."""
        self._starts.append(start_ms)
        if self._values is not None:
            self._values.extend((value, value, 0.0, 0.0))

    def append(self, start_ms: int, run: Run) -> None:
        """Append a bucket. ``start_ms``: from the bucket's begin to the first sample."""
        assert self._values is not None
        self._starts.append(start_ms)
        self._values.extend((run.first, run.last, run.resets, run.last_ms - run.first_ms))

    def newest(self, value: float) -> tuple[int, float, float, float, int]:
        """Return start, first, last, resets and span of the last bucket; ``value``: its least value."""
        if self._values is None:
            return self._starts[-1], value, value, 0.0, 0
        first, last, resets, span = self._values[-_WIDTH:]
        return self._starts[-1], first, last, resets, int(span)

    def replace_newest(self, numbers: list[float]) -> None:
        """Replace first, last, resets and span of the last bucket."""
        values = self._values
        assert values is not None
        values[-4], values[-3], values[-2], values[-1] = numbers

    def extend(self, starts: array[int], values: array[float]) -> None:
        """Append buckets; ``values``: first, last, resets and span of each."""
        self._starts.extend(starts)
        if self._values is not None:
            self._values.extend(values)

    def follow(self, start_ms: int, value: float) -> bool:
        """Add a sample to the last bucket if it is later than the bucket's samples, and their order is known; return whether it is."""
        values, span = self._values, start_ms - self._starts[-1]
        assert values is not None
        if not 0 <= values[-1] < span:
            return False
        last = values[-3]
        if value < last:
            values[-2] += last
        values[-3], values[-1] = value, span
        return True

    def insert(self, at: int, start_ms: int, run: Run) -> None:
        """Insert a bucket at index ``at``. ``start_ms``: from the bucket's begin to the first sample."""
        assert self._values is not None
        self._starts.insert(at, start_ms)
        at *= _WIDTH
        self._values[at:at] = array("d", (run.first, run.last, run.resets, run.last_ms - run.first_ms))

    def merge(self, at: int, start_ms: int, run: Run) -> None:
        """Add samples to a bucket. Its order becomes approximate if one of them lies between its first and last sample."""
        values, begin = self._values, self._starts[at]
        assert values is not None
        place = _WIDTH * at
        last, span = values[place + 1], values[place + 3]
        if not 0 <= span < start_ms - begin:
            self._merge_late(at, start_ms, run)
            return
        values[place + 1] = run.last
        values[place + 2] += run.resets + last if run.first < last else run.resets
        values[place + 3] = start_ms - begin + run.last_ms - run.first_ms

    def _merge_late(self, at: int, start_ms: int, run: Run) -> None:
        """Add samples of which some are not later than the bucket's last one."""
        assert self._values is not None
        first, last, resets, span = self._values[_WIDTH * at : _WIDTH * (at + 1)]
        if span == UNKNOWN:
            return
        begin, ms = self._starts[at], int(span)
        is_exact, end, run_end = ms >= 0, begin + max(ms, ~ms), start_ms + run.last_ms - run.first_ms
        if start_ms > end:
            resets += run.resets + (last if run.first < last else 0.0)
        elif run_end < begin:
            resets += run.resets + (run.last if first < run.last else 0.0)
        else:
            is_exact = False
        if start_ms < begin:
            first, self._starts[at] = run.first, start_ms
        if run_end >= end:
            last = run.last
        spanned = max(end, run_end) - self._starts[at]
        self._put(at, (first, last, resets, spanned if is_exact else ~spanned))

    def replace(self, at: int, start_ms: int, run: Run) -> None:
        """Set a bucket to exactly these samples."""
        self._starts[at] = start_ms
        self._put(at, (run.first, run.last, run.resets, run.last_ms - run.first_ms))

    def doubt(self, at: int) -> None:
        """Mark a bucket as approximate."""
        assert self._values is not None
        span = int(self._values[_WIDTH * at + 3])
        self._values[_WIDTH * at + 3] = min(span, ~span)

    def _put(self, at: int, numbers: tuple[float, ...]) -> None:
        assert self._values is not None
        self._values[_WIDTH * at : _WIDTH * (at + 1)] = array("d", numbers)

    def delete(self, start: int, end: int) -> None:
        """Remove the buckets from ``start`` to before ``end``."""
        del self._starts[start:end]
        if self._values is not None:
            del self._values[_WIDTH * start : _WIDTH * end]

    def prepend(self, order: Order) -> None:
        """Insert buckets before the others."""
        assert self._values is not None
        self._starts[:0] = array("i", order.starts.tolist())
        self._values[:0] = array("d", np.stack((*order[:3], order.spans.astype(np.float64)), axis=1).tobytes())

    def columns(self, mins: _Floats, start: int = 0, end: int | None = None) -> Order:
        """Return copies of the items from ``start`` to ``end``. ``mins``: the least values of these buckets."""
        starts = np.frombuffer(self._starts[start:end], np.intc).astype(np.int64)
        if self._values is None:
            return Order(mins, mins, np.zeros(len(mins)), starts, np.zeros(len(mins), np.int64))
        some = self._values[_WIDTH * start : None if end is None else _WIDTH * end]
        firsts, lasts, resets, spans = np.frombuffer(some).reshape(-1, _WIDTH).T
        return Order(firsts, lasts, resets, starts, spans.astype(np.int64))
