"""Signal bus between processes: signals are published through the journal and dispatched by type."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

from dashboard.domain.errors import DashboardError, Unavailable
from dashboard.domain.position import Position
from dashboard.entries.signals import SIGNAL_CODEC, Signal
from dashboard.journal.port import SIGNALS, Entry, Gap, Journal
from dashboard.replica.signal_time import SignalTime
from dashboard.runtime import Bell, SingleFlight

_log = logging.getLogger(__name__)

#: ``catch_up`` raises Unavailable after this long.
_CATCH_UP_S = 3.0
#: Newest entries that a process reads at its start; older signals are not read.
_READ_BACK = 100

T = TypeVar("T", bound=Signal)


class Heard(NamedTuple):
    """Times of a signal. ``t_ms``: the journal's time of its publication; ``passed_ms``: the journal's time that has
    passed since the first signal that this process read; this value never falls."""

    t_ms: int
    passed_ms: int


class Bus:
    """Publisher and subscriber of signals. ``node_id`` is new with every start of a process; ``monotonic`` gives seconds.

    ``is_behind``: True if the current signal was published before this process attached to the journal. ``broken``: the number of
    entries that could not be decoded and were skipped.
    """

    def __init__(self, *, journal: Journal, node_id: str, monotonic: Callable[[], float]) -> None:
        self._journal = journal
        self.node_id = node_id
        self._monotonic = monotonic
        self._time = SignalTime()
        self._entry_s = monotonic()  # when the last signal arrived
        self._heard = Position("", 0)
        self._began = 0  # the newest entry when this process attached
        self._moved = Bell()  # rings after every batch
        self._end = SingleFlight(lambda: journal.attach(SIGNALS))  # the journal's position
        self._subscribers: dict[type[Signal], list[Callable[[Signal, Heard], None]]] = {}
        self._on_gap: list[Callable[[], None]] = []
        self.is_behind = True
        self.broken = 0

    def subscribe(self, kind: type[T], handler: Callable[[T, Heard], None]) -> None:
        """Call ``handler`` with each signal of this type in the journal's order; this process' own signals are included."""
        self._subscribers.setdefault(kind, []).append(cast("Callable[[Signal, Heard], None]", handler))

    def subscribe_gap(self, handler: Callable[[], None]) -> None:
        """Call ``handler`` after a gap, when signals may have been missed."""
        self._on_gap.append(handler)

    async def publish(self, signal: Signal) -> bool:
        """Publish a signal to all processes, including this one; return False if the journal did not store the signal."""
        try:
            await self._journal.append(SIGNALS, SIGNAL_CODEC.encode(signal))
        except DashboardError as error:
            _log.debug("signal not stored: %s", error)
            return False
        return True

    async def run(self) -> None:
        """Read and dispatch signals until cancelled."""
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
        is_live = not self.is_behind
        self.is_behind = entry.seq <= self._began
        heard = Heard(entry.t_ms, self._time.advance(entry.t_ms, attended=is_live))
        signal = SIGNAL_CODEC.decode(entry.payload)
        if signal is None:
            self.broken += 1
            return
        for handler in self._subscribers.get(type(signal), ()):
            handler(signal, heard)

    async def catch_up(self) -> None:
        """Wait until every signal published before this call has been dispatched; raises Unavailable after 3 s."""
        try:
            async with asyncio.timeout(_CATCH_UP_S):
                end = await self._end()
                while self._heard.epoch != end.epoch or self._heard.seq < end.seq:
                    await self._moved.wait()
        except TimeoutError:
            raise Unavailable("the signals of other processes do not arrive; try again in a second") from None

    def passed_ms(self) -> int:
        """Return the journal's time in milliseconds since the first signal that this process read."""
        return self._time.passed_ms + int((self._monotonic() - self._entry_s) * 1000)
