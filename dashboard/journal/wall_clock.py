"""Check of the wall clock: when this machine's clock is set, the journal's clock follows."""

from __future__ import annotations

import asyncio

from dashboard.domain.counters import Counters
from dashboard.journal.clock import JournalClock

_CHECK_S = 1.0


class WallClock:
    """Task that lets the journal's clock follow this machine's clock, for the engines ``memory`` and ``sqlite``."""

    def __init__(self, clock: JournalClock, counters: Counters) -> None:
        self._clock = clock
        self._counters = counters

    async def run(self) -> None:
        """Compare the clocks once a second, until cancelled."""
        while True:
            await asyncio.sleep(_CHECK_S)
            if self._clock.follow_wall():
                self._counters.clock_steps += 1
