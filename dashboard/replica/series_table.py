"""Table of a replica's series by canonical text, and the hot path that applies a batch to them.

A series' number (``sid``) is a hash of its name and labels, so it is the same in every replica, whichever entries the replica has
read. A screen that moves to another process finds its series again.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from dashboard.domain.errors import Invalid
from dashboard.domain.series import parse_series
from dashboard.entries.samples import Samples, SeriesEnded, unpack_floats, unpack_ints
from dashboard.index.series_index import SeriesIndex
from dashboard.replica.late import LateSamples
from dashboard.replica.patience import Patience
from dashboard.replica.rows import Rows
from dashboard.replica.series import AHEAD_MS, ALWAYS, Series, Windows
from dashboard.replica.turning import Turning

#: Most cached lists of keys with their series, and most bytes of one; longer ones are not cached.
_KNOWN_LISTS = 256
_KNOWN_LIST_BYTES = 256 << 10
#: Departed series that are remembered, so that a returning screen can be told; a screen from before them gets a snapshot.
_KNOWN_GONE = 10_000
#: Within one fine step a series may grow by ``_OVERFLOW`` beyond ``raw_max``. Its length is checked every ``_OVERFLOW_EVERY``
#: entries, and in every entry with several rows of one series.
_OVERFLOW = 1_000
_OVERFLOW_EVERY = 16
#: Lists that have no series more often than this are checked only every ``_OVERFLOW_EVERY`` entries, too.
_FEW_PARTS = 8
_SWEEP_EVERY_MS = 60_000
#: Bits of the largest integers that JavaScript's numbers hold exactly.
_SID_BITS = 53


def sid_of(text: str) -> int:
    """Hash a series' canonical text to its number: among 10,000 series, the probability of a collision is 10^-8."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest()) >> (56 - _SID_BITS)


