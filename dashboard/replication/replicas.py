"""Replicas of this process: one for each partition of the journal that its screens need.

A partition is followed while it is needed and for ``LINGER_S`` longer; its first use waits until its replica has caught up.
If there is only one partition, the default, it is always followed.  A partition that no screen anywhere needs is still followed
by one process, so that its history is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from dashboard.domain.counters import Counters
from dashboard.domain.document import Document
from dashboard.domain.errors import Conflict, Unavailable
from dashboard.domain.partition import all_partitions, partition_of, partitions_for
from dashboard.domain.selector import Selector, parse_selector
from dashboard.domain.series import NAME
from dashboard.journal.port import Journal
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from dashboard.replication.replication import Replication
from dashboard.runtime import Group
from dashboard.settings import Settings

#: How long a partition is followed after its last use.
LINGER_S = 60.0
#: How often a process looks for partitions whose checkpoints no process stores; the first time after so long.
_ORPHANS_EVERY_S = 15.0
#: How long a request waits for a partition that is not caught up with yet; then it fails with Unavailable.
_READY_S = 5.0
#: How long a request waits for entries that another process has just stored; then it does without them.
_CATCH_UP_S = 1.0


def windows_of(settings: Settings) -> Windows:
    """Return the windows of the history, in milliseconds."""
    return Windows(
        raw_ms=settings.raw_window_s * 1000,
        raw_max=settings.raw_max_samples,
        fine_step_ms=settings.fine_step_s * 1000,
        fine_ms=settings.fine_window_s * 1000,
        coarse_step_ms=settings.coarse_step_s * 1000,
        coarse_ms=settings.coarse_window_s * 1000,
    )


class _Kept:
    """Followed partition. ``wanted``: number of callers that need the partition; ``unwanted_s``: loop time at which the
    last caller released it."""

    def __init__(self, replication: Replication) -> None:
        self.replication = replication
        self.wanted = 0
        self.restored = False
        self.unwanted_s = 0.0


class Replicas:
    """Replicas by partition, see ``hub.sources.ReplicaSources``."""

    def __init__(
        self,
        *,
        journal: Journal,
        partitions: int,
        windows: Windows,
        checkpoint_s: float,
        checkpoint_bytes: int,
        counters: Counters,
    ) -> None:
        self.partitions = partitions
        self._journal = journal
        self.windows = windows
        self._checkpoint_s = checkpoint_s
        self._checkpoint_bytes = checkpoint_bytes
        self._counters = counters
        self._kept: dict[str, _Kept] = {}
        self._changed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._on_gap: list[Callable[[str, str], None]] = []
        self._on_applied: list[Callable[[], None]] = []
        if partitions == 1:
            self.want(())

    def subscribe_gap(self, handler: Callable[[str, str], None]) -> None:
        """Call ``handler`` with a partition and the reason whenever the partition's replica has missed entries."""
        self._on_gap.append(handler)

    def subscribe_applied(self, handler: Callable[[], None]) -> None:
        """Call ``handler`` whenever a replica has applied a batch of entries."""
        self._on_applied.append(handler)

    def _applied(self) -> None:
        for handler in self._on_applied:
            handler()

    def _missed(self, partition: str, reason: str) -> None:
        for handler in self._on_gap:
            handler(partition, reason)

    # --- use of partitions ---

    def want(self, selectors: Sequence[Selector]) -> tuple[str, ...]:
        wanted = partitions_for(selectors, self.partitions)
        for partition in wanted:
            self._want(partition)
        return wanted

    def _want(self, partition: str) -> None:
        if partition not in self._kept:
            self._kept[partition] = _Kept(self._replication(partition))
            self._changed.set()
        self._kept[partition].wanted += 1

    def _replication(self, partition: str) -> Replication:
        return Replication(
            journal=self._journal,
            partition=partition,
            windows=self.windows,
            checkpoint_s=self._checkpoint_s,
            checkpoint_bytes=self._checkpoint_bytes,
            counters=self._counters,
            on_gap=self._missed,
            on_applied=self._applied,
            one_at_a_time=self._one_at_a_time,
        )

    def leave(self, partitions: tuple[str, ...]) -> None:
        now_s = asyncio.get_running_loop().time()
        for partition in partitions:
            kept = self._kept[partition]
            kept.wanted -= 1
            kept.unwanted_s = now_s

    # --- reading ---

    def replica(self, partition: str) -> Replica:
        return self._kept[partition].replication.replica()

    def ready(self, partitions: tuple[str, ...]) -> bool:
        return all(self._kept[each].replication.caught_up.is_set() for each in partitions)

    @asynccontextmanager
    async def wanted(self, selectors: Sequence[Selector]) -> AsyncIterator[list[Replica]]:
        """Provide, inside the ``async with`` block, caught-up replicas of all partitions that the selectors need.

        Without selectors, these are all partitions. Raises Unavailable if the replicas have not caught up in time.
        """
        partitions = self.want(selectors)
        try:
            try:
                async with asyncio.timeout(_READY_S):
                    await self.wait_ready(partitions)
            except TimeoutError:
                raise Unavailable("this process has not caught up with the journal; try again in a second") from None
            yield [self.replica(each) for each in partitions]
        finally:
            self.leave(partitions)

    async def wait_ready(self, partitions: tuple[str, ...]) -> None:
        """Wait until the replicas of the partitions have caught up. The partitions must be in use."""
        for each in partitions:
            await self._kept[each].replication.caught_up.wait()

    async def catch_up(self, name: str) -> None:
        """Wait briefly until all stored entries about the metric or document ``name`` are applied.

        Call it when the series or document is unknown here: another process may have just stored it.
        """
        kept = self._kept.get(partition_of(name, self.partitions))
        if kept is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_CATCH_UP_S):
                await kept.replication.catch_up()

    async def find_document(self, key: str) -> Document | None:
        """Return the document ``key``, even if another process has just stored it; raises Unavailable."""
        selectors = [parse_selector(key)] if NAME.fullmatch(key) else []
        async with self.wanted(selectors) as replicas:
            found = _document_in(replicas, key)
            if found is None:
                await self.catch_up(key)
                found = _document_in(replicas, key)
        return found

    def followed(self) -> dict[str, Replica]:
        """Return the replicas of all followed partitions, by partition."""
        return {name: kept.replication.replica() for name, kept in self._kept.items()}

    def of(self, name: str) -> Replica | None:
        """Return the replica that holds the metric or document ``name``; None if that replica is missing or has not caught up."""
        kept = self._kept.get(partition_of(name, self.partitions))
        return kept.replication.replica() if kept is not None and kept.replication.caught_up.is_set() else None

    def series_count(self) -> int:
        """Return the number of series in all replicas."""
        return sum(len(replica.table) for replica in self.followed().values())

    def lag(self) -> int:
        """Return the number of stored entries that are not applied here yet."""
        return sum(
            max(0, self._journal.head(name).seq - replica.position.seq) for name, replica in self.followed().items()
        )

    # --- tasks ---

    async def run(self) -> None:
        """Follow the partitions in use, until cancelled."""
        running: set[str] = set()
        async with Group() as group:
            group.start("orphans", self._run_orphans)
            while True:
                self._changed.clear()
                for partition in self._kept.keys() - running:
                    running.add(partition)
                    group.start(f"replica {partition}", partial(self._keep, partition, running))
                await self._changed.wait()

    async def _keep(self, partition: str, running: set[str]) -> None:
        """Follow one partition while it is in use. ``running``: partitions that have such a task."""
        kept = self._kept[partition]
        replication = kept.replication
        if not kept.restored:
            await replication.restore()
            kept.restored = True
            self._missed(partition, "")  # views made before this hold the empty replica
        try:
            async with Group() as group:
                group.start(f"follow {partition}", replication.run)
                group.start(f"repacking {partition}", replication.run_repacking)
                group.start(f"checkpoints {partition}", replication.run_checkpoints)
                group.start(f"linger {partition}", lambda: self._until_unwanted(kept))
        except* _Unwanted:
            if not kept.wanted:  # otherwise it is in use again, and following continues from the same state
                del self._kept[partition]
        running.discard(partition)
        self._changed.set()

    async def _until_unwanted(self, kept: _Kept) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LINGER_S / 10)
            if not kept.wanted and loop.time() - kept.unwanted_s > LINGER_S:
                raise _Unwanted

    async def _run_orphans(self) -> None:
        """Follow the partitions whose history no other process keeps."""
        if self.partitions == 1:
            return
        while True:
            await asyncio.sleep(_ORPHANS_EVERY_S)
            for partition in all_partitions(self.partitions):
                if partition not in self._kept and await self._journal.hold(
                    f"checkpoint:{partition}", _ORPHANS_EVERY_S
                ):
                    self._want(partition)

    async def checkpoint(self) -> None:
        """Store the checkpoints of all partitions for which this process holds the lease. Raises Unavailable."""
        for kept in list(self._kept.values()):
            if await kept.replication.leads():
                with suppress(Conflict):  # another process has just stored this partition's checkpoint
                    await kept.replication.checkpoint()


def _document_in(replicas: list[Replica], key: str) -> Document | None:
    return next((replica.documents[key].document for replica in replicas if key in replica.documents), None)


class _Unwanted(Exception):
    """Signal that a partition is no longer in use."""
