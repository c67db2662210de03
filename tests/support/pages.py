"""Pages of users in one process: its registry, its bus, its presence, and connections as the hub has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashboard.cluster.membership import RosterVersion
from dashboard.domain.counters import Counters
from dashboard.domain.identity import ANONYMOUS
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.journal.port import Journal
from dashboard.presence.tracker import PresenceTracker
from tests.support.hubs import Viewer, connect, person
from tests.support.nodes import at_work, bus_of, membership


class Process:
    """One process; several processes with the same journal know each other's users."""

    def __init__(self, journal: Journal, node_id: str = "a") -> None:
        self.journal = journal
        self.now_s = 1_000.0
        self.counters = Counters()
        self.registry = ConnectionRegistry()
        self.bus = bus_of(journal, node_id)
        version = RosterVersion()
        self.nodes = membership(self.bus, journal, version=version)
        self.presence = PresenceTracker(
            registry=self.registry,
            bus=self.bus,
            nodes=self.nodes,
            version=version,
            counters=self.counters,
            now_ms=lambda: 7_000,
            monotonic=lambda: self.now_s,
        )
        self.viewers: dict[Connection, Viewer] = {}

    def page(self, user: str = "", *boards: str, room: str = "") -> Connection:
        """Open a page of a user, or without a user, that shows the boards and has joined the room."""
        viewer = Viewer(may_end=True)
        connection = connect(viewer, person(user) if user else ANONYMOUS)
        connection.boards.update({f"v{board}": board for board in boards})
        self.viewers[connection] = viewer
        self.registry.connections.add(connection)
        if user:
            self.registry.add_user(connection)
        if room:
            self.registry.join(connection, room)
        self.presence.changed(connection)
        return connection

    def close(self, connection: Connection, code: int) -> None:
        """Close the page with this close code."""
        connection.closed = True
        self.registry.connections.discard(connection)
        connection.boards.clear()
        self.presence.dropped(connection, code)
        if connection in self.registry.people:
            self.registry.remove_user(connection)

    def told(self, connection: Connection, kind: str = "") -> list[dict[str, object]]:
        """Return the messages that a page was sent, of one kind or all."""
        return [each for each in self.viewers[connection].told if not kind or each["type"] == kind]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the process: its bus, its presence and its beats."""
        async with at_work(self.bus.run, self.presence.run, self.nodes.run):
            yield
