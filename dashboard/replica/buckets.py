"""History of a series at one resolution: a bucket of (min, max, sum, count) for each time step that had samples.

The buckets are stored in columns, ordered by time. Each of the newest buckets takes 36 bytes, or 20 bytes while all of
them have one sample. The older buckets are packed (``chunks.py``) and take 2 to 8 bytes each. Buckets can be merged in
any order (only the rounding of the sum depends on it), so late samples can be merged.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from math import isfinite

import numpy as np
from msgspec import Struct

from dashboard.entries.samples import unpack_floats, unpack_ints
from dashboard.replica.chunks import Opened, PackedBuckets, joined, pack_chunk, slots_of, unpack_chunk, unpack_chunks
from dashboard.replica.folding import TRIM_BATCH, Folded, Raw, as_bytes, unfolded

#: This many chunks of one size are joined to one. So a chunk has ``small`` buckets, or 4 or 16 times as many.
_SEVERAL = 4
_LARGEST = _SEVERAL**2
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


class Buckets:
    """Mutable buckets. ``slot`` is time // step; ``step_ms`` and ``small`` are fixed for the life of the object.

    The newest buckets are *open*: columns of numbers. The other buckets are packed in chunks of ``small`` buckets;
    several such chunks later become a large chunk. A reader unpacks copies of the chunks that it needs. A late sample
    opens all chunks from its slot on.

    While all open buckets have one sample, ``_maxs`` and ``_sums`` are the same object as ``_mins``.

    Restored buckets stay compressed until they are read: a starting process has thousands of histories, few of which
    are read soon.
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
        "small",
        "step_ms",
    )

    def __init__(self, step_ms: int, small: int = 64) -> None:
        self.step_ms = step_ms
        self.small = small
        self._folded: Folded | None = None
        self._chunks: list[PackedBuckets] = []
        self._hidden = 0  # buckets of the first chunk that are trimmed
        self._trimmed_from: int | None = None  # as in ``Folded``, while there are chunks; None: not known
        #: So many open buckets are too many; not the same for all series, so that they are not all packed by one entry.
        self._pack_at = small + id(self) // 64 % small + 1
        self._slots = array("q")
        self._mins = array("d")
        self._maxs = self._mins
        self._sums = self._mins
        self._counts = array("I")

    def __len__(self) -> int:
        packed = sum(chunk.rows for chunk in self._chunks) - self._hidden
        return len(self._slots) + packed + (self._folded.rows if self._folded else 0)

    @property
    def is_folded(self) -> bool:
        """True while restored buckets have not been read yet."""
        return self._folded is not None

    @property
    def first_slot(self) -> int:
        """The slot of the first bucket; there must be one."""
        self.unfold()
        if self._hidden:
            return int(slots_of(self._chunks[0])[self._hidden])
        return self._chunks[0].first if self._chunks else self._slots[0]

    def add(self, slot: int, value: float) -> None:
        """Add a sample that falls into ``slot``."""
        slots = self._slots
        if slots and slot <= slots[-1]:
            self.merge(slot, value, value, value, 1)
            return
        slots.append(slot)
        self._mins.append(value)
        if self._maxs is not self._mins:
            self._maxs.append(value)
            self._sums.append(value)
        self._counts.append(1)
        if len(slots) >= self._pack_at:
            self._pack()

    def merge(self, slot: int, least: float, greatest: float, total: float, count: int) -> None:
        """Add ``count`` samples that fall into ``slot``."""
        if self._maxs is self._mins:
            self._maxs, self._sums = self._mins[:], self._mins[:]
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

    def _opened(self, start: int = 0, end: int | None = None) -> Opened:
        """Return copies of the open columns' items from ``start`` to ``end``."""
        mins = np.frombuffer(self._mins[start:end])
        maxs, sums = (
            mins if column is self._mins else np.frombuffer(column[start:end]) for column in (self._maxs, self._sums)
        )
        slots, counts = (
            np.frombuffer(self._slots[start:end], np.int64),
            np.frombuffer(self._counts[start:end], np.uintc),
        )
        return Opened(slots, mins, maxs, sums, counts)

    def _delete(self, start: int, end: int) -> None:
        """Remove the open buckets from ``start`` to before ``end``."""
        del self._slots[start:end], self._mins[start:end], self._counts[start:end]
        if self._maxs is not self._mins:
            del self._maxs[start:end], self._sums[start:end]
            if self._counts.count(1) == len(self._counts) and self._are_single():
                self._maxs = self._sums = self._mins

    def _are_single(self) -> bool:
        """Return whether in each open bucket the least value, the greatest value and the sum are equal to the bit."""
        return self._mins.tobytes() == self._maxs.tobytes() == self._sums.tobytes()

    def _pack(self) -> None:
        """Pack the oldest open buckets as one chunk.

        It is a large chunk if there are enough open buckets, as after a late sample.
        """
        chunks, small = self._chunks, self.small
        large = small * _LARGEST
        rows = large if len(self._slots) >= large + small else small
        chunks.append(pack_chunk(self._opened(0, rows)))
        self._delete(0, rows)
        self._pack_at = min(self._pack_at, max(2 * small, len(self._slots) + small // 8))
        while len(several := chunks[-_SEVERAL:]) == _SEVERAL and several[0].rows < large:
            if any(chunk.rows != several[0].rows for chunk in several):
                break
            past = unpack_chunks(several)
            if len(chunks) == _SEVERAL:
                past, self._hidden = past.part(self._hidden), 0
            chunks[-_SEVERAL:] = [pack_chunk(past)]

    def _open(self, slot: int) -> None:
        """Unpack all chunks with buckets of ``slot`` or later, so that these buckets are open.

        They are packed again when ``small`` further buckets have been added.
        """
        chunks = self._chunks
        first = len(chunks)
        while first and chunks[first - 1].last >= slot:
            first -= 1
        if first < len(chunks):
            past = unpack_chunks(chunks[first:])
            if not first:
                past, self._hidden = past.part(self._hidden), 0
            self._prepend(as_bytes(past))
            del chunks[first:]
            self._pack_at, self._trimmed_from = len(self._slots) + self.small, None

    def _prepend(self, columns: list[bytes]) -> None:
        """Insert buckets before the open buckets. ``columns``: the columns of these buckets as bytes, see ``Folded``."""
        if self._maxs is self._mins:
            self._maxs, self._sums = self._mins[:], self._mins[:]
        slots, mins, maxs, sums, counts = columns
        self._slots[:0] = unpack_ints(slots)
        self._mins[:0], self._maxs[:0], self._sums[:0] = map(unpack_floats, (mins, maxs, sums))
        self._counts[:0] = array("I", unpack_ints(counts))

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
            self._delete(at, at + 1)
            self._trimmed_from = None
            return
        if self._maxs is self._mins:
            self._maxs, self._sums = self._mins[:], self._mins[:]
        if len(left) == self._counts[at] - 1:
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
            if self._trimmed_from is None and len(self) >= TRIM_BATCH:
                self._trimmed_from = self._last_of_batch()
            if self._trimmed_from is not None and self._trimmed_from < before_slot:
                self._hide(before_slot)
        if not chunks and len(slots) >= TRIM_BATCH and slots[TRIM_BATCH - 1] < before_slot:
            self._delete(0, bisect_left(slots, before_slot))

    def _last_of_batch(self) -> int | None:
        """Return the slot of the last bucket in the next batch that ``trim`` removes; None if there are too few buckets."""
        first: list[int] = slots_of(self._chunks[0])[self._hidden :][:TRIM_BATCH].tolist()
        for chunk in self._chunks[1:]:
            if len(first) >= TRIM_BATCH:
                break
            first += slots_of(chunk)[:TRIM_BATCH].tolist()
        first += self._slots[:TRIM_BATCH]
        return first[TRIM_BATCH - 1] if len(first) >= TRIM_BATCH else None

    def _hide(self, before_slot: int) -> None:
        """Remove the chunks before ``before_slot``. In the chunk that contains ``before_slot``, hide the earlier buckets."""
        chunks = self._chunks
        gone = next((n for n, chunk in enumerate(chunks) if chunk.last >= before_slot), len(chunks))
        if gone:
            del chunks[:gone]
            self._hidden = 0
        if chunks:
            self._hidden = int(slots_of(chunks[0]).searchsorted(before_slot))
        else:
            self._delete(0, bisect_left(self._slots, before_slot))
        self._trimmed_from = None

    def _trim_is_far(self, before_slot: int) -> bool:
        """Return whether trimming would remove nothing. If so, restored buckets may stay compressed (*folded*)."""
        assert self._folded is not None
        if self._folded.trimmed_from is not None:
            return before_slot <= self._folded.trimmed_from
        return len(self) < TRIM_BATCH

    def aggregates(self, slot: int) -> Opened:
        """Return copies of the columns of ``slot`` and later buckets. ``maxs`` and ``sums`` may be the same object as ``mins``."""
        self.unfold()
        opened = self._opened(bisect_left(self._slots, slot))
        needed = [chunk for chunk in self._chunks if chunk.last >= slot]
        if not needed:
            return opened
        past = [unpack_chunk(chunk) for chunk in needed]
        cut = max(int(past[0].slots.searchsorted(slot)), self._hidden if len(needed) == len(self._chunks) else 0)
        if cut:
            past[0] = past[0].part(cut)
        return joined([*past, opened])

    def columns(self, from_slot: int) -> Columns:
        """Return the buckets of ``from_slot`` and later."""
        slots, mins, maxs, sums, counts = self.aggregates(from_slot)
        times: list[int] = (slots * self.step_ms).tolist()
        leasts: list[float] = mins.tolist()
        greatests: list[float] = leasts.copy() if maxs is mins else maxs.tolist()
        if sums is mins and (counts == 1).all():
            return Columns(times, leasts, leasts.copy(), greatests)
        quotients = sums / counts
        means: list[float] = quotients.tolist()
        if not np.isfinite(quotients).all():
            means = list(map(mean, sums.tolist(), counts.tolist(), leasts, greatests))
        return Columns(times, leasts, means, greatests)

    def held(self, slot: int) -> tuple[float, int]:
        """Return sum and count of the bucket of ``slot``, which must exist."""
        found = self.aggregates(slot)
        return float(found.sums[0]), int(found.counts[0])

    def raw(self) -> Raw:
        """Return the present buckets without unpacking any; the open columns are little-endian bytes, with counts as int64."""
        return Raw(self._folded, tuple(self._chunks), self._hidden, as_bytes(self._opened()))

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
        columns = unfolded(self._folded)
        self._folded = None
        self._prepend(columns)

    def repack(self) -> None:
        """Pack the folded buckets, which takes some milliseconds."""
        self.unfold()
        while len(self._slots) > 2 * self.small:
            self._pack()
