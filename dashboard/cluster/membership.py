"""Tell the other processes that this one is there, and know which others are, by way of the journal.

A beat of its own that does not come back tells that the way through the journal is broken, whatever every single call says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from dashboard.cluster.vitals import VITALS, Vitals
from dashboard.domain.errors import DashboardError, Unavailable
from dashboard.domain.node import BEAT_S, Node, NodeBeat, NodeLeft
from dashboard.domain.position import Position
from dashboard.entries.signals import Signal, decode_signal, encode_signal
from dashboard.journal.port import SIGNALS, Entry, Gap, Journal
from dashboard.replica.nodes import NodeTable
from dashboard.waiting import Bell, SingleFlight

_log = logging.getLogger(__name__)

#: A beat that has not come back for so long is a fault.
_LOST_S = 2 * BEAT_S
#: Who wants to know what was told waits for no longer.
_CATCH_UP_S = 3.0


class Membership:
    """``node_id`` names this process' life, ``name`` the process; ``monotonic`` gives seconds."""

    def __init__(
        self,
        *,
        journal: Journal,
        vitals: Vitals,
        node_id: str,
        name: str,
        build: str,
        restarts: int,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._vitals = vitals
        self.id = node_id
        self.name = name
        self._build = build
        self.restarts = restarts
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._started_ms = now_ms()
        self._entry_s = monotonic()  # when a signal last came
        self._heard_s = monotonic()  # when a beat of ours last came back
        self._last: Node | None = None  # what it said
        self._heard = Position("", 0)
        self._began = 0  # where the journal stood when this process began to hear
        self._moved = Bell()  # when more was heard
        self._told = SingleFlight(lambda: journal.attach(SIGNALS))  # where the journal stands
        self.is_behind = True  # what is heard was said before this process began to hear
        self.table = NodeTable()
        self.roster_version: Callable[[], int] = lambda: 0
        self.listeners: list[
            Callable[[Signal, int], None]
        ] = []  # called with each signal and the journal's time passed
        self.on_gap: list[Callable[[], None]] = []  # called when signals may have been missed

    async def run_beats(self) -> None:
        """Beat until cancelled."""
        while True:
            await self._beat()
            await asyncio.sleep(BEAT_S)

    async def _beat(self) -> None:
        await self.say(
            NodeBeat(
                self.id,
                self.name,
                self._started_ms,
                self._build,
                self.restarts,
                self._vitals.latest,
                self.roster_version(),
            )
        )

    async def say(self, signal: Signal) -> bool:
        """Tell all nodes, this one too; False: it could not be stored (the journal's own fault is said elsewhere)."""
        try:
            await self._journal.append(SIGNALS, encode_signal(signal))
        except DashboardError as error:
            _log.debug("signal not stored: %s", error)
            return False
        return True

    async def run(self) -> None:
        """Follow what the nodes say, until cancelled."""
        after = await self._journal.attach(SIGNALS)
        self._began = after.seq
        self._reached(after._replace(seq=max(0, after.seq - 100)))
        async for batch in self._journal.follow(SIGNALS, self._heard):
            if isinstance(batch, Gap):
                self._began = 0
                self._reached(batch.position)
                for missed in self.on_gap:  # nodes say that they are there within seconds; who is not falls silent
                    missed()
                continue
            for entry in batch:
                self._take(entry)
            self._reached(self._heard._replace(seq=batch[-1].seq))
            own = self.table.nodes.get(self.id)
            if own is not None and own is not self._last:
                self._last = own
                self._heard_s = self._monotonic()

    def _reached(self, position: Position) -> None:
        self._heard = position
        self._moved.ring()

    async def catch_up(self) -> None:
        """Return when all that was told before this call has been heard here; raises Unavailable when that does not come."""
        try:
            async with asyncio.timeout(_CATCH_UP_S):
                told = await self._told()
                while self._heard.epoch != told.epoch or self._heard.seq < told.seq:
                    await self._moved.wait()
        except TimeoutError:
            raise Unavailable("what other processes have told is not heard; try again in a second") from None

    def passed_ms(self) -> int:
        """How much of the journal's time has passed by now, see ``NodeTable``."""
        return self.table.now_ms + int((self._monotonic() - self._entry_s) * 1000)

    def _take(self, entry: Entry) -> None:
        self._entry_s = self._monotonic()
        attended = not self.is_behind
        self.is_behind = entry.seq <= self._began
        signal = decode_signal(entry.payload)
        for silent in self.table.apply(entry.t_ms, signal, attended=attended):
            _log.warning("node %s is gone: nothing heard for 15 s", silent.beat.name)
        if signal is not None:
            for listener in self.listeners:
                listener(signal, self.table.now_ms)

    def fault(self) -> str:
        """What is wrong with the way through the journal; empty: nothing."""
        silent_s = self._monotonic() - self._heard_s
        return "" if silent_s < _LOST_S else f"no beat of ours has come back for {silent_s:.0f} s"

    def is_troubled(self) -> bool:
        """Whether beats, of this node or of others, may be late for a fault of the journal."""
        return bool(self._journal.fault() or self.fault())

    def totals(self) -> dict[str, float]:
        """Every reading over all nodes: this one's as of now, the others' as of their last beats."""
        readings = [node.beat.readings for node in self.table.nodes.values() if node.beat.id != self.id]
        readings.append(self._vitals.latest)
        found: dict[str, float] = {"nodes": float(len(readings))}
        for name, vital in VITALS.items():
            values = [each[name] for each in readings if name in each]
            if values:
                found[name] = sum(values) if vital.total == "sum" else max(values)
        return found

    async def leave(self) -> None:
        """Say good-bye, so that nobody waits for this process to fall silent."""
        try:
            async with asyncio.timeout(1):
                await self._journal.append(SIGNALS, encode_signal(NodeLeft(self.id)))
        except (DashboardError, TimeoutError):
            pass  # it falls silent
