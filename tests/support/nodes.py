"""Processes for tests, one or several with a common journal: their nodes, ownership of series, and rate limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType, SimpleNamespace
from typing import cast

from dashboard.cluster.bus import Bus
from dashboard.cluster.membership import Membership, RosterVersion
from dashboard.cluster.ownership import SeriesOwnership
from dashboard.cluster.rate_limits import SharedRateLimits
from dashboard.cluster.vitals import Vitals
from dashboard.domain.counters import Counters
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import Journal
from dashboard.replication.replicas import Replicas
from tests.support.deadline import deadline
from tests.support.histories import WINDOWS
from tests.support.journals import HandClock


def a_journal() -> MemoryJournal:
    """Return a journal that several processes share."""
    return MemoryJournal(clock=HandClock().journal_clock())


@asynccontextmanager
async def at_work(*works: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Run all the given parts within the block."""
    tasks = [asyncio.ensure_future(work()) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    """Wait until the condition is true; raises DeadlinePassed."""
    async with deadline(20):
        while not true():
            await asyncio.sleep(0.001)


def bus_of(journal: Journal, node_id: str) -> Bus:
    """Return the bus of a new process."""
    return Bus(journal=journal, node_id=node_id, monotonic=lambda: 0.0)


def membership(
    bus: Bus,
    journal: Journal,
    *,
    version: RosterVersion | None = None,
    latest: Mapping[str, float] = MappingProxyType({}),
    monotonic: Callable[[], float] = lambda: 0.0,
) -> Membership:
    """Return the membership of the bus' process, whose last readings are ``latest``."""
    return Membership(
        bus=bus,
        journal=journal,
        vitals=cast("Vitals", SimpleNamespace(latest=dict(latest))),
        roster_version=version or RosterVersion(),
        name=bus.node_id,
        build="",
        restarts=0,
        now_ms=lambda: 0,
        monotonic=monotonic,
    )


def ownership(
    max_series: int = 1_000, bus: Bus | None = None, monotonic: Callable[[], float] = lambda: 0.0
) -> SeriesOwnership:
    """Return the ownership table of a process; without ``bus``, of the only process."""
    alone = bus is None
    bus = bus or bus_of(a_journal(), "a")
    return SeriesOwnership(
        "group",
        bus=bus,
        max_series=max_series,
        shared=not alone,
        monotonic=monotonic,
        jitter=lambda least, most: least,
    )


def rates(kind: str, bus: Bus | None = None, monotonic: Callable[[], float] = lambda: 0.0) -> SharedRateLimits:
    """Return the rate limits of a process; without ``bus``, of the only process."""
    alone = bus is None
    bus = bus or bus_of(a_journal(), "a")
    return SharedRateLimits(kind, bus=bus, shared=not alone, monotonic=monotonic)


def replicas_of(journal: Journal, partitions: int = 1, counters: Counters | None = None) -> Replicas:
    """Return the replicas of a process, which store no checkpoints in the meantime."""
    return Replicas(
        journal=journal,
        partitions=partitions,
        windows=WINDOWS,
        checkpoint_s=300,
        checkpoint_bytes=1 << 30,
        counters=counters or Counters(),
    )
