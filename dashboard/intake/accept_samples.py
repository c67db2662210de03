"""Acceptance of samples: set missing times, check the limits of the server and of the token, append entries to the journal.

Accepted means stored: ``accept`` returns when the journal has stored the entries.  accepted + refused = sent, exactly.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from itertools import islice
from operator import attrgetter

from msgspec import Struct, field

from dashboard.domain.counters import Counters
from dashboard.domain.errors import Invalid
from dashboard.domain.identity import Caller
from dashboard.domain.partition import partition_of
from dashboard.domain.series import SeriesKey, SeriesLimits, check_limits, parse_series, surely_within
from dashboard.entries.metrics import decode_change, encode_change
from dashboard.entries.samples import Samples, SeriesEnded, encode_samples
from dashboard.ingest.batch import UNREAD, Batch, Refusal
from dashboard.ingest.claims import Claim, Claims
from dashboard.intake.batches import entries_of, have_late, pieces_of
from dashboard.intake.outcome import Outcome
from dashboard.intake.owned_names import provisional, settle
from dashboard.intake.shares import Share, bar, divide
from dashboard.intake.token_limits import FORBIDDEN, TokenLimits
from dashboard.journal.port import Journal
from dashboard.replica.replica import Replica
from dashboard.replication.replicas import Replicas
from dashboard.turns import next_turn

#: A sample's own time may be this far ahead, for clocks differ; one beyond it is refused.
MAX_AHEAD_MS = 3_600_000
#: Series of partitions not followed here count against the limit until they had no sample for this long.
MET_MS = 3_600_000
#: A repeated declaration goes into the journal again after this long, although it is known here, for processes that started
#: without the checkpoint.
DECLARED_EVERY_MS = 300_000
#: A delta without a time gets one at most this far ahead, to differ from the one before; beyond it both share a time.
_MOST_APART_MS = 900
#: Ends of series in one entry: more would block the event loop while they are checked, encoded or applied.
_ENDED_AT_ONCE = 2_000
#: Labels of new series, and series, that are checked in one step.
_CHECKED_AT_ONCE = 1_000


class _Taken(Struct):
    """Result of the pieces of a batch that are prepared so far. ``appends``: the entries to append.

    ``coming``: the new series in these entries, by partition. ``settled``: the claims whose owners are provisional. ``to_tell``: True
    if the token has new series, which must be published to the other processes.
    """

    refused: list[Refusal] = []
    series: list[list[str]] = []
    appends: list[tuple[str, bytes, str]] = []
    coming: dict[str, Counter[str]] = field(default_factory=dict)
    settled: list[Claim] = []
    to_tell: bool = False


class AcceptSamples:
    """Writer of samples. Only this class appends samples to the journal."""

    def __init__(
        self,
        *,
        journal: Journal,
        replicas: Replicas,
        now_ms: Callable[[], int],
        max_series: int,
        limits: TokenLimits,
        counters: Counters,
        series_limits: SeriesLimits | None = None,
    ) -> None:
        self._series_limits = series_limits or SeriesLimits()
        self._journal = journal
        self._replicas = replicas
        self._now_ms = now_ms
        self._max_series = max_series
        self._limits = limits
        self._counters = counters
        #: By partition: new series in entries that are being appended, by count.
        self._coming: dict[str, Counter[str]] = {}
        self._declared_ms: dict[str, int] = {}  # when a series' unit or cadence last went into the journal
        self._kinds_ms: dict[str, int] = {}  # when a series' kind last went into the journal
        self._delta_ms: dict[str, int] = {}  # the time last given to a delta that came without one
        self._met: dict[str, dict[str, int]] = {}  # by partition not followed here: series accepted here, and when

    def now_ms(self) -> int:
        """Return the journal's time."""
        return self._now_ms()

    def latest_ms(self) -> int:
        """Return the latest time that a sample may have now."""
        return self._now_ms() + MAX_AHEAD_MS

    async def accept(self, batch: Batch, *, request_id: str = "", caller: Caller | None = None) -> Outcome:
        """Store a parsed batch; return once the journal has stored it.

        Raises Overloaded or Unavailable: then nothing was stored, or only a part of a batch for several partitions.
        ``request_id``: a call with a repeated id stores nothing and returns the same outcome. ``caller``: its token sets limits.
        """
        taken = _Taken()
        try:
            # of several entries, one may be stored although another is refused
            with provisional(taken.settled, lambda: len(taken.appends) > 1):
                for number, piece in enumerate(pieces_of(batch)):
                    if number:
                        await next_turn()  # let other tasks run
                    once = f"{request_id}/+{number}" if request_id and number else request_id
                    await self._prepare(piece, batch.claims, caller, taken, once)
                await self._store(taken.appends)
        finally:
            for partition, coming in taken.coming.items():
                self._coming[partition] -= coming
                if not self._coming[partition]:
                    del self._coming[partition]
        if taken.to_tell:
            await self._limits.tell()
        self._counters.samples_refused.update(map(attrgetter("code"), taken.refused))
        if batch.unread:
            self._counters.samples_refused[UNREAD] += batch.unread
        accepted = sum(map(len, taken.series))
        self._counters.samples_accepted += accepted
        return Outcome(accepted, sorted(taken.refused, key=attrgetter("index")), tuple(taken.series), batch.unread)

    async def _prepare(
        self, batch: Batch, claims: Claims, caller: Caller | None, taken: _Taken, request_id: str
    ) -> None:
        """Check the limits of a piece, settle the claims of its accepted samples, and encode their entries."""
        taken.refused += batch.refused
        shares = divide(batch, self._replicas.partitions)
        news = [self._new_in(share) for share in shares]
        if any(news) and caller is not None and caller.token is not None:
            await self._limits.catch_up()
            news = [self._new_in(share) for share in shares]
        for share, new in zip(shares, news, strict=True):
            if barred := self._limits.barred(caller, share.batch.keys):
                taken.refused += bar(share, barred, self._limits.why(caller), FORBIDDEN, batch)
            if new:
                taken.refused += await self._within_sizes(share, new, batch)
                new &= self._new_in(share)  # others may have brought some of them meanwhile
                taken.refused += self._within_token(share, new, caller, batch)
                taken.refused += self._within_limit(share, new, batch)
            taken.refused += settle(share, claims, taken.settled, batch, self._replica(share.partition), self._now_ms())
            if not share.batch.keys:
                continue
            taken.to_tell |= self._limits.note(caller, share.batch.keys)
            taken.series.append(share.batch.keys)
            # an earlier piece begins the others
            begun = set(share.batch.keys if new else ()) & new.difference(taken.coming.get(share.partition, ()))
            for by_partition in (self._coming, taken.coming) if begun else ():
                by_partition.setdefault(share.partition, Counter()).update(begun)
            payloads = self._encode(share.batch, self._replica(share.partition), begun)
            taken.appends += self._appends(share.partition, payloads, request_id)

    def _replica(self, partition: str) -> Replica | None:
        return self._replicas.followed().get(partition)

    def _known(self, partition: str) -> Collection[str]:
        """Return the known series of a partition; of a partition that this process does not follow, the series that it has accepted."""
        replica = self._replica(partition)
        return self._met.get(partition, ()) if replica is None else replica.table.by_text

    def _new_in(self, share: Share) -> set[str]:
        joined, replica = share.batch.joined, self._replica(share.partition)
        if joined is not None and replica is not None and replica.table.has_read(joined):
            return set()
        known = self._known(share.partition)
        if all(map(known.__contains__, share.batch.keys)):
            return set()
        return {key for key in share.batch.keys if key not in known}

    async def _within_sizes(self, share: Share, new: set[str], whole: Batch) -> list[Refusal]:
        """Remove the samples of new series with too large names or labels; return the refusals, in the order of ``whole``."""
        reasons = dict[str, Invalid]()
        doubtful = [key for key in new if not surely_within(key, self._series_limits)]
        checked = 0
        for key in doubtful:
            checked += 1 + key.count('="')
            if checked >= _CHECKED_AT_ONCE:
                checked = 0
                await next_turn()
            try:
                check_limits(parse_series(key), self._series_limits)
            except Invalid as invalid:
                reasons[key] = invalid.with_traceback(None)  # which would hold this frame
        new.difference_update(reasons)
        return bar(share, reasons, "", "invalid", whole) if reasons else []

    def _within_limit(self, share: Share, new: set[str], whole: Batch) -> list[Refusal]:
        """Remove the samples of new series beyond ``max_series``; return the refusals, in the order of ``whole``."""
        begun = self._coming.get(share.partition, ())
        coming = sum(len(keys) - sum(map(self._known(each).__contains__, keys)) for each, keys in self._coming.items())
        room = self._max_series - self._replicas.series_count() - self._count_met() - coming
        beginning = list(dict.fromkeys(key for key in share.batch.keys if key in new and key not in begun))
        if len(beginning) <= room:
            return []
        barred = set(beginning[max(0, room) :])
        reason = f"would be one more than {self._max_series} series; see the setting max_series"
        return bar(share, barred, reason, "series_limit", whole)

    def _within_token(self, share: Share, new: set[str], caller: Caller | None, whole: Batch) -> list[Refusal]:
        """Remove the samples of new series beyond the token's own limit; return the refusals, in the order of ``whole``."""
        barred = self._limits.surplus(caller, share.batch.keys, new, self._exists)
        return bar(share, barred, *self._limits.why_surplus(caller), whole) if barred else []

    async def end(self, ended: Iterable[tuple[str, int | None]], *, caller: Caller | None = None) -> set[str]:
        """Mark series as ended, each at its time (None: now), because their sender will send no more.

        Returns the skipped series: those that the caller may not write.  Unknown series are marked too: their samples may not
        have arrived yet.  Raises Overloaded or Unavailable.
        """
        barred, left = set[str](), iter(ended)
        while some := dict(islice(left, _ENDED_AT_ONCE)):
            barred |= await self._end(some, caller)
        return barred

    async def _end(self, times: dict[str, int | None], caller: Caller | None) -> set[str]:
        """Append one entry for each partition, with the ends of its series; return the series that the caller may not write."""
        now = self._now_ms()
        barred = self._limits.barred(caller, times)
        by_partition: dict[str, list[str]] = {}
        for key in times:
            partition = partition_of(key.partition("{")[0], self._replicas.partitions)
            if key not in barred:
                by_partition.setdefault(partition, []).append(key)
        untimed = all(t is None for t in times.values())
        changes = {
            partition: SeriesEnded(
                "\n".join(keys).encode(),
                () if untimed else tuple(now if (t := times[key]) is None else t for key in keys),
            )
            for partition, keys in by_partition.items()
        }
        await asyncio.gather(*(self._journal.append(p, encode_change(change)) for p, change in changes.items()))
        return barred

    def known_series(self, names: Container[str]) -> Iterator[SeriesKey]:
        """Yield all series with these metric names that this process knows. Other tasks may run between two series."""
        for replica in self._replicas.followed().values():
            yield from (series.key for series in list(replica.table) if series.key.name in names)
        for met in list(self._met.values()):
            yield from (parse_series(text) for text in list(met) if text.partition("{")[0] in names)

    def _exists(self, key: str) -> bool:
        """Return whether a series is known, or is in an entry that is being appended."""
        partition = partition_of(key.partition("{")[0], self._replicas.partitions)
        return key in self._known(partition) or key in self._coming.get(partition, ())

    def _appends(
        self, partition: str, payloads: list[tuple[str, bytes]], request_id: str
    ) -> list[tuple[str, bytes, str]]:
        """Return the entries with their request ids.

        Each id contains the range of the entry's rows. If a repeated request is divided at other rows, some rows are
        stored twice, but none is lost.
        """
        if len(payloads) == 1:
            return [(partition, payloads[0][1], request_id)]
        return [(partition, payload, f"{request_id}/{rows}" if request_id else "") for rows, payload in payloads]

    async def _store(self, appends: list[tuple[str, bytes, str]]) -> None:
        if len(appends) == 1:
            partition, payload, request_id = appends[0]
            await self._journal.append(partition, payload, request_id=request_id)
        else:
            await asyncio.gather(*(self._journal.append(p, b, request_id=i) for p, b, i in appends))
        if self._replicas.partitions > 1:
            for partition, payload, _ in appends:
                if self._replica(partition) is None:
                    self._meet(partition, payload)

    def _meet(self, partition: str, payload: bytes) -> None:
        """Remember the series of an entry for a partition that this process does not follow."""
        change = decode_change(payload)
        assert isinstance(change, Samples)
        met, now = self._met.setdefault(partition, {}), self._now_ms()
        for key in change.keys.decode().split("\n"):
            met[key] = now

    def _count_met(self) -> int:
        """Forget silent series, and partitions that are followed now; return the number of remembered series that are left."""
        horizon = self._now_ms() - MET_MS
        for partition in list(self._met):
            if self._replica(partition) is not None:
                del self._met[partition]
            else:
                self._met[partition] = {key: t for key, t in self._met[partition].items() if t >= horizon}
        return sum(map(len, self._met.values()))

    def _encode(self, batch: Batch, replica: Replica | None, new: set[str]) -> list[tuple[str, bytes]]:
        """Return the payloads of a batch's entries, each with a text that names its range of rows."""
        now = self._now_ms()
        times: list[int] | int = now
        unsaid = batch.times.count(None)
        if unsaid < len(batch.times):
            times = [now if t is None else t for t in batch.times] if unsaid else batch.times  # type: ignore[assignment]  # no None left
        if unsaid and "delta" in batch.kinds.values():
            times = self._apart(batch, now)
        by_text = replica.table.by_text if replica is not None else {}
        declared = []
        for row, unit, every_s in batch.declared:
            key = batch.keys[row]
            series = by_text.get(key)
            if series is not None and now - self._declared_ms.get(key, 0) < DECLARED_EVERY_MS:
                unit = None if unit == series.unit else unit
                every_s = None if series.every_s_declared and every_s == series.every_s else every_s
            if unit is not None or every_s is not None:
                declared.append((row, unit, every_s))
                self._declared_ms[key] = now
        kinds = self._new_kinds(batch, replica, now) if batch.kinds else []
        if len(self._declared_ms) > 2 * self._max_series:
            self._declared_ms.clear()
        late = False
        if not unsaid and isinstance(
            times, list
        ):  # a sample without a time would be another one in an entry that is repeated
            late = have_late(batch.keys, times, lambda key: by_text[key].last_ms if key in by_text else 0)
        units = replica.table.index.units_of_new if replica is not None else lambda _: 0
        spans = entries_of(batch.keys, new, late=late, units=units)
        return [
            (
                f"{start}-{end}",
                encode_samples(
                    batch.keys[start:end],
                    times if isinstance(times, int) else times[start:end],
                    batch.values[start:end],
                    [(r - start, u, e) for r, u, e in declared if start <= r < end],
                    [(r - start, kind) for r, kind in kinds if start <= r < end],
                    batch.joined if len(spans) == 1 else None,
                ),
            )
            for start, end in spans
        ]

    def _apart(self, batch: Batch, now_ms: int) -> list[int]:
        """Return the times of a batch. Samples of kind ``delta`` without a time get different times, because a series
        has one value per millisecond."""
        given, times = self._delta_ms, list[int]()
        if len(given) > 2 * self._max_series:
            given.clear()
        for key, t_ms in zip(batch.keys, batch.times, strict=True):
            if t_ms is None and batch.kinds.get(key) == "delta":
                next_ms = given.get(key, 0) + 1
                t_ms = given[key] = next_ms if now_ms < next_ms <= now_ms + _MOST_APART_MS else now_ms
            times.append(now_ms if t_ms is None else t_ms)
        return times

    def _new_kinds(self, batch: Batch, replica: Replica | None, now_ms: int) -> list[tuple[int, str]]:
        """Return (row, kind) for each kind to declare.

        A kind is declared if the journal has another kind or none, or if it was last declared ``DECLARED_EVERY_MS`` ago
        or earlier.
        """
        by_text, said = replica.table.by_text if replica is not None else {}, self._kinds_ms
        new = {
            key
            for key, kind in batch.kinds.items()
            if (series := by_text.get(key)) is None
            or series.kind != kind
            or now_ms - said.get(key, 0) >= DECLARED_EVERY_MS
        }
        if not new:
            return []
        if len(said) > 2 * self._max_series:
            said.clear()
        said.update(dict.fromkeys(new, now_ms))
        rows = {key: row for row, key in enumerate(batch.keys) if key in new}
        return [(row, batch.kinds[key]) for key, row in rows.items()]
