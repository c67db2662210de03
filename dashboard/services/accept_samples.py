"""Take samples in: stamp them, keep to the cardinality limit, append them to the journal as one entry.

Accepted means kept: ``accept`` returns when the journal has stored the entry.  accepted + refused = sent, exactly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from dashboard.domain.counters import Counters
from dashboard.ingest.batch import Batch, Refusal
from dashboard.journal.port import METRICS, Journal
from dashboard.replica.changes import encode_samples
from dashboard.replica.replica import Replica

#: How far in the future a sample's own time may lie: clocks differ, but not by more than this.
MAX_AHEAD_MS = 3_600_000
#: A longer batch becomes several entries, so that applying one never holds up the loop.
_ROWS_PER_ENTRY = 2_000


class Outcome(Struct, frozen=True):
    """What became of a batch. ``refused`` is in the order of the samples in the body."""

    accepted: int
    refused: list[Refusal]


class AcceptSamples:
    """The only way for samples into the journal."""

    def __init__(
        self,
        *,
        journal: Journal,
        replica: Callable[[], Replica],
        now_ms: Callable[[], int],
        max_series: int,
        counters: Counters,
    ) -> None:
        self._journal = journal
        self._replica = replica
        self._now_ms = now_ms
        self._max_series = max_series
        self._counters = counters
        self._coming: dict[str, int] = {}  # new series in entries on their way, with how often

    def latest_ms(self) -> int:
        """The latest time that a sample may carry now."""
        return self._now_ms() + MAX_AHEAD_MS

    async def accept(self, batch: Batch, *, request_id: str = "") -> Outcome:
        """Store a parsed batch; returns once it is kept. Raises Overloaded, Unavailable (nothing was taken then).

        ``request_id``: the same id again stores nothing and answers as if it had.
        """
        new: set[str] = set()
        if not all(map(self._replica().table.by_text.__contains__, batch.keys)):
            new = set(batch.keys).difference(self._replica().table.by_text)
            batch = self._within_limit(batch, new)
        for refusal in batch.refused:
            self._counters.samples_refused[refusal.code] += 1
        if batch.keys:
            payloads = self._encode(batch)
            coming = {key for key in new if key not in self._replica().table.by_text}
            for key in coming:
                self._coming[key] = self._coming.get(key, 0) + 1
            try:
                await self._append(payloads, request_id)
            finally:
                for key in coming:
                    self._coming[key] -= 1
                    if not self._coming[key]:
                        del self._coming[key]
            self._counters.samples_accepted += len(batch.keys)
        return Outcome(len(batch.keys), sorted(batch.refused, key=lambda r: r.index))

    def _within_limit(self, batch: Batch, new: set[str]) -> Batch:
        """The batch without the samples whose series would be one too many."""
        coming = {key for key in self._coming if key not in self._replica().table.by_text}
        room = self._max_series - len(self._replica().table) - len(coming)
        beginning = list(dict.fromkeys(key for key in batch.keys if key in new and key not in coming))
        if len(beginning) <= room:
            return batch
        barred = set(beginning[max(0, room) :])
        reason = f"would be one more than {self._max_series} series; see the setting max_series"
        kept = Batch(refused=list(batch.refused))
        rows = {row: (unit, every_s) for row, unit, every_s in batch.declared}
        indices = _indices(batch)
        for row, key in enumerate(batch.keys):
            if key in barred:
                kept.refused.append(Refusal(indices[row], "series", reason, "series_limit"))
                continue
            if row in rows:
                kept.declared.append((len(kept.keys), *rows[row]))
            kept.keys.append(key)
            kept.times.append(batch.times[row])
            kept.values.append(batch.values[row])
        return kept

    async def _append(self, payloads: list[bytes], request_id: str) -> None:
        """Entries appended in one breath are stored in one transaction: all or none."""
        if len(payloads) == 1:
            await self._journal.append(METRICS, payloads[0], request_id=request_id)
            return
        ids = [f"{request_id}/{part}" if request_id else "" for part in range(len(payloads))]
        appends = [self._journal.append(METRICS, p, request_id=i) for p, i in zip(payloads, ids, strict=True)]
        await asyncio.gather(*appends)

    def _encode(self, batch: Batch) -> list[bytes]:
        now = self._now_ms()
        times: list[int] | int = now
        if batch.times.count(None) < len(batch.times):
            times = [now if t is None else t for t in batch.times]
        by_text = self._replica().table.by_text
        declared = []
        for row, unit, every_s in batch.declared:
            series = by_text.get(batch.keys[row])
            if series is not None:
                unit = None if unit == series.unit else unit
                every_s = None if series.every_s_declared and every_s == series.every_s else every_s
            if unit is not None or every_s is not None:
                declared.append((row, unit, every_s))
        if len(batch.keys) <= _ROWS_PER_ENTRY:
            return [encode_samples(batch.keys, times, batch.values, declared)]
        return [
            encode_samples(
                batch.keys[start : start + _ROWS_PER_ENTRY],
                times if isinstance(times, int) else times[start : start + _ROWS_PER_ENTRY],
                batch.values[start : start + _ROWS_PER_ENTRY],
                [(r - start, u, e) for r, u, e in declared if start <= r < start + _ROWS_PER_ENTRY],
            )
            for start in range(0, len(batch.keys), _ROWS_PER_ENTRY)
        ]


def _indices(batch: Batch) -> list[int]:
    """Each kept row's place in the body: the places that were not refused, in order."""
    taken = {refusal.index for refusal in batch.refused}
    total = len(batch.keys) + len(taken)
    return [index for index in range(total) if index not in taken]
