"""Degraded mode: notices to every client of this process when the journal fails and when it recovers."""

from __future__ import annotations

import asyncio

from dashboard.cluster.membership import Membership
from dashboard.hub.hub import Hub
from dashboard.journal.port import Journal

_CHECK_S = 0.25


class DegradedNotices:
    """Watcher of the journal. Clients learn that there is a fault; ``/readyz`` says which one."""

    def __init__(self, *, journal: Journal, nodes: Membership, hub: Hub) -> None:
        self._journal = journal
        self._nodes = nodes
        self._hub = hub

    async def run(self) -> None:
        """Check the journal every quarter of a second until cancelled."""
        while True:
            await asyncio.sleep(_CHECK_S)
            fault = self._journal.fault() or self._nodes.fault()
            if bool(fault) != bool(self._hub.degraded):
                await self._hub.broadcast_degraded("the journal does not answer" if fault else "")
