"""Composition of the cluster: bus, membership, vital numbers and presence."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable

from dashboard.cluster.bus import Bus
from dashboard.cluster.membership import Membership, RosterVersion
from dashboard.cluster.node_addresses import NodeAddresses
from dashboard.cluster.vitals import LoopLag, Vitals
from dashboard.domain.counters import Counters
from dashboard.hub.registry import ConnectionRegistry
from dashboard.journal.clock import JournalClock
from dashboard.journal.port import Journal
from dashboard.presence.tracker import PresenceTracker
from dashboard.replication.replicas import Replicas
from dashboard.runtime import Runtime
from dashboard.settings import Settings
from dashboard.worker import Worker

_LONGEST_HOST_NAME = 60


class ClusterParts:
    """Services for the cluster, built first, because most other services use the bus.

    ``worker``: link to the supervisor, None without a supervisor.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        journal: Journal,
        replicas: Replicas,
        build: str,
        clock: JournalClock,
        counters: Counters,
        worker: Worker | None,
        board_files: Callable[[], dict[str, str]],
    ) -> None:
        self.registry = ConnectionRegistry(counters)
        self.lag = LoopLag()
        self.vitals = Vitals(
            counters=counters,
            registry=self.registry,
            journal=journal,
            replicas=replicas,
            lag=self.lag,
            every_s=settings.feed_every_s,
            monotonic=time.monotonic,
        )
        roster_version = RosterVersion()
        self.bus = Bus(journal=journal, node_id=secrets.token_hex(8), monotonic=time.monotonic)
        self.nodes = Membership(
            bus=self.bus,
            journal=journal,
            vitals=self.vitals,
            roster_version=roster_version,
            name=_node_name(settings, worker),
            build=build,
            restarts=worker.restarts if worker else 0,
            board_files=board_files,
            now_ms=clock.now_ms,
            monotonic=time.monotonic,
        )
        self.addresses = NodeAddresses(bus=self.bus, nodes=self.nodes)
        self.presence = PresenceTracker(
            registry=self.registry,
            bus=self.bus,
            nodes=self.nodes,
            version=roster_version,
            counters=counters,
            now_ms=clock.now_ms,
            monotonic=time.monotonic,
        )

    def start(self, runtime: Runtime) -> None:
        """Start the tasks of the cluster."""
        for name, work in (
            ("loop lag", self.lag.run),
            ("vitals", self.vitals.run),
            ("signals", self.bus.run),
            ("beats", self.nodes.run),
            ("addresses", self.addresses.run),
            ("presence", self.presence.run),
        ):
            runtime.start(name, work)


def _node_name(settings: Settings, worker: Worker | None) -> str:
    name = settings.node_name or socket.gethostname()[:_LONGEST_HOST_NAME]
    return f"{name}/{worker.number}" if worker else name
