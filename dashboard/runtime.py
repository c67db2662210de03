"""The owner of every task: starts them in order, watches over them, stops them in reverse; and what tasks wait for together.

A supervised task that raises is logged, counted and started again after a pause that doubles; nothing dies in silence.
The only file in the project that creates tasks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

from dashboard.domain.counters import Counters

T = TypeVar("T")

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 30.0
#: A task that ran this long without fault begins again at the first pause.
_SOUND_AFTER_S = 60.0
_CANCEL_AGAIN_S = 1.0


class Runtime:
    """``counters.task_failures`` counts by task name."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work()`` until ``stop``; it is called again whenever it raises."""
        self._tasks.append(asyncio.create_task(self._supervise(name, work), name=name))

    async def _supervise(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        pause_s = _FIRST_PAUSE_S
        while True:
            began = loop.time()
            try:
                await work()
                return
            except Exception:  # noqa: BLE001 - the one place that catches what no task expected
                self._counters.task_failures[name] += 1
                if loop.time() - began > _SOUND_AFTER_S:
                    pause_s = _FIRST_PAUSE_S
                _log.exception("task %s failed; started again in %.1f s", name, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)

    async def stop(self) -> None:
        """Cancel the tasks, last started first, and wait for each to end."""
        for task in reversed(self._tasks):
            task.cancel()
            while not (await asyncio.wait({task}, timeout=_CANCEL_AGAIN_S))[0]:
                task.cancel()  # something below has swallowed the first
        self._tasks.clear()


class Group:
    """Tasks that belong to one call: they end when it does, and one that raises ends them all, and the call.

    Use it as ``async with Group() as group``; whoever made it is supervised, so they are started again.
    """

    def __init__(self) -> None:
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Group:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._tasks.__aexit__(*error)

    def start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``work()`` beside the others."""
        self._tasks.create_task(work(), name=name)


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
