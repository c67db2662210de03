"""Replication of one partition: restores its replica from the checkpoint, follows the journal, stores checkpoints.

Among all processes that follow a partition, the process with the lease stores its checkpoints.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from dashboard.domain.counters import Counters
from dashboard.domain.errors import Conflict, DashboardError, Invalid, Unavailable
from dashboard.domain.position import Position
from dashboard.journal.port import Checkpoint, Entry, Gap, Journal
from dashboard.replica.checkpoint import (
    RawSeries,
    capture_document,
    capture_header,
    capture_series,
    encode_series,
    restore,
)
from dashboard.replica.documents import StoredDocument
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series, Windows
from dashboard.runtime import Bell

_log = logging.getLogger(__name__)

#: Seconds of applying entries after which the event loop gets a turn.
_BREATH_S = 0.01
#: Series captured between two turns of the event loop (about 0.2 ms each with full history).
_SERIES_PER_BREATH = 20
#: Pause in seconds between two restored histories that are packed (some milliseconds each).
_REPACKING_PAUSE_S = 0.02
#: How long the lease on a partition's checkpoints lasts without renewal.
_LEASE_S = 15.0


class Beginning(NamedTuple):
    """State at the moment when a checkpoint begins; the records of the series are captured a little later."""

    header: tuple[str, bytes]
    series: list[Series]
    documents: list[tuple[str, StoredDocument]]


class Replication:
    """Owner of the replica of one partition; other code reads the replica through ``replica()``."""

    def __init__(
        self,
        *,
        journal: Journal,
        partition: str,
        windows: Windows,
        checkpoint_s: float,
        checkpoint_bytes: int,
        counters: Counters,
        on_gap: Callable[[str, str], None],
        on_applied: Callable[[], None],
        one_at_a_time: asyncio.Lock,
    ) -> None:
        self._journal = journal
        self.partition = partition
        self._windows = windows
        self._checkpoint_s = checkpoint_s
        self._checkpoint_bytes = checkpoint_bytes  # payload bytes applied after which the next checkpoint is due early
        self._uncheckpointed = 0
        self._counters = counters
        self._replica = Replica(windows, Position("00000000", 0))
        self._stored: dict[str, int] = {}  # record key -> the entry that had last changed it when it was stored
        self._target = 0
        self._one_at_a_time = one_at_a_time  # this process stores one checkpoint at a time
        self._on_gap = on_gap  # called with the partition and the reason when entries were missed
        self._on_applied = on_applied  # called when the entries in hand have been applied
        self._base: Position | None = None  # of the stored checkpoint that ``_stored`` describes
        # the stored checkpoint may be another process' or another epoch's: the next one replaces all records
        self._whole = False
        self.caught_up = asyncio.Event()
        self._moved = Bell()  # rings when entries were applied

    def replica(self) -> Replica:
        """Return the present replica."""
        return self._replica

    async def restore(self) -> None:
        """Load the newest checkpoint; without a readable checkpoint, the replica starts from the entries in the journal alone."""
        head = await self._journal.attach(self.partition)
        self._target = head.seq
        self._replica = Replica(self._windows, Position(head.epoch, 0))
        checkpoint = await self._load()
        try:
            if checkpoint is not None:
                loop = asyncio.get_running_loop()
                self._replica = await loop.run_in_executor(
                    None, restore, checkpoint.position, checkpoint.records, self._windows
                )
        except Invalid as error:
            _log.error("checkpoint not used: %s", error)
        self._base = checkpoint.position if checkpoint is not None else None
        self._stored = {f"s:{series.text}": _changed_seq(series) for series in self._replica.table}
        self._stored |= {f"d:{key}": stored.seq for key, stored in self._replica.documents.items()}
        if self._replica.position.epoch != head.epoch:
            _log.warning(
                "%s: the checkpoint is of another epoch of the journal; entries after the checkpoint are missing",
                self.partition,
            )

    async def _load(self) -> Checkpoint | None:
        """Return the stored checkpoint; wait while the store is unavailable.

        Without this wait, the next checkpoint would replace the stored one, whose state would then be lost.
        """
        pause_s = 0.1
        while True:
            try:
                return await self._journal.load_checkpoint(self.partition)
            except Invalid as error:
                _log.error("checkpoint not used: %s", error)
                return None
            except Unavailable as error:
                _log.warning("%s; trying again", error)
            await asyncio.sleep(pause_s)
            pause_s = min(5.0, 2 * pause_s)

    async def run(self) -> None:
        """Apply every entry as it is stored, until cancelled."""
        replica = self._replica
        if replica.position == self._journal.head(self.partition):
            self.caught_up.set()
        async for batch in self._journal.follow(self.partition, replica.position):
            if isinstance(batch, Gap):
                self._take_gap(batch)
            else:
                await self._apply(batch)
            self._moved.ring()
            self._on_applied()
            if replica.position.seq >= self._target:
                self.caught_up.set()
            else:
                await asyncio.sleep(0)

    async def catch_up(self) -> None:
        """Wait until all entries stored before this call have been applied, however long the store or the journal takes."""
        stored = await self._journal.attach(self.partition)
        while self._replica.position.epoch != stored.epoch or self._replica.position.seq < stored.seq:
            await self._moved.wait()

    def _take_gap(self, gap: Gap) -> None:
        replica = self._replica
        if replica.position.seq or gap.position.seq:
            _log.warning(
                "%s: journal gap (%s): history before entry %d has a hole",
                self.partition,
                gap.reason,
                gap.position.seq,
            )
        replica.gap(gap)
        self._stored = dict.fromkeys(self._stored, -1)
        self._whole = True
        # the rewound journal may never reach the former target
        self._target = min(self._target, self._journal.head(self.partition).seq)
        self._uncheckpointed = max(self._uncheckpointed, self._checkpoint_bytes)  # the stored checkpoint is out of date
        self._on_gap(self.partition, gap.reason)

    async def _apply(self, batch: list[Entry]) -> None:
        """Apply entries in order; let other tasks run in between."""
        clock = asyncio.get_running_loop().time
        began = clock()
        for entry in batch:
            self._replica.apply(entry)
            self._uncheckpointed += len(entry.payload)
            if clock() - began > _BREATH_S:
                await asyncio.sleep(0)
                began = clock()

    async def run_checkpoints(self) -> None:
        """Store a checkpoint every ``checkpoint_s``, or sooner after many bytes, while this process holds the lease."""
        await self.caught_up.wait()
        waited = 0.0
        while True:
            await asyncio.sleep(1)
            waited += 1
            if not await self.leads():
                continue
            if waited < self._checkpoint_s and self._uncheckpointed < self._checkpoint_bytes:
                continue
            waited = 0.0
            try:
                await self.checkpoint()
            except Conflict as error:
                _log.info("%s: checkpoint not stored: %s", self.partition, error)
            except DashboardError as error:
                _log.error("checkpoint not stored: %s", error)

    async def leads(self) -> bool:
        """Acquire or renew the lease on the partition's checkpoints; return whether this process holds it."""
        return await self._journal.hold(f"checkpoint:{self.partition}", _LEASE_S)

    async def run_repacking(self) -> None:
        """Pack the restored histories one after the other, so that they can be trimmed; return when all are packed."""
        await self.caught_up.wait()
        for series in list(self._replica.table):
            for buckets in (series.fine, series.coarse):
                if buckets.is_folded:
                    buckets.repack()
                    await asyncio.sleep(_REPACKING_PAUSE_S)

    async def checkpoint(self) -> None:
        """Store the changes since the last checkpoint, after any checkpoint under way. Raises Conflict, Unavailable."""
        async with self._one_at_a_time:
            if self.caught_up.is_set():
                await self._checkpoint()

    async def _checkpoint(self) -> None:
        below = await self._journal.checkpoint_position(self.partition)
        if whole := self._whole or below != self._base:  # the stored one is another process', or of another epoch
            self._stored = {}
        stored: dict[str, int] = {}
        replica, before = self._replica, self._uncheckpointed
        position = replica.position
        begin = Beginning(capture_header(replica), list(replica.table), list(replica.documents.items()))
        self._whole = False
        try:
            records = self._records(begin, stored, position)
            await self._journal.save_checkpoint(self.partition, position, records, whole=whole, base=below)
        except BaseException:
            self._whole |= whole
            raise
        self._stored, self._base = stored, position
        self._uncheckpointed -= before
        self._counters.checkpoints += 1

    async def _records(
        self, begin: Beginning, stored: dict[str, int], position: Position
    ) -> AsyncIterator[list[tuple[str, bytes | None]]]:
        before, loop = self._stored, asyncio.get_running_loop()
        yield [begin.header]
        for start in range(0, len(begin.series), _SERIES_PER_BREATH):
            raw = []
            if self._replica.position.epoch != position.epoch:
                raise Conflict("another epoch has begun in the meantime")
            for series in begin.series[start : start + _SERIES_PER_BREATH]:
                key = f"s:{series.text}"
                stored[key] = _changed_seq(series)
                if before.get(key) != stored[key]:
                    raw.append(capture_series(series))
            if raw:
                yield await loop.run_in_executor(None, _encode_all, raw)
        stored |= {f"d:{name}": state.seq for name, state in begin.documents}
        yield [capture_document(n, state) for n, state in begin.documents if before.get(f"d:{n}") != state.seq]
        yield [(key, None) for key in before.keys() - stored.keys()]


def _changed_seq(series: Series) -> int:
    """Return the number of the last entry that changed the series."""
    return max(series.last_seq, series.meta_seq)


def _encode_all(raw: list[RawSeries]) -> list[tuple[str, bytes | None]]:
    return [encode_series(each) for each in raw]
