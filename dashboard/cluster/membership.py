"""Membership of this process in the cluster, and the table of the other processes.

Each process publishes a heartbeat, its *beat*. A process also reads its own beats. If its own beats do not return, the
path through the journal is broken, even when every call succeeds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from dashboard.cluster.bus import Bus, Heard
from dashboard.cluster.vitals import VITALS, Vitals
from dashboard.domain.node import BEAT_S
from dashboard.entries.signals import NodeBeat, NodeLeft
from dashboard.journal.port import Journal
from dashboard.replica.nodes import NodeTable

_log = logging.getLogger(__name__)

#: The journal counts as faulty if no beat of this process has returned for this long.
_LOST_S = 2 * BEAT_S
_LEAVE_S = 1.0


class RosterVersion:
    """Version of the last published roster. Beats carry this version, so that other processes notice a missing roster."""

    def __init__(self) -> None:
        self.number = 0

    def advance(self) -> int:
        """Advance to the version of the next roster and return it."""
        self.number += 1
        return self.number


class Membership:
    """Sender of this process' beats (heartbeats). ``name`` survives restarts, the bus' ``node_id`` does not;
    ``monotonic`` gives seconds."""

    def __init__(
        self,
        *,
        bus: Bus,
        journal: Journal,
        vitals: Vitals,
        roster_version: RosterVersion,
        name: str,
        build: str,
        restarts: int,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
        board_files: Callable[[], dict[str, str]] = dict,
    ) -> None:
        self._board_files = board_files
        self._bus = bus
        self._journal = journal
        self._vitals = vitals
        self._roster_version = roster_version
        self.name = name
        self._build = build
        self.restarts = restarts
        self._monotonic = monotonic
        self._started_ms = now_ms()
        self._heard_s = monotonic()  # when a beat of this process last returned
        self.table = NodeTable()
        bus.subscribe(NodeBeat, self._hear)
        bus.subscribe(NodeLeft, self._hear)

    async def run(self) -> None:
        """Publish a beat every ``BEAT_S`` seconds until cancelled."""
        while True:
            await self._beat()
            await asyncio.sleep(BEAT_S)

    async def _beat(self) -> None:
        await self._bus.publish(
            NodeBeat(
                id=self._bus.node_id,
                name=self.name,
                started_ms=self._started_ms,
                build=self._build,
                restarts=self.restarts,
                readings=self._vitals.latest,
                roster=self._roster_version.number,
                board_files=self._board_files(),
            )
        )

    def _hear(self, signal: NodeBeat | NodeLeft, heard: Heard) -> None:
        if isinstance(signal, NodeBeat) and signal.id == self._bus.node_id:
            self._heard_s = self._monotonic()
        for silent in self.table.apply(signal, t_ms=heard.t_ms, passed_ms=heard.passed_ms):
            _log.warning("node %s is gone: nothing heard for 15 s", silent.beat.name)

    def fault(self) -> str:
        """Return what is wrong with the path through the journal; empty if nothing is."""
        silent_s = self._monotonic() - self._heard_s
        return "" if silent_s < _LOST_S else f"no beat of this process has returned for {silent_s:.0f} s"

    def is_troubled(self) -> bool:
        """Return whether a fault of the journal may delay the beats of this node and of others."""
        return bool(self._journal.fault() or self.fault())

    def totals(self) -> dict[str, float]:
        """Return the sum or the maximum of every reading over all nodes. For other nodes, the readings in their last beats count."""
        others = [node.beat.readings for node in self.table.nodes.values() if node.beat.id != self._bus.node_id]
        readings = [*others, self._vitals.latest]
        found: dict[str, float] = {"nodes": float(len(readings))}
        for name, vital in VITALS.items():
            values = [each[name] for each in readings if name in each]
            if values:
                found[name] = sum(values) if vital.total == "sum" else max(values)
        return found

    async def leave(self) -> None:
        """Publish that this process stops; wait at most a second.

        Without this signal, the other processes notice the stop only after ``SILENT_MS``.
        """
        try:
            async with asyncio.timeout(_LEAVE_S):
                await self._bus.publish(NodeLeft(self._bus.node_id))
        except TimeoutError:
            pass  # the others notice the missing beats