class SeriesTable:
    """Series by canonical text. ``gone`` holds (seq, sid, text) of each removed series with a seq above ``gone_floor``."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.by_text: dict[str, Series] = {}
        self._sids: set[int] = set()
        self._ahead: set[Series] = set()  # series that hold samples later than their last_ms
        self.gone: deque[tuple[int, int, str]] = deque()
        self.gone_floor = 0
        self.swept_ms = 0
        self.index: SeriesIndex[Series] = SeriesIndex()
        self.patience = Patience()
        self._turning = Turning(windows, lambda: self.patience.kept_ms)
        self._lists: dict[bytes, Rows[Series]] = {}
        self.restored_seq = 0  # a restored series may already hold entries up to here

    def __len__(self) -> int:
        return len(self.by_text)

    def __iter__(self) -> Iterator[Series]:
        return iter(self.by_text.values())

    def apply(self, seq: int, now_ms: int, change: Samples) -> None:
        """Append each row to its series. The batch was checked by ``decode_change``."""
        known = self._rows(change.keys, seq)
        self.patience.read(now_ms)
        rows, repeats = known.series, known.repeats
        values = unpack_floats(change.values)
        times = change.times if isinstance(change.times, int) else unpack_ints(change.times)
        each = repeat(times, len(values)) if isinstance(times, int) else times
        latest = times if isinstance(times, int) else max(times)
        append = self._append if latest <= now_ms + AHEAD_MS else self._append_ahead
        if seq <= self.restored_seq:
            fresh = {series for series in rows if series.last_seq < seq}
            self._declare(change, [r if r in fresh else None for r in rows], seq)
            kept = [(r, t, v) for r, t, v in zip(rows, each, values, strict=True) if r in fresh]
            append(kept, seq, now_ms)
            rows = tuple(fresh)
        else:
            if change.declared or change.kinds:
                self._declare(change, rows, seq)
            ahead = latest > now_ms + AHEAD_MS or (bool(self._ahead) and self._are_ahead(rows))
            if known.parts and not ahead:
                for part, some in known.parts:
                    part_times = times if isinstance(times, int) else times[part]
                    self._append_rows(some, part_times, values[part], seq, now_ms, hold=known.alike)
            elif repeats or ahead:
                append(zip(rows, each, values, strict=True), seq, now_ms)
            else:
                self._append_rows(known, times, values, seq, now_ms)
        if (repeats and not 0 < len(known.parts) <= _FEW_PARTS) or not seq % _OVERFLOW_EVERY:
            self._trim_overfull(rows)
        if not 0 <= now_ms - self.swept_ms < _SWEEP_EVERY_MS:
            self._sweep(seq, now_ms)

    def _append_rows(
        self,
        rows: Rows[Series],
        times: int | array[int],
        values: array[float],
        seq: int,
        now_ms: int,
        *,
        hold: bool = True,
    ) -> None:
        """Append an entry on the hot path: each series has one row, and no sample is noticeably later than ``now_ms``.

        ``hold``: True if the entry may wait in ``rows``. Waiting saves no time if the next entry has the same series in another
        order.
        """
        step = self.windows.fine_step_ms
        if hold and rows.hold_next(seq, times, values, step):
            self._fire(rows)
            return
        rows.note()
        turning, late = [], []
        waits_in = rows if hold else None
        for series, t_ms in zip(rows.series, repeat(times) if isinstance(times, int) else times, strict=False):
            if series.waiting is not waits_in:
                series.settle()
                series.waiting = waits_in
                rows.unsteady()
            if t_ms <= series.noted_ms:
                late.append(series)
                continue
            series.noted_ms = t_ms
            series.noted_seq = seq
            if not 0 <= t_ms - series.slot_ms < step:
                turning.append(series)
        if hold and not late and self._waits(rows, times, values, seq, turning):
            self._fire(rows)
            return
        rows.flush()
        if late:
            self._append_with_late(rows, times, values, seq, now_ms, late)
        else:
            rows.append(seq, times, values)
            self._fire(rows)
        if turning:
            steady = self._turning.turn(turning)
            if hold and not late and isinstance(times, int) and len(turning) == len(rows.series):
                rows.turned(steady, times)
            else:
                rows.unsteady()

    def _waits(
        self, rows: Rows[Series], times: int | array[int], values: array[float], seq: int, turning: list[Series]
    ) -> bool:
        """Keep an entry without late samples, if it can wait; return whether it does. It begins a step in the series ``turning``."""
        if not turning:
            rows.hold(seq, times, values)
            return True
        return len(turning) == len(rows.series) and rows.hold_first(seq, times, values, self.windows.fine_step_ms)

    def _fire(self, rows: Rows[Series]) -> None:
        """Call the listeners of all series of a list, each of which has got a new sample."""
        if rows.followed_version != self.index.followed_version:
            rows.note_followed(self.index.followed(rows.series), self.index.followed_version)
        for matches in rows.followed:
            if matches.armed:
                matches.fire()

    def _append_with_late(
        self,
        rows: Rows[Series],
        times: int | array[int],
        values: array[float],
        seq: int,
        now_ms: int,
        late: list[Series],
    ) -> None:
        """Append an entry in which some samples are not later than the series' present samples. ``rows`` must have no
        waiting entry."""
        each = repeat(times, len(values)) if isinstance(times, int) else times
        looked_at = set(late)
        again = []
        for row in zip(rows.series, each, values, strict=True):
            series, t_ms, value = row
            if series in looked_at:
                again.append(row)
            else:
                series.append(seq, t_ms, value)
                self.index.fire(series)
        self._append(again, seq, now_ms)

    def _append(self, rows: Iterable[tuple[Series, int, float]], seq: int, now_ms: int) -> int:
        """Append an entry row by row; a series may have several rows. Return the number of new samples."""
        windows, step = self.windows, self.windows.fine_step_ms
        late = LateSamples()
        appended = 0
        for series, t_ms, value in rows:
            if t_ms <= series.last_ms or t_ms <= series.ahead_ms:
                if not late.is_new(series, t_ms, value):
                    continue
                self._note_late(series, t_ms, seq, now_ms)
            else:
                series.last_ms = t_ms
                if late.times and series in late.times:
                    late.times[series].add(t_ms)
            series.append(seq, t_ms, value)
            series.last_seq = seq
            appended += 1
            self.index.fire(series)
            if not 0 <= t_ms - series.slot_ms < step:
                series.turn(self.patience.kept_ms, windows)
        return appended

    def _note_late(self, series: Series, t_ms: int, seq: int, now_ms: int) -> None:
        """Record that a series got a sample that is not its latest."""
        if t_ms >= series.last_ms:
            series.last_ms = t_ms
            return
        if seq > series.disorder_seq:
            series.disorder_seq = seq
        if series.last_ms > now_ms + AHEAD_MS:  # the journal's clock was set back
            self._note_ahead(series, series.last_ms)
            series.last_ms = max(t_ms, now_ms)

    def _append_ahead(self, rows: Iterable[tuple[Series, int, float]], seq: int, now_ms: int) -> None:
        """Append an entry with samples from the future (a feeder's clock is ahead), which count as no newer than ``now_ms``."""
        for series, t_ms, value in rows:
            last_ms = series.last_ms
            if self._append(((series, t_ms, value),), seq, now_ms) and t_ms > now_ms:
                series.last_ms = max(last_ms, now_ms)
                series.disorder_seq = ALWAYS  # the next samples may be older than this one, and newer than last_ms
                self._note_ahead(series, t_ms)

    def _note_ahead(self, series: Series, t_ms: int) -> None:
        series.ahead_ms = max(series.ahead_ms, t_ms)
        self._ahead.add(series)

    def _are_ahead(self, rows: tuple[Series, ...]) -> bool:
        """Return whether a series of the list may have samples later than its ``last_ms``.

        Series whose future samples now lie in the past are no longer remembered as ahead.
        """
        found = self._ahead.intersection(rows)
        self._ahead.difference_update(series for series in found if series.last_ms >= series.ahead_ms)
        return any(series.last_ms < series.ahead_ms for series in found)

    def _trim_overfull(self, rows: Iterable[Series]) -> None:
        """Thin out the series that have grown beyond their limit within one fine step."""
        limit = self.windows.raw_max + _OVERFLOW
        for series in rows:
            if series.is_longer(limit):
                series.overflow(self.windows)

    def _declare(self, change: Samples, rows: object, seq: int) -> None:
        for row, unit, every_s in change.declared:
            series: Series | None = rows[row]  # type: ignore[index]  # a list or a tuple
            if series is None:
                continue
            if unit is not None and unit != series.unit:
                series.unit = unit
                self._declared(series, seq)
            if every_s is not None and not (series.every_s_declared and series.every_s == every_s):
                series.every_s = every_s
                series.every_s_declared = True
                self._declared(series, seq)
        for row, kind in change.kinds:
            series = rows[row]  # type: ignore[index]  # as above
            if series is not None and kind != series.kind:
                series.kind = kind
                self._declared(series, seq)

    def _declared(self, series: Series, seq: int) -> None:
        series.meta_seq = seq
        self.index.fire(series)

    def end(self, seq: int, now_ms: int, change: SeriesEnded) -> None:
        """Apply the end of series; unknown series are ignored.

        A series that already has a later sample does not end: such an end counts only for expressions at times before
        that sample.
        """
        texts = change.keys.decode("utf-8", "replace").split("\n")
        times: Iterable[int | None] = change.times or repeat(None)
        for text, t_ms in zip(texts, times):  # noqa: B905  # a foreign entry may have fewer of one
            series = self.by_text.get(text)
            if series is None or series.meta_seq > seq or series.last_seq >= seq:
                continue
            if t_ms is None:  # ends with its newest sample, whatever the clocks of the processes say
                t_ms = series.last_ms
            end_ms = min(t_ms, max(now_ms, series.last_ms))  # its sender's clock may be ahead
            series.note_end(end_ms)
            if series.last_ms > t_ms:
                continue
            series.ended_ms = end_ms
            self._declared(series, seq)

    def has_read(self, keys: bytes) -> bool:
        """Return whether a list of keys is cached. All series of a cached list exist."""
        return keys in self._lists

    def _rows(self, keys: bytes, seq: int) -> Rows[Series]:
        known = self._lists.get(keys)
        if known is None:
            known = Rows(self._find(keys, seq), self._turning.finish)
            if len(keys) <= _KNOWN_LIST_BYTES:
                if len(self._lists) >= _KNOWN_LISTS:
                    del self._lists[next(iter(self._lists))]
                self._lists[keys] = known
        return known

    def _find(self, keys: bytes, seq: int) -> tuple[Series, ...]:
        """Return the series of these keys and create missing series; if a key is not valid, raise Invalid and create none."""
        try:
            texts = keys.decode().split("\n")
        except UnicodeDecodeError:
            raise Invalid("keys that are not UTF-8") from None
        new = {text: parse_series(text) for text in texts if text not in self.by_text}
        for text, key in new.items():
            if key.text != text:
                raise Invalid(f"{text[:60]!a} is not a canonical series key")
        for text, key in new.items():
            series = self.by_text[text] = Series(self._new_sid(text), key, self.windows, seq)
            series.text = text  # one object for both, as texts may be long
            self.index.add(series)
        return tuple(self.by_text[text] for text in texts)

    def _new_sid(self, text: str) -> int:
        sid = sid_of(text)
        while sid in self._sids:
            sid += 1
        self._sids.add(sid)
        return sid

    def _sweep(self, seq: int, now_ms: int) -> None:
        """Forget the series that were silent for the whole longest window. Runs at most once a minute of the journal's time."""
        self.swept_ms = now_ms
        horizon = self.patience.kept_ms - self.windows.coarse_ms
        self.depart(seq, [series for series in self if series.last_ms < horizon])

    def depart(self, seq: int, departed: Sequence[Series]) -> None:
        """Forget series and record them in ``gone``, so that screens forget them too."""
        for series in departed:
            del self.by_text[series.text]
            series.own()
            self._sids.discard(series.sid)
            self._ahead.discard(series)
            self.gone.append((seq, series.sid, series.text))
            self.index.remove(series)
        if departed:
            self._lists.clear()
        while len(self.gone) > _KNOWN_GONE:
            self.gone_floor = self.gone.popleft()[0]

    def forget_lists(self) -> None:
        """Forget the cached lists of keys, because the same lists are not sent again."""
        self._lists.clear()

    def discard(self, text: str) -> None:
        """Forget a series at once, without recording it in ``gone``."""
        series = self.by_text.pop(text, None)
        if series is not None:
            series.own()
            self._sids.discard(series.sid)
            self._ahead.discard(series)
            self._lists.clear()
            self.index.remove(series)

    def restore(self, series: Series) -> None:
        """Add a series from a checkpoint."""
        self.by_text[series.text] = series
        self._sids.add(series.sid)
        if series.disorder_seq >= 0 and series.times and (newest_ms := max(series.times)) > series.last_ms:
            self._note_ahead(series, newest_ms)
        self.restored_seq = max(self.restored_seq, series.last_seq)
        self.index.add(series)

    def rebase(self) -> None:
        """Reset all seqs, because a new epoch began: all samples count as older than the first entry of that epoch."""
        for series in self:
            series.forget_seqs()
            series.last_seq = series.meta_seq = series.created_seq = 0
            series.trimmed_seq = min(series.trimmed_seq, 0)
            series.disorder_seq = min(series.disorder_seq, 0)
            series.thinned_seq = min(series.thinned_seq, 0)
        self.gone.clear()
        self.gone_floor = self.restored_seq = 0
