"""Coarse buckets of a series, of which only those are stored that the fine buckets no longer hold.

A coarse bucket follows from the fine buckets in its span. So the coarse buckets of the last hours are made from the fine ones when
they are read, and stored when the fine ones leave their window. Fine buckets leave it by whole coarse buckets, so that none is divided.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dashboard.replica.buckets import Buckets
from dashboard.replica.chunks import Opened, joined
from dashboard.replica.folding import Folded, Raw
from dashboard.replica.sample_order import UNKNOWN, Order, Run, unknown_order

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

#: Coarse buckets packed together at first; they come six times as seldom as fine buckets.
_SMALL = 32
#: ``seam`` of a series whose fine buckets have all coarse buckets, and of one whose stored coarse buckets are all of them.
ALL_IN_FINE = -(1 << 62)
ALL_STORED = 1 << 62


class CoarseBuckets:
    """Coarse buckets beside their ``fine`` buckets.

    ``seam``: the slot of the first coarse bucket that is made from fine buckets; all buckets before it are ``stored``.
    """

    __slots__ = ("_fine", "_whole_from", "seam", "step_ms", "stored")

    def __init__(self, fine: Buckets, step_ms: int) -> None:
        self._fine = fine
        self.step_ms = step_ms
        self.stored: Buckets | None = None  # None: none
        self.seam = ALL_IN_FINE
        self._whole_from = (
            ALL_IN_FINE  # coarse slot; fine buckets before it may lack samples: they were trimmed, then late ones came
        )

    @property
    def _fine_in_one(self) -> int:
        return self.step_ms // self._fine.step_ms

    @property
    def is_folded(self) -> bool:
        """True while restored buckets have not been read yet."""
        return self.stored is not None and self.stored.is_folded

    def __len__(self) -> int:
        return len(self.aggregates(ALL_IN_FINE).slots)

    def _to_store(self) -> Buckets:
        if self.stored is None:
            self.stored = Buckets(self.step_ms, _SMALL)
        return self.stored

    def add(self, slot: int, t_ms: int, value: float) -> None:
        """Add a sample, which is in the fine buckets too."""
        if slot < self.seam:
            self._to_store().add(slot, t_ms, value)

    def merge(self, slot: int, run: Run) -> None:
        """Add samples, which are in the fine buckets too."""
        if slot < self.seam:
            self._to_store().merge(slot, run)

    def withdraw(self, slot: int, value: float, left: Run | None) -> None:
        """Remove a sample as ``Buckets.withdraw`` does; it has been removed from the fine buckets."""
        if slot < self.seam and self.stored is not None:
            self.stored.withdraw(slot, value, left)

    def trim(self, before_slot: int, fine_before_slot: int) -> None:
        """Remove the coarse buckets before ``before_slot`` and the fine ones before ``fine_before_slot``, in batches.

        The fine buckets' samples are then stored in coarse buckets.
        """
        seam = fine_before_slot // self._fine_in_one
        if self._fine.is_due(seam * self._fine_in_one):
            if self.seam < seam:
                self._store(seam)
            self._whole_from = max(self._whole_from, seam)
            self._fine.remove(seam * self._fine_in_one)
        if self.stored is not None:
            self.stored.trim(before_slot)

    def _store(self, seam: int) -> None:
        """Store the coarse buckets before ``seam`` that are made from fine buckets."""
        fine, order = self._fine.ordered(self.fine_from, seam * self._fine_in_one)
        self.seam = seam
        if not len(fine.slots):
            return
        wide = widened(fine, self._fine_in_one)
        of_wide = widened_order(fine, order, self._fine_in_one, self._fine.step_ms)
        stored, rows = self._to_store(), [column.tolist() for column in (*wide, *of_wide)]
        for slot, least, greatest, total, size, first, last, resets, begin, span in zip(*rows, strict=True):
            begin_ms = slot * self.step_ms + begin
            if size == 1:
                stored.add(slot, begin_ms, first)
            else:  # a negative span remains one
                stored.append(slot, Run(least, greatest, total, size, first, last, resets, begin_ms, begin_ms + span))

    @property
    def fine_from(self) -> int:
        """The slot from which on fine buckets are the only ones that are kept."""
        return self.seam * self._fine_in_one if self.seam > ALL_IN_FINE else ALL_IN_FINE

    def aggregates(self, slot: int) -> Opened:
        """Return copies of the columns of ``slot`` and later buckets, as ``Buckets.aggregates`` does."""
        self.settle()
        if self.seam == ALL_STORED:
            return self._to_store().aggregates(slot)
        fine_slot = slot * self._fine_in_one if slot > max(self.seam, ALL_IN_FINE) else self.fine_from
        made = widened(self._fine.aggregates(fine_slot), self._fine_in_one)
        if self.stored is None or slot >= self.seam:
            return made
        return joined([self.stored.aggregates(slot), made])

    def raw(self) -> Raw:
        """Return the stored buckets without unpacking any."""
        return (self.stored or Buckets(self.step_ms)).raw()

    def restore(self, folded: Folded, seam: int, whole_from_ms: int) -> None:
        """Restore the stored buckets of a checkpoint; raises ValueError when they are damaged.

        Checkpoints from before coarse buckets were made from fine ones have all of them, so ``seam`` is ``ALL_STORED``.
        ``whole_from_ms``: time from which on no fine bucket had been trimmed.
        """
        self._whole_from = -(-whole_from_ms // self.step_ms)
        self._to_store().restore(folded)
        if folded.last is None:
            self.stored = None
        self.seam = seam
        if not folded.rows:
            self.settle()  # which is fast

    def settle(self) -> None:
        """Forget the coarse buckets of an old checkpoint that the fine buckets hold as well."""
        if self.seam == ALL_STORED and len(self._fine):
            self.seam = max(-(-self._fine.first_slot // self._fine_in_one), self._whole_from)
            if self.stored is not None:
                self.stored.cut(self.seam)

    def repack(self) -> None:
        """Pack the restored buckets, which takes some milliseconds."""
        self.settle()
        if self.stored is not None:
            self.stored.repack()


def _groups(slots: Ints) -> tuple[Ints, Ints]:
    """Return the index of the first and of the last item of each run of equal slots."""
    begins = np.flatnonzero(np.diff(slots, prepend=slots[0] - 1))
    return begins, np.append(begins[1:], len(slots)) - 1


def _totals(numbers: Floats, begins: Ints) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):  # as Python's floats do
        return np.add.reduceat(numbers, begins)


def widened(fine: Opened, ratio: int) -> Opened:
    """Return buckets that are ``ratio`` times as long."""
    slots = fine.slots // ratio
    if len(slots) < 2 or (slots[1:] != slots[:-1]).all():
        return fine._replace(slots=slots)
    begins, _ = _groups(slots)
    mins, maxs = np.minimum.reduceat(fine.mins, begins), np.maximum.reduceat(fine.maxs, begins)
    counts = np.add.reduceat(fine.counts, begins, dtype=np.uint32)
    return Opened(slots[begins], mins, maxs, _totals(fine.sums, begins), counts)


def widened_order(fine: Opened, order: Order, ratio: int, step_ms: int) -> Order:
    """Return the order of the samples in buckets that are ``ratio`` times as long; ``step_ms``: the length of a fine bucket.

    A fall between two fine buckets is now within a bucket.
    """
    slots = fine.slots // ratio
    begins, ends = _groups(slots)
    firsts, lasts, resets = order.firsts, order.lasts, order.resets.copy()
    falls = np.flatnonzero((firsts[1:] < lasts[:-1]) & (slots[1:] == slots[:-1]))
    with np.errstate(over="ignore"):
        resets[falls + 1] += lasts[falls]
    starts = order.starts + (fine.slots - slots * ratio) * step_ms
    until = starts + np.maximum(order.spans, ~order.spans)
    spans = until[ends] - starts[begins]
    spans = np.where(np.logical_or.reduceat(order.spans < 0, begins), ~spans, spans)
    found = Order(firsts[begins], lasts[ends], _totals(resets, begins), starts[begins], spans)
    unknown = np.logical_or.reduceat(order.spans == UNKNOWN, begins)
    return _without_order(found, unknown, widened(fine, ratio)) if unknown.any() else found


def _without_order(order: Order, unknown: Bools, wide: Opened) -> Order:
    """Mark the buckets that have a fine bucket of unknown order, as ``unknown_order`` does."""
    as_unknown = unknown_order(wide.mins, wide.maxs)
    return Order(*(np.where(unknown, theirs, ours) for ours, theirs in zip(order, as_unknown, strict=True)))
