"""History of a series at one resolution: a bucket of (min, max, sum, count) for each time step that had samples.

Stored in columns, ordered by time, with 36 bytes for each of the newest buckets.  The others are packed (``chunks.py``), with 2 to 8
bytes for each.  Merging does not depend on the order (except for rounding of the sum), so late samples can be merged.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from dashboard.entries.samples import pack, unpack_floats, unpack_ints
from dashboard.replica.chunks import Opened, PackedBuckets, pack_chunk, slots_of, unpack_chunk

#: Trimming moves memory: done when this many buckets are due.
_TRIM_BATCH = 16
#: Buckets of a small chunk; several chunks of one size become one, up to a large one. A few more than those of a small one stay open.
_SMALL = 32
_LARGE = 512
_SEVERAL = 4
_NEVER = 1 << 62


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


class Raw(NamedTuple):
    """Buckets captured for ``fold`` in a thread: the folded and packed buckets unchanged, and the columns of the open buckets as bytes."""

    folded: Folded | None
    chunks: tuple[PackedBuckets, ...]
    hidden: int
    columns: list[bytes]


class Buckets:
    """Mutable buckets. ``slot`` is time // step; ``step_ms`` is fixed for the life of the object.

    The newest buckets are *open*: columns of numbers. The other buckets are packed in chunks: at first in small chunks, several
    of which later become a large chunk. A reader unpacks copies of the chunks that it needs. A late sample opens all chunks from
    its slot on.

    Restored buckets stay compressed until they are read: a starting process has thousands of histories, few of which are read
    soon.
    """

    __slots__ = (
        "_chunks",
        "_counts",
        "_folded",
        "_hidden",
        "_maxs",
        "_mins",
        "_pack_at",
        "_slots",
        "_sums",
        "_trimmed_from",
        "step_ms",
    )

    def __init__(self, step_ms: int) -> None:
        self.step_ms = step_ms
        self._folded: Folded | None = None
        self._chunks: list[PackedBuckets] = []
        self._hidden = 0  # buckets of the first chunk that are trimmed
        self._trimmed_from: int | None = None  # as in ``Folded``, while there are chunks; None: not known
        #: So many open buckets are too many; not the same for all series, so that they are not all packed by one entry.
        self._pack_at = _SMALL + id(self) // 64 % _SMALL + 1
        self._slots = array("q")
        self._mins = array("d")
        self._maxs = array("d")
        self._sums = array("d")
        self._counts = array("I")

    def __len__(self) -> int:
        packed = sum(chunk.rows for chunk in self._chunks) - self._hidden
        return len(self._slots) + packed + (self._folded.rows if self._folded else 0)

    @property
    def is_folded(self) -> bool:
        """True while restored buckets have not been read yet."""
        return self._folded is not None

    @property
    def slots(self) -> array[int]:
        """The slots that have buckets, in order."""
        return self._from(-_NEVER).slots

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
            if len(slots) >= self._pack_at:
                self._pack()
            return
        if slot == last:
            at = -1
        else:
            if slot < slots[0]:
                self.unfold()
                self._open(slot)
            at = bisect_left(slots, slot)
        if slots[at] == slot:
            if least < self._mins[at]:
                self._mins[at] = least
            if greatest > self._maxs[at]:
                self._maxs[at] = greatest
            self._sums[at] += total
            self._counts[at] += count
            return
        self._trimmed_from = None
        slots.insert(at, slot)
        self._mins.insert(at, least)
        self._maxs.insert(at, greatest)
        self._sums.insert(at, total)
        self._counts.insert(at, count)

    @property
    def _columns(self) -> Opened:
        return Opened(self._slots, self._mins, self._maxs, self._sums, self._counts)

    def _pack(self) -> None:
        """Pack a chunk of the oldest open buckets: a large chunk if there are enough of them, as after a late sample."""
        columns, chunks = self._columns, self._chunks
        rows = _LARGE if len(self._slots) >= _LARGE + _SMALL else _SMALL
        chunks.append(pack_chunk(columns.part(0, rows)))
        columns.delete(0, rows)
        if len(self._slots) < 2 * _SMALL:
            self._pack_at = min(self._pack_at, 2 * _SMALL)
        self._trimmed_from = None
        while len(several := chunks[-_SEVERAL:]) == _SEVERAL and several[0].rows < _LARGE:
            if any(chunk.rows != several[0].rows for chunk in several):
                break
            joined = _joined(several)
            if len(chunks) == _SEVERAL:
                joined, self._hidden = joined.part(self._hidden), 0
            chunks[-_SEVERAL:] = [pack_chunk(joined)]

    def _open(self, slot: int) -> None:
        """Open all chunks with buckets of ``slot`` or later.

        These buckets are packed again after as many new buckets as a small chunk has.
        """
        chunks, columns = self._chunks, self._columns
        first = len(chunks)
        while first and chunks[first - 1].last >= slot:
            first -= 1
        if first < len(chunks):
            past = _joined(chunks[first:])
            if not first:
                past, self._hidden = past.part(self._hidden), 0
            columns.slots[:0], columns.counts[:0] = past.slots, past.counts
            columns.mins[:0], columns.maxs[:0], columns.sums[:0] = past.mins, past.maxs, past.sums
            del chunks[first:]
            self._pack_at, self._trimmed_from = len(self._slots) + _SMALL, None

    def withdraw(self, slot: int, value: float, left: list[float]) -> None:
        """Remove one sample from the bucket of ``slot``. ``left``: the other samples of the bucket that are still kept raw.

        If ``left`` has all other samples of the bucket, the bucket is exact again.  Otherwise its least and greatest value stay.
        """
        self.unfold()
        self._open(slot)
        at = bisect_left(self._slots, slot)
        if at == len(self._slots) or self._slots[at] != slot:
            return  # the bucket has left its window
        if not left and self._counts[at] <= 1:
            self._columns.delete(at, at + 1)
            self._trimmed_from = None
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
        chunks, slots = self._chunks, self._slots
        if chunks:
            if self._trimmed_from is None:
                self._trimmed_from = self._last_of_batch()
            if self._trimmed_from is not None and self._trimmed_from < before_slot:
                self._hide(before_slot)
        if not chunks and len(slots) >= _TRIM_BATCH and slots[_TRIM_BATCH - 1] < before_slot:
            self._columns.delete(0, bisect_left(slots, before_slot))

    def _last_of_batch(self) -> int | None:
        """Return the slot of the last bucket of the first batch; None if there are too few buckets."""
        first = slots_of(self._chunks[0])[self._hidden :]
        for chunk in self._chunks[1:]:
            if len(first) >= _TRIM_BATCH:
                break
            first += slots_of(chunk)
        first += self._slots[:_TRIM_BATCH]
        return first[_TRIM_BATCH - 1] if len(first) >= _TRIM_BATCH else None

    def _hide(self, before_slot: int) -> None:
        """Remove the chunks before ``before_slot``. In the chunk that contains ``before_slot``, hide the earlier buckets."""
        chunks = self._chunks
        gone = next((n for n, chunk in enumerate(chunks) if chunk.last >= before_slot), len(chunks))
        if gone:
            del chunks[:gone]
            self._hidden = 0
        if chunks:
            self._hidden = bisect_left(slots_of(chunks[0]), before_slot)
        else:
            self._columns.delete(0, bisect_left(self._slots, before_slot))
        self._trimmed_from = None

    def _trim_is_far(self, before_slot: int) -> bool:
        """Return whether trimming would remove nothing, so that the folded buckets may stay folded."""
        assert self._folded is not None
        if self._folded.trimmed_from is not None:
            return before_slot <= self._folded.trimmed_from
        return len(self) < _TRIM_BATCH

    def _from(self, slot: int) -> Opened:
        """Return copies of the columns of ``slot`` and later buckets. ``maxs`` and ``sums`` may be the same object as ``mins``."""
        self.unfold()
        opened = self._columns.part(bisect_left(self._slots, slot))
        needed = [chunk for chunk in self._chunks if chunk.last >= slot]
        if not needed:
            return opened
        past = _joined(needed)
        hidden = self._hidden if len(needed) == len(self._chunks) else 0
        cut = max(bisect_left(past.slots, slot), hidden)
        return _appended([past.part(cut) if cut else past, opened])

    def columns(self, from_slot: int) -> Columns:
        """Return the buckets of ``from_slot`` and later."""
        slots, mins, maxs, sums, counts = self._from(from_slot)
        times: list[int] = (np.frombuffer(slots, np.int64) * self.step_ms).tolist()
        quotients = np.frombuffer(sums) / np.frombuffer(counts, np.uintc)
        means: list[float] = quotients.tolist()
        if not np.isfinite(quotients).all():
            means = list(map(mean, sums, counts, mins, maxs))
        return Columns(times, mins.tolist(), means, maxs.tolist())

    def held(self, slot: int) -> tuple[float, int]:
        """Return sum and count of the bucket of ``slot``, which must exist."""
        found = self._from(slot)
        return found.sums[0], found.counts[0]

    def raw(self) -> Raw:
        """Return the present buckets without unpacking any; the open columns as little-endian bytes, counts widened to int64."""
        return Raw(self._folded, tuple(self._chunks), self._hidden, _as_bytes(self._columns))

    def restore(self, folded: Folded) -> None:
        """Restore the buckets of a checkpoint; raises ValueError when they are damaged."""
        if zlib.crc32(folded.columns) != folded.checksum or folded.rows < 0:
            raise ValueError("damaged columns")
        self._folded = folded if folded.rows else None
        if folded.last is not None:
            self.merge(*folded.last)

    def unfold(self) -> None:
        """Decompress the folded buckets. They are packed with the next new buckets, or by ``repack``."""
        if self._folded is None:
            return
        self._open(-_NEVER)
        slots, mins, maxs, sums, counts = _unfolded(self._folded)
        self._folded = None
        self._slots[:0] = unpack_ints(slots)
        self._mins[:0], self._maxs[:0], self._sums[:0] = map(unpack_floats, (mins, maxs, sums))
        self._counts[:0] = array("I", unpack_ints(counts))

    def repack(self) -> None:
        """Pack the folded buckets, which takes some milliseconds."""
        self.unfold()
        while len(self._slots) > 2 * _SMALL:
            self._pack()


def _unfolded(folded: Folded) -> list[bytes]:
    data, size = zlib.decompress(folded.columns), 8 * folded.rows
    return [data[start : start + size] for start in range(0, 5 * size, size)]


def _joined(chunks: Sequence[PackedBuckets]) -> Opened:
    return _appended([unpack_chunk(chunk) for chunk in chunks])


def _appended(parts: Sequence[Opened]) -> Opened:
    """Append columns to each other; ``maxs`` and ``sums`` of the result are the same object as ``mins`` if that is true of all parts."""
    if len(parts) == 1:
        return parts[0]
    slots, mins, counts = array("q"), array("d"), array("I")
    maxs, sums = (mins if all(part[n] is part.mins for part in parts) else array("d") for n in (2, 3))
    for part in parts:
        slots += part.slots
        mins += part.mins
        counts += part.counts
        if maxs is not mins:
            maxs += part.maxs
        if sums is not mins:
            sums += part.sums
    return Opened(slots, mins, maxs, sums, counts)


def _as_bytes(columns: Opened) -> list[bytes]:
    slots, mins, maxs, sums, counts = columns
    return [pack(slots), pack(mins), pack(maxs), pack(sums), pack(array("q", counts))]


def fold(raw: Raw) -> Folded:
    """Compress the columns of ``Buckets.raw`` for a checkpoint. This takes a millisecond or two, so call it in a thread."""
    parts = [_unfolded(raw.folded)] if raw.folded is not None else []
    if raw.chunks:
        parts.append(_as_bytes(_joined(raw.chunks).part(raw.hidden)))
    columns = [b"".join(column) for column in zip(*parts, raw.columns, strict=True)]
    rows = len(columns[0]) // 8
    if not rows:
        return Folded(0, memoryview(b""), 0, None, None)
    ends = [column[-8:] for column in columns]
    slot, count = unpack_ints(ends[0])[0], unpack_ints(ends[4])[0]
    least, greatest, total = (unpack_floats(end)[0] for end in ends[1:4])
    data = zlib.compress(b"".join(column[:-8] for column in columns), 1)
    trimmed_from = unpack_ints(columns[0][: 8 * _TRIM_BATCH])[-1] if rows > _TRIM_BATCH else None
    last = (slot, least, greatest, total, count)
    return Folded(rows - 1, memoryview(data), zlib.crc32(data), trimmed_from, last)
