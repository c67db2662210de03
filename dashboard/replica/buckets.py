"""History of a series at one resolution: a bucket of (min, max, sum, count, order) for each time step that had samples.

The buckets are stored in columns, ordered by time; ``sample_order.py`` has the order of the samples in a bucket. Each of the newest
buckets takes 72 bytes, or 24 bytes while all of them have one sample. The older buckets are packed (``chunks.py``) and take 2 to 15
bytes each. Samples can be added in any order (the rounding of the sum depends on it), but late ones may make a bucket's order approximate.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

import numpy as np

from dashboard.replica.chunks import (
    Opened,
    PackedBuckets,
    joined,
    pack_chunk,
    slot_at,
    slots_of,
    unpack_chunk,
    unpack_chunks,
    unpack_order,
)
from dashboard.replica.folding import TRIM_BATCH, Folded, Raw, is_damaged, last_of, unfolded
from dashboard.replica.sample_order import OpenOrder, Order, Run, orders_joined

#: When buckets are packed, the newest ``small // _SPARE`` stay open, so that samples a little late need not unpack a chunk.
_SPARE = 4
_NEVER = 1 << 62


class Buckets:
    """Mutable buckets. ``slot`` is time // step; ``step_ms``, ``small`` and ``large`` are fixed for the life of the object.

    The newest buckets are *open*: columns of numbers. The other buckets are packed in chunks of ``small`` buckets;
    several such chunks later become a chunk of ``large`` buckets. A reader unpacks copies of the chunks that it needs. A late sample
    opens all chunks from its slot on.

    While all open buckets have one sample, ``_maxs`` and ``_sums`` are the same object as ``_mins`` (the buckets are *single*).

    Restored buckets stay compressed until they are read: a starting process has thousands of histories, few of which
    are read soon.
    """

    __slots__ = (
        "_chunks", "_counts", "_folded", "_hidden", "_maxs", "_mins", "_order", "_pack_at", "_slots", "_sums", "_trimmed_from",
        "large", "small", "step_ms",
    )  # fmt: skip

    def __init__(self, step_ms: int, small: int = 64, large: int = 256) -> None:
        self.step_ms = step_ms
        self.small = small
        self.large = large
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
        self._order = OpenOrder()

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

    def add(self, slot: int, t_ms: int, value: float) -> None:
        """Add a sample that falls into ``slot``."""
        slots = self._slots
        if slots and slot <= slots[-1]:
            if slot < slots[-1] or not self._follow(t_ms - slot * self.step_ms, value):
                self.merge(slot, Run(value, value, value, 1, value, value, 0.0, t_ms, t_ms))
            return
        slots.append(slot)
        self._mins.append(value)
        if self._maxs is not self._mins:
            self._maxs.append(value)
            self._sums.append(value)
        self._counts.append(1)
        self._order.add(t_ms - slot * self.step_ms, value)
        if len(slots) >= self._pack_at:
            self._pack()

    @property
    def newest_slot(self) -> int:
        """The slot of the newest open bucket; less than all slots if none is open."""
        return self._slots[-1] if self._slots else -_NEVER

    def newest(self) -> tuple[float, float, float, int, int, float, float, float, int]:
        """Return least, greatest, sum and count of the newest open bucket, and its order: start, first, last, resets and span."""
        start, first, last, resets, span = self._order.newest(self._mins[-1])
        return self._mins[-1], self._maxs[-1], self._sums[-1], self._counts[-1], start, first, last, resets, span

    def replace_newest(self, least: float, greatest: float, total: float, count: int, order: list[float]) -> None:
        """Replace the newest open bucket, which gets further samples. ``order``: first, last, resets and span."""
        if self._maxs is self._mins:
            self._spread()
        self._mins[-1], self._maxs[-1], self._sums[-1], self._counts[-1] = least, greatest, total, count
        self._order.replace_newest(order)

    def extend(
        self, slots: array[int], counts: array[int], starts: array[int],
        mins: array[float], maxs: array[float], sums: array[float], orders: array[float], *, are_single: bool,
    ) -> None:  # fmt: skip
        """Append buckets. ``starts`` and ``orders`` as in ``OpenOrder``; ``are_single``: True if each bucket has one sample."""
        if self._maxs is self._mins and not are_single:
            self._spread()
        self._slots.extend(slots)
        self._counts.extend(counts)
        self._mins.extend(mins)
        if self._maxs is not self._mins:
            self._maxs.extend(maxs)
            self._sums.extend(sums)
        self._order.extend(starts, orders)
        while len(self._slots) >= self._pack_at:
            self._pack()

    def _follow(self, start_ms: int, value: float) -> bool:
        """Add a sample to the last bucket if it is later than the bucket's samples, as most are; return whether it is."""
        if self._maxs is self._mins:
            self._spread()
        if not self._order.follow(start_ms, value):
            return False
        if value < self._mins[-1]:
            self._mins[-1] = value
        if value > self._maxs[-1]:
            self._maxs[-1] = value
        self._sums[-1] += value
        self._counts[-1] += 1
        return True

    def merge(self, slot: int, run: Run) -> None:
        """Add samples that fall into ``slot``."""
        if self._maxs is self._mins:
            self._spread()
        slots = self._slots
        at = len(slots) - 1
        if at < 0 or slot > slots[at]:
            self.append(slot, run)
            return
        if slot < slots[at]:
            if slot < slots[0]:
                self.unfold()
                self._open(slot)
            at = bisect_left(slots, slot)
            if slots[at] != slot:
                self._insert(at, slot, run)
                return
        if run.least < self._mins[at]:
            self._mins[at] = run.least
        if run.greatest > self._maxs[at]:
            self._maxs[at] = run.greatest
        self._sums[at] += run.total
        self._counts[at] += run.size
        self._order.merge(at, run.first_ms - slot * self.step_ms, run)

    def _spread(self) -> None:
        """Make each column an object of its own, because a bucket is about to get a second sample."""
        self._maxs, self._sums = self._mins[:], self._mins[:]
        self._order.spread(self._mins)

    def append(self, slot: int, run: Run) -> None:
        """Add samples that fall into ``slot``, which must be later than all other buckets."""
        if self._maxs is self._mins:
            self._spread()
        self._slots.append(slot)
        self._mins.append(run.least)
        self._maxs.append(run.greatest)
        self._sums.append(run.total)
        self._counts.append(run.size)
        self._order.append(run.first_ms - slot * self.step_ms, run)
        if len(self._slots) >= self._pack_at:
            self._pack()

    def _insert(self, at: int, slot: int, run: Run) -> None:
        self._trimmed_from = None
        self._slots.insert(at, slot)
        self._mins.insert(at, run.least)
        self._maxs.insert(at, run.greatest)
        self._sums.insert(at, run.total)
        self._counts.insert(at, run.size)
        self._order.insert(at, run.first_ms - slot * self.step_ms, run)

    def _opened(self, start: int = 0, end: int | None = None) -> Opened:
        """Return copies of the open columns' items from ``start`` to ``end``."""
        mins, others = np.frombuffer(self._mins[start:end]), (self._maxs, self._sums)
        maxs, sums = (mins if column is self._mins else np.frombuffer(column[start:end]) for column in others)
        slots = np.frombuffer(self._slots[start:end], np.int64)
        return Opened(slots, mins, maxs, sums, np.frombuffer(self._counts[start:end], np.uintc))

    def _delete(self, start: int, end: int) -> None:
        """Remove the open buckets from ``start`` to before ``end``."""
        del self._slots[start:end], self._mins[start:end], self._counts[start:end]
        self._order.delete(start, end)
        if self._maxs is not self._mins:
            del self._maxs[start:end], self._sums[start:end]
            if self._counts.count(1) == len(self._counts) and self._are_single():
                self._maxs = self._sums = self._mins

    def _are_single(self) -> bool:
        """Return whether each open bucket can be stored as a single sample: its columns are equal to the bit, and so is its order."""
        is_same = self._mins.tobytes() == self._maxs.tobytes() == self._sums.tobytes()
        return is_same and self._order.gather(self._mins)

    def _pack(self) -> None:
        """Pack the oldest open buckets as one chunk.

        It is a large chunk if there are enough open buckets, as after a late sample.
        """
        chunks, small = self._chunks, self.small
        rows = self.large if len(self._slots) >= self.large + small else small
        opened = self._opened(0, rows)
        chunks.append(pack_chunk(opened, self._order.columns(opened.mins, 0, rows)))
        self._delete(0, rows)
        self._pack_at = min(self._pack_at, max(small + small // _SPARE, len(self._slots) + small // 8))
        several = chunks[-(self.large // small) :]
        if len(several) * small == self.large and all(chunk.rows == small for chunk in several):
            past, order = unpack_chunks(several)
            if len(chunks) == len(several):
                past, order, self._hidden = past.part(self._hidden), order.part(self._hidden), 0
            chunks[-len(several) :] = [pack_chunk(past, order)]

    def _open(self, slot: int) -> None:
        """Unpack all chunks with buckets of ``slot`` or later, so that these buckets are open.

        They are packed again when ``small`` further buckets have been added.
        """
        chunks = self._chunks
        first = len(chunks)
        while first and chunks[first - 1].last >= slot:
            first -= 1
        if first < len(chunks):
            past, order = unpack_chunks(chunks[first:])
            if not first:
                past, order, self._hidden = past.part(self._hidden), order.part(self._hidden), 0
            self._prepend(past, order)
            del chunks[first:]
            self._pack_at, self._trimmed_from = len(self._slots) + self.small, None

    def _prepend(self, past: Opened, order: Order) -> None:
        """Insert buckets before the open buckets."""
        if self._maxs is self._mins:
            self._spread()
        self._slots[:0] = array("q", past.slots.tobytes())
        for column, items in ((self._mins, past.mins), (self._maxs, past.maxs), (self._sums, past.sums)):
            column[:0] = array("d", items.tobytes())
        self._counts[:0] = array("I", past.counts.tobytes())
        self._order.prepend(order)

    def withdraw(self, slot: int, value: float, left: Run | None) -> None:
        """Remove one sample from the bucket of ``slot``. ``left``: the other samples of the bucket that are still kept raw.

        If ``left`` has all other samples of the bucket, the bucket is exact again.  Otherwise its extremes and its order stay.
        """
        self.unfold()
        self._open(slot)
        at = bisect_left(self._slots, slot)
        if at == len(self._slots) or self._slots[at] != slot:
            return  # the bucket has left its window
        if left is None and self._counts[at] <= 1:
            self._delete(at, at + 1)
            self._trimmed_from = None
            return
        if self._maxs is self._mins:
            self._spread()
        if left is not None and left.size == self._counts[at] - 1:
            self._mins[at], self._maxs[at], self._sums[at] = left.least, left.greatest, left.total
            self._order.replace(at, left.first_ms - slot * self.step_ms, left)
        else:
            self._sums[at] -= value
            self._order.doubt(at)
        self._counts[at] -= 1

    def cut(self, slot: int) -> None:
        """Remove the buckets of ``slot`` and later."""
        self.unfold()
        self._open(slot)
        self._delete(bisect_left(self._slots, slot), len(self._slots))

    def trim(self, before_slot: int) -> None:
        """Remove the buckets before ``before_slot``, in batches."""
        if self.is_due(before_slot):
            self.remove(before_slot)

    def is_due(self, before_slot: int) -> bool:
        """Return whether there are so many buckets before ``before_slot`` that it is time to remove them."""
        if self._folded is not None:  # it may stay compressed as long as too few buckets are due
            from_slot = self._folded.trimmed_from
            if len(self) < TRIM_BATCH if from_slot is None else before_slot <= from_slot:
                return False
            self.unfold()
        slots = self._slots
        if not self._chunks:
            return len(slots) >= TRIM_BATCH and slots[TRIM_BATCH - 1] < before_slot
        if self._trimmed_from is None and len(self) >= TRIM_BATCH:
            self._trimmed_from = slot_at(TRIM_BATCH - 1, self._chunks, self._hidden, slots)
        return self._trimmed_from is not None and self._trimmed_from < before_slot

    def remove(self, before_slot: int) -> None:
        """Remove the buckets before ``before_slot``: in the chunk that contains it, hide the earlier buckets."""
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

    def aggregates(self, slot: int) -> Opened:
        """Return copies of the columns of ``slot`` and later buckets. ``maxs`` and ``sums`` may be the same object as ``mins``."""
        needed, opened = self._needed(slot)
        past = [unpack_chunk(chunk) for chunk in needed]
        return joined([*past, opened]).part(self._cut(needed, past[0], slot)) if past else opened

    def ordered(self, slot: int, until: int = _NEVER) -> tuple[Opened, Order]:
        """Return what ``aggregates`` returns, up to before the slot ``until``, and the order of these buckets."""
        needed, opened = self._needed(slot, until)
        start = bisect_left(self._slots, slot)
        order = self._order.columns(opened.mins, start, start + len(opened.mins))
        if not needed:
            return opened, order
        past = [unpack_chunk(chunk) for chunk in needed]
        orders = [unpack_order(chunk.order, part) for chunk, part in zip(needed, past, strict=True)]
        every = joined([*past, opened])
        cut = self._cut(needed, past[0], slot), None if until == _NEVER else int(every.slots.searchsorted(until))
        return every.part(*cut), orders_joined([*orders, order]).part(*cut)

    def _needed(self, slot: int, until: int = _NEVER) -> tuple[list[PackedBuckets], Opened]:
        """Return the chunks with buckets from ``slot`` to before ``until``, and the columns of the open ones."""
        self.unfold()
        opened = self._opened(bisect_left(self._slots, slot), bisect_left(self._slots, until))
        return [chunk for chunk in self._chunks if chunk.last >= slot and chunk.first < until], opened

    def _cut(self, needed: list[PackedBuckets], first: Opened, slot: int) -> int:
        """Return how many buckets of the ``first`` chunk to leave out: those before ``slot``, or trimmed."""
        hidden = self._hidden if needed[0] is self._chunks[0] else 0
        return max(int(first.slots.searchsorted(slot)), hidden)

    def raw(self) -> Raw:
        """Return the present buckets without unpacking any."""
        opened = self._opened()
        return Raw(self._folded, tuple(self._chunks), self._hidden, opened, self._order.columns(opened.mins))

    def restore(self, folded: Folded) -> None:
        """Restore the buckets of a checkpoint; raises ValueError when they are damaged."""
        if is_damaged(folded):
            raise ValueError("damaged columns")
        self._folded = folded if folded.rows else None
        if folded.last is not None:
            self._prepend(*last_of(folded, folded.last))

    def unfold(self) -> None:
        """Decompress the folded buckets. They are packed with the next new buckets, or by ``repack``."""
        if self._folded is None:
            return
        self._open(-_NEVER)
        columns = unfolded(self._folded)
        self._folded = None
        self._prepend(*columns)

    def repack(self) -> None:
        """Pack the folded buckets, which takes some milliseconds."""
        self.unfold()
        while len(self._slots) > 2 * self.small:
            self._pack()
