"""Vital numbers of this process, measured at a fixed interval: the source for the process' board, its beats and the
cluster's totals."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from dashboard.domain.counters import Counters, quantile
from dashboard.hub.registry import ConnectionRegistry
from dashboard.journal.port import Journal
from dashboard.replication.replicas import Replicas

_LAG_PROBE_S = 0.02
#: Upper bounds of the buckets of lags, in seconds.
LAG_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Vital(NamedTuple):
    """Description of a reading: its unit, and how readings of several processes combine (``sum`` or ``max``)."""

    unit: str
    total: str = "sum"


#: Every reading by its name.
VITALS = {
    "viewers": Vital(""),
    "series": Vital("", "max"),
    "journal_bytes": Vital("B", "max"),
    "loop_lag_ms": Vital("ms", "max"),
    "frames_per_s": Vital("/s"),
    "samples_per_s": Vital("/s"),
    "appends_per_s": Vital("/s"),
    "lag_entries": Vital("", "max"),
    "round_trip_ms": Vital("ms", "max"),
    "gaps": Vital(""),
    "resumes": Vital(""),
    "delay_to_socket_p50_ms": Vital("ms", "max"),
    "delay_to_socket_p99_ms": Vital("ms", "max"),
    "delay_to_screen_p50_ms": Vital("ms", "max"),
    "delay_to_screen_p99_ms": Vital("ms", "max"),
}


class LoopLag:
    """Lag of the event loop: how late its timers fire, and so how long every other task waits.

    If something blocks the loop, the measured lag is at most ``_LAG_PROBE_S`` shorter than the block.  ``counts``: a histogram,
    not cumulative, with the upper bounds ``LAG_BOUNDS_S`` and a last bucket above them.  ``sum_s``: the sum of all lags.
    """

    def __init__(self) -> None:
        self.last_ms = 0.0
        self.counts = [0] * (len(LAG_BOUNDS_S) + 1)
        self.sum_s = 0.0
        self._worst_ms: dict[str, float] = {}  # by reader: since its last reading
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        self._begin(loop)
        try:
            await loop.create_future()
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a measurement. A timer costs half as much as a task that sleeps, and this is most of what an idle process does."""
        due_s = loop.time() + _LAG_PROBE_S
        self._timer = loop.call_at(due_s, self._measure, loop, due_s)

    def _measure(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        self.add(max(0.0, loop.time() - due_s))
        self._begin(loop)

    def add(self, lag_s: float) -> None:
        """Add a measured lag."""
        self.last_ms = lag_s * 1000
        self.counts[bisect_left(LAG_BOUNDS_S, lag_s)] += 1
        self.sum_s += lag_s
        for reader, worst_ms in self._worst_ms.items():
            self._worst_ms[reader] = max(worst_ms, self.last_ms)

    def take_worst_ms(self, reader: str) -> float:
        """Return the worst lag since the same reader's last call, in milliseconds; at a reader's first call, return the last lag."""
        worst_ms = self._worst_ms.get(reader, self.last_ms)
        self._worst_ms[reader] = 0.0
        return worst_ms


class Vitals:
    """Readings of this process. ``latest``: the last reading of each kind; rates are differences between two measurements."""

    def __init__(
        self,
        *,
        counters: Counters,
        registry: ConnectionRegistry,
        journal: Journal,
        replicas: Replicas,
        lag: LoopLag,
        every_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._counters = counters
        self._registry = registry
        self._journal = journal
        self._replicas = replicas
        self._lag = lag
        self.every_s = every_s
        self._monotonic = monotonic
        self._before: tuple[float, int, int, int] | None = None
        self.latest: dict[str, float] = {}

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            self.measure()
            await asyncio.sleep(self.every_s)

    def measure(self) -> None:
        """Measure all readings now."""
        counters = self._counters
        readings = {
            "viewers": float(len(self._registry.connections)),
            "series": float(self._replicas.series_count()),
            "journal_bytes": float(self._journal.size_bytes()),
            "loop_lag_ms": self._lag.take_worst_ms("beat"),
            "lag_entries": float(self._replicas.lag()),
            "gaps": float(counters.gaps.total()),
            "resumes": float(counters.resumes),
        }
        now = (self._monotonic(), counters.frames_sent, counters.samples_accepted, counters.journal_appends)
        if self._before is not None and now[0] > self._before[0]:
            took_s = now[0] - self._before[0]
            for place, name in enumerate(("frames_per_s", "samples_per_s", "appends_per_s"), 1):
                readings[name] = (now[place] - self._before[place]) / took_s
        self._before = now
        if counters.journal_round_trip_ms:
            readings["round_trip_ms"] = quantile(list(counters.journal_round_trip_ms), 0.5)
            counters.journal_round_trip_ms.clear()
        for name, recent in (
            ("delay_to_socket", counters.accept_to_socket_ms),
            ("delay_to_screen", counters.accept_to_paint_ms),
        ):
            if recent:
                for q in (50, 99):
                    readings[f"{name}_p{q}_ms"] = quantile(list(recent), q / 100)
                recent.clear()
        self.latest = readings
