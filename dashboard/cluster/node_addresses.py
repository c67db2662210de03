"""Addresses of the processes of an installation: each process announces its own addresses (``node_sockets.py``)."""

from __future__ import annotations

import asyncio

from dashboard.cluster.bus import Bus, Heard
from dashboard.cluster.membership import Membership
from dashboard.entries.signals import NodeReached

#: Signals are kept for a minute, so a process that starts finds an announcement of every other process.
_EVERY_S = 20.0


class NodeAddresses:
    """Table of addresses by process, and the announcement of this process' own addresses."""

    def __init__(self, *, bus: Bus, nodes: Membership) -> None:
        self._bus = bus
        self._nodes = nodes
        self._own: tuple[str, ...] = ()
        self._known: dict[str, tuple[str, ...]] = {}
        self._announced = asyncio.Event()
        bus.subscribe(NodeReached, self._hear)

    def announce(self, *addresses: str) -> None:
        """Announce the addresses of this process to the other processes."""
        self._own = addresses
        self._announced.set()

    def of(self, node_id: str) -> tuple[str, ...]:
        """Return the addresses of another process, empty if it does not run or has announced none."""
        if node_id == self._bus.node_id or node_id not in self._nodes.table.nodes:
            return ()
        return self._known.get(node_id, ())

    def _hear(self, signal: NodeReached, _: Heard) -> None:
        for gone in self._known.keys() - self._nodes.table.nodes.keys():
            del self._known[gone]
        self._known[signal.id] = signal.addresses

    async def run(self) -> None:
        """Publish the addresses of this process until cancelled."""
        await self._announced.wait()
        while True:
            await self._bus.publish(NodeReached(self._bus.node_id, self._own))
            await asyncio.sleep(_EVERY_S)
