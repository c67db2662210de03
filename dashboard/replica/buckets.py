"""One series' history at one resolution: a row of (min, max, sum, count) for each step of time that had samples.

Columns, 32 bytes a bucket, ordered by time.  Merging is order-independent (but for rounding of the sum), so late samples
find their bucket.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from math import isfinite

from msgspec import Struct

from dashboard.replica.changes import pack, unpack_floats, unpack_ints

#: Trimming moves memory: done when this many buckets are due.
_TRIM_BATCH = 16


class Columns(Struct, frozen=True):
    """Buckets to be read: start of each (ms), and the least, mean and greatest value in it."""

    times: list[int]
    mins: list[float]
    means: list[float]
    maxs: list[float]


def mean(total: float, count: int, least: float, greatest: float) -> float:
    """The mean; the middle when the sum of finite values was too large to be one."""
    return total / count if isfinite(total) else least / 2 + greatest / 2


class Buckets:
    """``slot`` is time // step; ``step_ms`` is fixed for the life of the object."""

    __slots__ = ("counts", "maxs", "mins", "slots", "step_ms", "sums")

    def __init__(self, step_ms: int) -> None:
        self.step_ms = step_ms
        self.slots = array("q")
        self.mins = array("d")
        self.maxs = array("d")
        self.sums = array("d")
        self.counts = array("I")

    def __len__(self) -> int:
        return len(self.slots)

    def merge(self, slot: int, least: float, greatest: float, total: float, count: int) -> None:
        """Add ``count`` samples that fall into ``slot``."""
        slots = self.slots
        if not slots or slot > slots[-1]:
            slots.append(slot)
            self.mins.append(least)
            self.maxs.append(greatest)
            self.sums.append(total)
            self.counts.append(count)
            return
        at = len(slots) - 1 if slot == slots[-1] else bisect_left(slots, slot)
        if slots[at] == slot:
            self.mins[at] = min(self.mins[at], least)
            self.maxs[at] = max(self.maxs[at], greatest)
            self.sums[at] += total
            self.counts[at] += count
            return
        self.slots.insert(at, slot)
        self.mins.insert(at, least)
        self.maxs.insert(at, greatest)
        self.sums.insert(at, total)
        self.counts.insert(at, count)

    def trim(self, before_slot: int) -> None:
        """Let go of buckets before ``before_slot``, now and then."""
        slots = self.slots
        if len(slots) >= _TRIM_BATCH and slots[_TRIM_BATCH - 1] < before_slot:
            cut = bisect_left(slots, before_slot)
            for column in (self.slots, self.mins, self.maxs, self.sums, self.counts):
                del column[:cut]

    def columns(self, from_slot: int) -> Columns:
        """What is in ``from_slot`` and after."""
        at = bisect_left(self.slots, from_slot)
        step = self.step_ms
        mins, maxs = self.mins[at:].tolist(), self.maxs[at:].tolist()
        means = list(map(mean, self.sums[at:], self.counts[at:], mins, maxs))
        return Columns([s * step for s in self.slots[at:]], mins, means, maxs)

    def pack(self) -> list[bytes]:
        """The columns as little-endian bytes; counts widened to int64."""
        return [
            pack(self.slots),
            pack(self.mins),
            pack(self.maxs),
            pack(self.sums),
            pack(array("q", self.counts)),
        ]

    def unpack(self, columns: list[bytes]) -> None:
        """The inverse of ``pack``, into this object."""
        lengths = {len(column) for column in columns}
        if len(columns) != 5 or len(lengths) != 1:
            raise ValueError("columns of different length")
        self.slots = unpack_ints(columns[0])
        self.mins, self.maxs, self.sums = (unpack_floats(column) for column in columns[1:4])
        self.counts = array("I", unpack_ints(columns[4]))
