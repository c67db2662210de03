"""State of one series: its newest samples in order of arrival (``raw_samples.py``), its buckets, and its metadata.

Each sample has the ``seq`` of its entry, so the samples after a position are a slice.  A series has one value at one
millisecond: a later sample of the same time replaces the earlier one.  As soon as a sample falls into another fine step than
the sample before, the earlier samples are folded into the buckets, so samples can leave the raw window without loss.  Does not own
the set of series (``series_table.py``) and their reading for screens (``query/reading.py``).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

from dashboard.domain.freshness import LEARN_GAPS, learn_every_s
from dashboard.domain.series import SeriesKey
from dashboard.domain.units import guess_unit
from dashboard.replica.buckets import Buckets
from dashboard.replica.coarse import CoarseBuckets
from dashboard.replica.raw_samples import TRIM_BATCH, RawSamples
from dashboard.replica.sample_order import Run, run_of, run_of_unordered
from dashboard.replica.windows import Windows as Windows

#: Usual difference of clocks between machines; a sample further ahead of the journal's time counts as one from the future.
AHEAD_MS = 1_000
#: Ends of a series that are remembered.
_MOST_ENDS = 256

#: A ``disorder_seq`` beyond all entries: the samples are never treated as ordered by time.
ALWAYS = 2**62


class Series(RawSamples):
    """A series' state; only the table that owns it changes it."""

    __slots__ = (
        "_coarse",
        "_fine",
        "ahead_ms",
        "created_seq",
        "ended_ms",
        "ends",
        "every_s",
        "every_s_declared",
        "folded_run",
        "key",
        "kind",
        "meta_seq",
        "noted_ms",
        "noted_seq",
        "sid",
        "slot_ms",
        "text",
        "unit",
    )

    def __init__(self, sid: int, key: SeriesKey, windows: Windows, seq: int) -> None:
        super().__init__()
        self.sid = sid
        self.key = key
        self.text = key.text
        self.unit = guess_unit(key.name)  # until a sender declares one
        self.kind = ""  # counter, gauge, histogram, summary, delta; "": not declared
        self.every_s: float | None = None
        self.every_s_declared = False
        self.created_seq = seq
        self.meta_seq = seq  # of the entry that last changed unit, kind or cadence, or ended the series
        self.noted_seq = 0  # see ``last_seq``; it may lack waiting samples
        self.noted_ms = 0  # see ``last_ms``; it may lack waiting samples
        self.ahead_ms = 0  # a sample may be held that is later than last_ms, but none that is later than this
        self.ended_ms = 0  # end of the series by its sender's word; 0: none
        self.ends: array[int] | None = None  # times of all ends within the raw window, in order; None: none
        self.folded_run = 0  # number of samples in the last fold
        self.slot_ms = -windows.fine_step_ms  # start of the fine step of the samples not yet folded
        self._fine = Buckets(windows.fine_step_ms)
        self._coarse = CoarseBuckets(self._fine, windows.coarse_step_ms)

    @property
    def last_ms(self) -> int:
        """Time of the newest sample, never later than the journal's time of its entry."""
        if self.waiting is not None and self.waiting.is_behind:
            self.waiting.catch_up()
        return self.noted_ms

    @last_ms.setter
    def last_ms(self, t_ms: int) -> None:
        if self.waiting is not None:
            self.waiting.catch_up()
        self.noted_ms = t_ms

    @property
    def last_seq(self) -> int:
        """The seq of the entry with the newest sample."""
        if self.waiting is not None and self.waiting.is_behind:
            self.waiting.catch_up()
        return self.noted_seq

    @last_seq.setter
    def last_seq(self, seq: int) -> None:
        if self.waiting is not None:
            self.waiting.catch_up()
        self.noted_seq = seq

    @property
    def fine(self) -> Buckets:
        """Buckets of ``fine_step_ms``, with all finished steps."""
        self.settle()
        return self._fine

    @property
    def coarse(self) -> CoarseBuckets:
        """Buckets of ``coarse_step_ms``, with all finished fine steps."""
        self.settle()
        return self._coarse

    @property
    def is_ended(self) -> bool:
        """True if the sender ended the series and has sent no later sample since."""
        return 0 < self.ended_ms >= self.last_ms

    def stamp_by_time(self) -> None:
        """Set the seq of each sample to its time in ms; for series of expressions, whose samples come from no journal entry."""
        self.own()
        self.settle()
        self._seqs[:] = self._times
        before = self._times[0] - 1 if self._times else -1
        self._trimmed_seq, self.thinned_seq = min(self._trimmed_seq, before), min(self.thinned_seq, before)
        self.created_seq = self.meta_seq = self._times[0] if self._times else self.created_seq

    def note_end(self, t_ms: int) -> None:
        """Remember that the series ended at ``t_ms``: for expressions at later times, the samples before the end do not count."""
        if self.ends is None:
            self.ends = array("q")
        at = bisect_left(self.ends, t_ms)
        if at == len(self.ends) or self.ends[at] != t_ms:
            self.ends.insert(at, t_ms)
        del self.ends[:-_MOST_ENDS]

    def turn(self, now_ms: int, windows: Windows) -> None:
        """Begin a new time step of the fine buckets with the sample just appended.

        Add the earlier samples to the buckets (*fold* them), learn the cadence, and trim.
        """
        run = self.run
        self.fold_until(1, windows)
        self.learn(run)
        self.trim(now_ms, windows)

    @property
    def settled_buckets(self) -> tuple[Buckets, CoarseBuckets]:
        """Fine and coarse buckets, for code that has added the waiting samples."""
        return self._fine, self._coarse

    def fold_until(self, back: int, windows: Windows) -> None:
        """Begin a time step with the sample that is the ``back``-th from the end; fold the samples before it."""
        at = len(self._times) - back
        if at > self.folded:
            self._fold(at, windows)
        self.slot_ms = self._times[at] - self._times[at] % windows.fine_step_ms

    def learn(self, run: int) -> bool:
        """Learn the cadence when a time step with ``run`` samples has ended; return whether it fits the known cadence.

        If it fits, the same number of samples in the next step changes nothing, unless it is one sample after an unusual gap.
        """
        usual, self.folded_run = self.folded_run, run
        if self.every_s_declared:
            return True
        newest = len(self._times) - 1
        if self._keeps_time(newest) if run == usual == 1 else run == usual and self._fits(run):
            return True
        learned = learn_every_s(self._times[-LEARN_GAPS - 1 :], self.every_s)
        if learned != self.every_s:
            self.every_s = learned
            self.meta_seq = self.last_seq
        return False

    def _keeps_time(self, newest: int) -> bool:
        """Return whether the gap before the newest sample fits the known cadence, within a fifth. One more such gap does
        not change the result of ``learn_every_s``, which need not be called then.
        """
        if self.every_s is None or newest <= LEARN_GAPS or not self.is_ordered:
            return False
        gap_s = (self._times[newest] - self._times[newest - 1]) / 1000
        return abs(gap_s - self.every_s) <= self.every_s / 5

    def _fits(self, run: int) -> bool:
        """Return whether ``run`` samples in a fine step fit the known cadence, within 50%."""
        return self.every_s is not None and 0.5 <= run * self.every_s * 1000 / self._fine.step_ms <= 1.5

    def _fold(self, end: int, windows: Windows) -> None:
        fine_slot, coarse_slot = self.slot_ms // windows.fine_step_ms, self.slot_ms // windows.coarse_step_ms
        if end == self.folded + 1:
            t_ms, value = self._times[self.folded], self._values[self.folded]
            self._fine.add(fine_slot, t_ms, value)
            self._coarse.add(coarse_slot, t_ms, value)
            self.folded = end
            return
        times, values = self._times[self.folded : end], self._values[self.folded : end].tolist()
        run = run_of(times, values) if self.disorder_seq < self._seqs[self.folded] else run_of_unordered(times, values)
        self._fine.merge(fine_slot, run)
        self._coarse.merge(coarse_slot, run)
        self.folded = end

    def trim(self, now_ms: int, windows: Windows) -> None:
        """Remove samples and buckets older than their windows; thin out the older half if there are more than
        ``raw_max``.

        Buckets are trimmed whenever samples are removed, which is rare. If the series had late samples, buckets are
        trimmed at each call.
        """
        if len(self._times) >= windows.raw_max + TRIM_BATCH:
            self._thin(len(self._times) // 2)
        horizon = now_ms - windows.raw_ms
        if self.ends is not None and self.ends and self.ends[0] < horizon:
            del self.ends[: bisect_left(self.ends, horizon)]
        if self._drop_older(horizon) or self.disorder_seq >= 0:
            self._trim_buckets(now_ms, windows)

    def cut(self, cut: int, seq: int, now_ms: int, windows: Windows) -> None:
        """Remove the first ``cut`` values, whose seqs and times have left the shared stamps; ``seq``: the last of these."""
        self._cut(cut, seq)
        self._trim_buckets(now_ms, windows)

    def _trim_buckets(self, now_ms: int, windows: Windows) -> None:
        self._coarse.trim(
            (now_ms - windows.coarse_ms) // windows.coarse_step_ms, (now_ms - windows.fine_ms) // windows.fine_step_ms
        )

    def forget(self, at: int) -> None:
        """Remove the sample at index ``at``, also from the buckets."""
        t_ms, value = self._times[at], self._values[at]
        self._delete(at)
        if at < self.folded:
            self.folded -= 1
            for buckets in (self._fine, self._coarse):
                step_ms = buckets.step_ms
                start_ms = t_ms - t_ms % step_ms
                buckets.withdraw(t_ms // step_ms, value, self._folded_between(start_ms, start_ms + step_ms))

    def _folded_between(self, from_ms: int, until_ms: int) -> Run | None:
        """Return the raw samples that are in the buckets already, with times from ``from_ms`` up to before ``until_ms``."""
        times = self._times
        if self.is_ordered:
            start, end = bisect_left(times, from_ms), min(self.folded, bisect_left(times, until_ms))
            return run_of(times[start:end], self._values[start:end].tolist()) if start < end else None
        found = [at for at in range(self.folded) if from_ms <= times[at] < until_ms]
        return run_of_unordered([times[at] for at in found], [self._values[at] for at in found]) if found else None

    def overflow(self, windows: Windows) -> None:
        """Handle too many samples within one fine step: add all samples to the buckets, then thin them out to at most
        ``raw_max``."""
        self.settle()
        if len(self._times) > self.folded:
            self._fold(len(self._times), windows)
        while len(self._times) > windows.raw_max:
            self._thin(len(self._times) // 2)
