"""Measure how long an event loop is held: the CPU time that this process spends between two turns of a probe.

Wall time would depend on busy neighbours. CPU time counts threads as well: a thread that holds the interpreter holds the loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_PROBE_S = 0.001


class LoopHeld:
    """Probe of a loop. ``longest_ms``: the most CPU milliseconds between two of its turns so far."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self.steps: list[float] = []

    async def run(self) -> None:
        """Probe until cancelled."""
        while True:
            began_s = time.process_time()
            await asyncio.sleep(_PROBE_S)
            took_ms = (time.process_time() - began_s) * 1000
            self.longest_ms = max(self.longest_ms, took_ms)
            if took_ms > 20:
                self.steps.append(took_ms)


@asynccontextmanager
async def held() -> AsyncIterator[LoopHeld]:
    """Measure while the block runs."""
    found = LoopHeld()
    task = asyncio.create_task(found.run())
    await asyncio.sleep(0.005)
    try:
        yield found
    finally:
        await asyncio.sleep(0.01)  # the last step ends
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
