"""This server's own numbers, as series like any other: viewers, frames, samples, delay, journal, loop lag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from dashboard.domain.counters import Counters, quantile
from dashboard.feeders.feeding import Reading, run_every, to_batch
from dashboard.hub.hub import Hub
from dashboard.journal.port import Journal
from dashboard.replica.replica import Replica
from dashboard.services.accept_samples import AcceptSamples

_LAG_PROBE_S = 0.1
#: How often a page tells how long values took to its screen (static/js/pages/shell.js).
_PAGES_REPORT_S = 5.0


class LoopLag:
    """How late a timer of the event loop fires: the time that everybody else waits too."""

    def __init__(self) -> None:
        self.worst_ms = 0.0  # since the last reading
        self.last_ms = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(_LAG_PROBE_S)
            self.last_ms = max(0.0, (loop.time() - began - _LAG_PROBE_S) * 1000)
            self.worst_ms = max(self.worst_ms, self.last_ms)

    def take_worst_ms(self) -> float:
        """The worst since this was last asked."""
        worst, self.worst_ms = self.worst_ms, 0.0
        return worst


class ServerFeeder:
    """Reads counters; rates are differences between two beats."""

    def __init__(
        self,
        *,
        samples: AcceptSamples,
        counters: Counters,
        hub: Hub,
        journal: Journal,
        replica: Callable[[], Replica],
        lag: LoopLag,
        every_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._samples = samples
        self._counters = counters
        self._hub = hub
        self._journal = journal
        self._replica = replica
        self._lag = lag
        self._every_s = every_s
        self._monotonic = monotonic
        self._before: tuple[float, int, int] | None = None

    async def run(self) -> None:
        """Feed until cancelled."""
        await run_every(self._every_s, self._beat)

    async def _beat(self) -> None:
        await self._samples.accept(to_batch(list(self._read()), self._every_s))

    def _read(self) -> Iterator[Reading]:
        counters = self._counters
        yield Reading("dashboard_viewers", len(self._hub.connections))
        yield Reading("dashboard_series", len(self._replica().table))
        yield Reading("dashboard_journal_bytes", self._journal.size_bytes(), "B")
        yield Reading("dashboard_loop_lag_ms", self._lag.take_worst_ms(), "ms")
        now = self._monotonic()
        if self._before is not None and now > self._before[0]:
            then, frames, samples = self._before
            yield Reading("dashboard_frames_per_s", (counters.frames_sent - frames) / (now - then), "/s")
            yield Reading("dashboard_samples_per_s", (counters.samples_accepted - samples) / (now - then), "/s")
        self._before = (now, counters.frames_sent, counters.samples_accepted)
        for name, recent, every_s in (
            ("dashboard_delay_to_socket_ms", counters.accept_to_socket_ms, self._every_s),
            ("dashboard_delay_to_screen_ms", counters.accept_to_paint_ms, max(_PAGES_REPORT_S, self._every_s)),
        ):
            if recent:
                for q in (0.5, 0.99):
                    labels = (("quantile", f"p{round(q * 100)}"),)
                    yield Reading(name, quantile(list(recent), q), "ms", labels, every_s)
                recent.clear()
