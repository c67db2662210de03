"""What several wait for at once: that something moves on, or one look that serves them all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Bell:
    """Wakes all who wait, each time it rings."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Whoever waits now goes on."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Return when it rings next."""
        await self._event.wait()


class SingleFlight(Generic[T]):
    """Who asks gets what a look found that began no earlier; one look serves all who wait. None begins within ``every_s`` of another."""

    def __init__(self, look: Callable[[], Awaitable[T]], every_s: float = 0) -> None:
        self._look = look
        self._every_s = every_s
        self._turn = asyncio.Lock()
        self._began_s = float("-inf")
        self._found: T

    async def __call__(self) -> T:
        """Raises what the look raises; then the next who waits looks again."""
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        async with self._turn:
            if self._began_s <= asked_s:
                await asyncio.sleep(max(0.0, self._began_s + self._every_s - loop.time()))
                began_s = loop.time()
                self._found = await self._look()
                self._began_s = began_s
            return self._found
