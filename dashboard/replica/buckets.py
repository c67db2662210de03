"""History of a series at one resolution: a bucket of (min, max, sum, count) for each time step that had samples.

Stored in columns, ordered by time, with 36 bytes for each bucket.  Merging does not depend on the order (except for rounding of
the sum), so late samples can be merged.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from math import isfinite

from msgspec import Struct

from dashboard.entries.samples import pack, unpack_floats, unpack_ints

#: Trimming moves memory: done when this many buckets are due.
_TRIM_BATCH = 16


class Columns(Struct, frozen=True):
    """Buckets for reading: start of each (ms), and its least, mean and greatest value."""

    times: list[int]
    mins: list[float]
    means: list[float]
    maxs: list[float]


def mean(total: float, count: int, least: float, greatest: float) -> float:
    """Return the mean, or the middle of least and greatest value when the sum has overflowed."""
    return total / count if isfinite(total) else least / 2 + greatest / 2


class Folded(Struct, array_like=True, frozen=True):
    """Buckets as a checkpoint stores them: compressed columns of all buckets but the last, and the last bucket uncompressed.

    ``columns``: slots, mins, maxs, sums, counts, one after the other; little-endian, 8 bytes for each value, compressed by zlib.
    ``checksum``: CRC-32 of ``columns``, so that damage is found at the start and not at the first read.  ``trimmed_from``: a trim
    removes buckets only if its slot is later than this; None if there are too few buckets to trim.
    """

    rows: int
    columns: memoryview
    checksum: int
    trimmed_from: int | None
    last: tuple[int, float, float, float, int] | None


class Buckets:
    """Mutable buckets. ``slot`` is time // step; ``step_ms`` is fixed for the life of the object.

    Restored buckets stay compressed until they are read: a starting process has thousands of histories, few of which are
    read soon.
    """

    __slots__ = ("_counts", "_folded", "_maxs", "_mins", "_slots", "_sums", "step_ms")

    def __init__(self, step_ms: int) -> None:
        self.step_ms = step_ms
        self._folded: Folded | None = None
        self._slots = array("q")
        self._mins = array("d")
        self._maxs = array("d")
        self._sums = array("d")
        self._counts = array("I")

    def __len__(self) -> int:
        return len(self._slots) + (self._folded.rows if self._folded else 0)

    @property
    def slots(self) -> array[int]:
        """The slots that have buckets, in order."""
        self.unfold()
        return self._slots

    def merge(self, slot: int, least: float, greatest: float, total: float, count: int) -> None:
        """Add ``count`` samples that fall into ``slot``."""
        slots = self._slots
        last = slots[-1] if slots else slot - 1
        if slot > last:
            slots.append(slot)
            self._mins.append(least)
            self._maxs.append(greatest)
            self._sums.append(total)
            self._counts.append(count)
            return
        if slot == last:
            at = -1
        else:
            if slot < slots[0]:
                self.unfold()
            at = bisect_left(slots, slot)
        if slots[at] == slot:
            if least < self._mins[at]:
                self._mins[at] = least
            if greatest > self._maxs[at]:
                self._maxs[at] = greatest
            self._sums[at] += total
            self._counts[at] += count
            return
        slots.insert(at, slot)
        self._mins.insert(at, least)
        self._maxs.insert(at, greatest)
        self._sums.insert(at, total)
        self._counts.insert(at, count)

    def withdraw(self, slot: int, value: float, left: list[float]) -> None:
        """Remove one sample from the bucket of ``slot``. ``left``: the other samples of the bucket that are still kept raw.

        If ``left`` has all other samples of the bucket, the bucket is exact again.  Otherwise its least and greatest value stay.
        """
        at = bisect_left(self.slots, slot)
        if at == len(self._slots) or self._slots[at] != slot:
            return  # the bucket has left its window
        if not left and self._counts[at] <= 1:
            for column in (self._slots, self._mins, self._maxs, self._sums, self._counts):
                del column[at]
        elif len(left) == self._counts[at] - 1:
            self._mins[at], self._maxs[at], self._sums[at] = min(left), max(left), sum(left)
            self._counts[at] -= 1
        else:
            self._sums[at] -= value
            self._counts[at] -= 1

    def trim(self, before_slot: int) -> None:
        """Remove the buckets before ``before_slot``, in batches."""
        if self._folded is not None:
            if self._trim_is_far(before_slot):
                return
            self.unfold()
        slots = self._slots
        if len(slots) >= _TRIM_BATCH and slots[_TRIM_BATCH - 1] < before_slot:
            cut = bisect_left(slots, before_slot)
            for column in (slots, self._mins, self._maxs, self._sums, self._counts):
                del column[:cut]

    def _trim_is_far(self, before_slot: int) -> bool:
        """Return whether trimming would remove nothing, so that the folded buckets may stay folded."""
        assert self._folded is not None
        if self._folded.trimmed_from is not None:
            return before_slot <= self._folded.trimmed_from
        return len(self) < _TRIM_BATCH

    def columns(self, from_slot: int) -> Columns:
        """Return the buckets of ``from_slot`` and later."""
        at = bisect_left(self.slots, from_slot)
        step = self.step_ms
        mins, maxs = self._mins[at:].tolist(), self._maxs[at:].tolist()
        means = list(map(mean, self._sums[at:], self._counts[at:], mins, maxs))
        return Columns([s * step for s in self._slots[at:]], mins, means, maxs)

    def held(self, slot: int) -> tuple[float, int]:
        """Return sum and count of the bucket of ``slot``, which must exist."""
        at = bisect_left(self.slots, slot)
        return self._sums[at], self._counts[at]

    def raw(self) -> list[bytes]:
        """Return the columns as little-endian bytes, counts widened to int64, for ``fold`` in a thread."""
        self.unfold()
        floats = (self._mins, self._maxs, self._sums)
        return [pack(self._slots), *map(pack, floats), pack(array("q", self._counts))]

    def restore(self, folded: Folded) -> None:
        """Restore the buckets of a checkpoint; raises ValueError when they are damaged."""
        if zlib.crc32(folded.columns) != folded.checksum or folded.rows < 0:
            raise ValueError("damaged columns")
        self._folded = folded if folded.rows else None
        if folded.last is not None:
            self.merge(*folded.last)

    def unfold(self) -> None:
        """Decompress the folded buckets."""
        if self._folded is None:
            return
        folded, self._folded = self._folded, None
        data, size = zlib.decompress(folded.columns), 8 * folded.rows
        parts = [data[start : start + size] for start in range(0, 5 * size, size)]
        self._slots[:0] = unpack_ints(parts[0])
        for column, part in zip((self._mins, self._maxs, self._sums), parts[1:4], strict=True):
            column[:0] = unpack_floats(part)
        self._counts[:0] = array("I", unpack_ints(parts[4]))


def fold(raw: list[bytes]) -> Folded:
    """Compress the columns of ``Buckets.raw`` for a checkpoint. It takes about a millisecond, so call it in a thread."""
    rows = len(raw[0]) // 8
    if not rows:
        return Folded(0, memoryview(b""), 0, None, None)
    ends = [column[-8:] for column in raw]
    slot, count = unpack_ints(ends[0])[0], unpack_ints(ends[4])[0]
    least, greatest, total = (unpack_floats(end)[0] for end in ends[1:4])
    columns = zlib.compress(b"".join(column[:-8] for column in raw), 1)
    trimmed_from = unpack_ints(raw[0][: 8 * _TRIM_BATCH])[-1] if rows > _TRIM_BATCH else None
    last = (slot, least, greatest, total, count)
    return Folded(rows - 1, memoryview(columns), zlib.crc32(columns), trimmed_from, last)
