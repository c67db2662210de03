"""The signal bus: what processes tell each other, published to all and heard by type, by way of the journal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from dashboard.domain.errors import DashboardError, Unavailable
from dashboard.domain.position import Position
from dashboard.entries.signals import SIGNAL_CODEC, Signal
from dashboard.journal.port import SIGNALS, Entry, Gap, Journal
from dashboard.replica.signal_time import SignalTime
from dashboard.runtime import Bell, SingleFlight

_log = logging.getLogger(__name__)

#: A caller that waits for what was published waits for no longer.
_CATCH_UP_S = 3.0
#: Entries before the newest that a process reads at its start.
_READ_BACK = 100

T = TypeVar("T", bound=Signal)


class Heard(NamedTuple):
    """When a signal was published: the journal's time, and how much of it had passed (``SignalTime``)."""

    t_ms: int
    passed_ms: int


class Bus:
    """``node_id`` names this process' life; ``monotonic`` gives seconds.

    ``is_behind``: the signal that is heard now was published before this process began to hear.
    ``broken``: entries that could not be read, and were skipped.
    """

    def __init__(self, *, journal: Journal, node_id: str, monotonic: Callable[[], float]) -> None:
        self._journal = journal
        self.node_id = node_id
        self._monotonic = monotonic
        self._time = SignalTime()
        self._entry_s = monotonic()  # when a signal last came
        self._heard = Position("", 0)
        self._began = 0  # where the journal stood when this process began to hear
        self._moved = Bell()  # rings when more was heard
        self._told = SingleFlight(lambda: journal.attach(SIGNALS))  # where the journal stands
        self._subscribers: dict[type[Signal], list[Callable[[Any, Heard], None]]] = {}
        self._on_gap: list[Callable[[], None]] = []
        self.is_behind = True
        self.broken = 0

    def subscribe(self, kind: type[T], handler: Callable[[T, Heard], None]) -> None:
        """Call ``handler`` with each signal of this type, in the journal's order, this process' own too."""
        self._subscribers.setdefault(kind, []).append(handler)

    def subscribe_gap(self, handler: Callable[[], None]) -> None:
        """Call ``handler`` when signals may have been missed."""
        self._on_gap.append(handler)

    async def publish(self, signal: Signal) -> bool:
        """Tell all processes, this one too; False: it could not be stored (the journal itself reports why)."""
        try:
            await self._journal.append(SIGNALS, SIGNAL_CODEC.encode(signal))
        except DashboardError as error:
            _log.debug("signal not stored: %s", error)
            return False
        return True

    async def run(self) -> None:
        """Hear signals until cancelled."""
        after = await self._journal.attach(SIGNALS)
        self._began = after.seq
        self._reached(after._replace(seq=max(0, after.seq - _READ_BACK)))
        async for batch in self._journal.follow(SIGNALS, self._heard):
            if isinstance(batch, Gap):
                self._began = 0
                self._reached(batch.position)
                for missed in self._on_gap:
                    missed()
                continue
            for entry in batch:
                self._take(entry)
            self._reached(self._heard._replace(seq=batch[-1].seq))

    def _reached(self, position: Position) -> None:
        self._heard = position
        self._moved.ring()

    def _take(self, entry: Entry) -> None:
        self._entry_s = self._monotonic()
        attended = not self.is_behind
        self.is_behind = entry.seq <= self._began
        heard = Heard(entry.t_ms, self._time.advance(entry.t_ms, attended=attended))
        signal = SIGNAL_CODEC.decode(entry.payload)
        if signal is None:
            self.broken += 1
            return
        for handler in self._subscribers.get(type(signal), ()):
            handler(signal, heard)

    async def catch_up(self) -> None:
        """Return when everything that was published before this call has been heard; raises Unavailable after 3 s."""
        try:
            async with asyncio.timeout(_CATCH_UP_S):
                told = await self._told()
                while self._heard.epoch != told.epoch or self._heard.seq < told.seq:
                    await self._moved.wait()
        except TimeoutError:
            raise Unavailable("what other processes have told is not heard; try again in a second") from None

    def passed_ms(self) -> int:
        """Return how much of the journal's time has passed by now."""
        return self._time.passed_ms + int((self._monotonic() - self._entry_s) * 1000)
