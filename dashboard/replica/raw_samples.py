"""Samples of one series within the raw window, as columns in order of arrival: seqs, times and values.

Samples may wait outside of the columns (``rows.py``); reading a column adds them first.  The columns of seqs and times may be shared with
other series (``stamps.py``); whatever changes them for this series alone makes copies first.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import Protocol

from dashboard.replica.stamps import Stamps
from dashboard.replica.thinning import extremes
from dashboard.replica.time_search import place_among

#: Trimming moves memory: done when this many samples are due.
TRIM_BATCH = 64


class Waiting(Protocol):
    """Entries that wait to be added to the columns, see ``Rows``."""

    is_behind: bool

    def catch_up(self) -> None:
        """Note the newest waiting entry in each series."""

    def flush(self) -> None:
        """Add the waiting entries to the columns."""


class RawSamples:
    """Columns of samples. ``folded``: samples before this index are in the buckets.

    ``disorder_seq``: of the entry that last brought a sample older than one before it; -1: none. ``thinned_seq``: of the newest entry
    whose samples were thinned out; -1: none. ``thinned_count``: samples removed then.
    """

    __slots__ = (
        "_seqs", "_times", "_trimmed_seq", "_values", "disorder_seq", "folded", "may_share", "stamps", "thinned_count",
        "thinned_seq", "waiting",
    )  # fmt: skip

    def __init__(self) -> None:
        self._seqs = array("q")
        self._times = array("q")
        self._values = array("d")
        self.stamps: Stamps | None = None
        self.may_share = True
        self.waiting: Waiting | None = None
        self.folded = 0
        self.disorder_seq = -1
        self.thinned_seq = -1
        self.thinned_count = 0
        self._trimmed_seq = -1

    @property
    def seqs(self) -> array[int]:
        """The seq of each sample's entry. Only ``append`` may add to it."""
        if self.waiting is not None:
            self.settle()
        return self._seqs

    @property
    def times(self) -> array[int]:
        """Each sample's time. Only ``append`` may add to it."""
        if self.waiting is not None:
            self.settle()
        return self._times

    @property
    def values(self) -> array[float]:
        """Each sample's value."""
        if self.waiting is not None:
            self.settle()
        return self._values

    @property
    def columns(self) -> tuple[array[int], array[int], array[float]]:
        """The columns seqs, times and values."""
        return self.seqs, self.times, self.values

    @property
    def trimmed_seq(self) -> int:
        """The seq of the newest entry whose samples have left the raw window; -1: none."""
        self.settle()
        return self._trimmed_seq

    @trimmed_seq.setter
    def trimmed_seq(self, seq: int) -> None:
        self._trimmed_seq = seq

    def settle(self) -> None:
        """Add the waiting samples to the columns."""
        if self.waiting is not None:
            self.waiting.flush()
            self.waiting = None

    def load(self, seqs: array[int], times: array[int], values: array[float]) -> None:
        """Load stored columns, which must be of one length."""
        self.own()
        self._seqs, self._times, self._values, self.may_share = seqs, times, values, True

    def share(self, stamps: Stamps) -> None:
        """Use the stamps instead of own columns with the same content."""
        stamps.join()
        self.stamps, self._seqs, self._times = stamps, stamps.seqs, stamps.times

    def own(self) -> None:
        """Stop sharing, for good. While the series shares nothing, its columns remain the same objects from now on."""
        self.may_share = False
        if self.stamps is not None:
            self.settle()
        if self.stamps is not None:  # settling may have done it
            self.stamps.leave()
            self.stamps, self._seqs, self._times = None, self._seqs[:], self._times[:]

    def append(self, seq: int, t_ms: int, value: float) -> None:
        """Add a sample that no other series gets with it."""
        self.settle()
        if self.stamps is not None:
            self.own()
        self._seqs.append(seq)
        self._times.append(t_ms)
        self._values.append(value)

    def forget_seqs(self) -> None:
        """Set all seqs to 0, because a new epoch begins: all samples of all series are older than its first entry."""
        self.settle()
        self._seqs[:] = array("q", bytes(8 * len(self._seqs)))  # the same for all that share them

    def is_longer(self, limit: int) -> bool:
        """Return whether there are more samples than ``limit``, not counting waiting ones."""
        return len(self._times) > limit

    @property
    def run(self) -> int:
        """Number of samples in the columns, before the newest, that are not in the buckets."""
        return len(self._times) - 1 - self.folded

    def unfolded(self) -> tuple[array[int], array[float]]:
        """Return times and values of the samples in the columns that are not in the buckets, without waiting samples."""
        return self._times[self.folded :], self._values[self.folded :]

    @property
    def unfolded_values(self) -> array[float]:
        """The values of ``unfolded``."""
        return self._values[self.folded :]

    @property
    def is_ordered(self) -> bool:
        """True if the samples are ordered by time."""
        return self.disorder_seq < max(self._trimmed_seq, 0)

    def place_of(self, t_ms: int) -> int:
        """Find the index of the sample at this time; return -1 if there is none."""
        times = self.times
        if times and times[-1] == t_ms:
            return len(times) - 1
        if not self.is_ordered:
            return place_among(times, t_ms)
        at = bisect_left(times, t_ms)
        return at if at < len(times) and times[at] == t_ms else -1

    def _delete(self, at: int) -> None:
        self.own()
        for column in (self._seqs, self._times, self._values):
            del column[at]

    def _thin(self, end: int) -> None:
        """Keep a quarter of the samples before ``end``, spikes included. All samples before ``end`` must be in the
        buckets already."""
        self.own()
        picked = extremes(self._values[:end], end // 4)
        seq, removed = self._seqs[end - 1], end - len(picked)
        self.thinned_count = removed + (self.thinned_count if seq == self.thinned_seq else 0)
        self.thinned_seq = seq
        self._seqs[:end] = array("q", [self._seqs[i] for i in picked])
        self._times[:end] = array("q", [self._times[i] for i in picked])
        self._values[:end] = array("d", [self._values[i] for i in picked])
        self.folded -= removed

    def _drop_older(self, horizon: int) -> bool:
        """Remove the samples before ``horizon`` if enough of them are due; return whether they were removed.

        Shared stamps are trimmed for all their series at once, see ``Turning``.
        """
        times = self._times
        if times[0] >= horizon or self.stamps is not None:
            return False
        if len(times) > TRIM_BATCH and times[TRIM_BATCH - 1] >= horizon and self.is_ordered:
            return False
        cut = min(self._older_than(horizon), self.folded)
        if cut < TRIM_BATCH and cut != len(times) - 1:
            return False
        if cut:
            seq = self._seqs[cut - 1]
            del self._seqs[:cut], self._times[:cut]
            self._cut(cut, seq)
        return True

    def _older_than(self, horizon_ms: int) -> int:
        times = self._times
        if self.is_ordered:
            return bisect_right(times, horizon_ms - 1)
        return next((i for i, t in enumerate(times) if t >= horizon_ms), len(times))

    def _cut(self, cut: int, seq: int) -> None:
        """Remove the first values, the last of which is of the entry ``seq``; their seqs and times have been removed."""
        del self._values[:cut]
        self._trimmed_seq = seq
        self.folded -= cut
