"""The intake of one process for tests: journal, replica, limits and counts, and callers with and without a token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashboard.cluster.shared_origins import SharedOrigins
from dashboard.cluster.shared_requests import SharedRequests
from dashboard.domain.counters import Counters
from dashboard.domain.identity import Caller, Role, Token
from dashboard.intake.accept_document import AcceptDocument
from dashboard.intake.accept_events import AcceptEvents
from dashboard.intake.accept_samples import AcceptSamples
from dashboard.intake.intake import Intake
from dashboard.intake.push_groups import PushGroups
from dashboard.intake.stats import IngestStats
from dashboard.intake.token_limits import TokenLimits
from dashboard.replica.replica import Replica
from tests.support.deadline import deadline
from tests.support.histories import T0
from tests.support.nodes import a_journal, at_work, bus_of, membership, ownership, rates, replicas_of

LOCAL = Caller("local", "local", "", Role.ADMIN)


def feeder(name: str = "ci", *, prefixes: tuple[str, ...] = (), per_s: float = 0, max_series: int = 100) -> Caller:
    """Return a caller with a token."""
    token = Token(
        id=f"id-{name}",
        name=name,
        verbs=("write",),
        prefixes=prefixes,
        per_s=per_s,
        max_series=max_series,
        created_ms=0,
    )
    return Caller("token", token.id, name, Role.NOBODY, token=token)


class IntakeStand:
    """Intake with its parts. ``now_s``: seconds of the limits' clock."""

    def __init__(self, *, max_documents: int = 3, max_bytes: int = 100, partitions: int = 1) -> None:
        self.counters = Counters()
        self.journal = a_journal()
        self.replicas = replicas_of(self.journal, partitions, self.counters)
        self.now_s = 100.0
        bus = bus_of(self.journal, "a")
        self.limits = TokenLimits(
            ownership=ownership(monotonic=lambda: self.now_s), rates=rates("token", monotonic=lambda: self.now_s)
        )
        self.samples = AcceptSamples(
            journal=self.journal,
            replicas=self.replicas,
            now_ms=lambda: T0,
            max_series=100,
            limits=self.limits,
            counters=self.counters,
        )
        self.documents = AcceptDocument(
            journal=self.journal,
            replicas=self.replicas,
            max_documents=max_documents,
            max_bytes=max_bytes,
            limits=self.limits,
            counters=self.counters,
        )
        self.events = AcceptEvents(
            journal=self.journal, replicas=self.replicas, now_ms=lambda: T0, counters=self.counters
        )
        self.stats = IngestStats(bus=bus, nodes=membership(bus, self.journal), now_ms=lambda: T0)
        self.intake = Intake(
            samples=self.samples,
            documents=self.documents,
            events=self.events,
            groups=PushGroups(ownership=ownership(), samples=self.samples),
            shared=(),
            origins=SharedOrigins(bus=bus, shared=False, max_items=1_000, latest_ms=lambda: T0),
            requests=SharedRequests(bus=bus, shared=False, now_ms=lambda: T0, kept_ms=60_000),
            limits=self.limits,
            counters=self.counters,
            stats=self.stats,
        )

    @property
    def replica(self) -> Replica:
        return self.replicas.replica("metrics.0")

    async def applied(self) -> Replica:
        """Return the replica once it has applied all stored entries."""
        async with deadline(20):
            while self.replicas.lag():
                await asyncio.sleep(0)
        return self.replica

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with at_work(self.replicas.run):
            await self.replicas.wait_ready(tuple(self.replicas.followed()))
            yield
