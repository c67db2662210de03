"""Runtime of all tasks: starts tasks in order, restarts failed tasks, stops tasks in reverse; and primitives for tasks.

A supervised task that raises is logged, counted and started again after a pause that doubles.  This is the only module that
creates tasks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from types import TracebackType
from typing import Generic, TypeVar

from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError

T = TypeVar("T")
K = TypeVar("K")

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 30.0
#: After a run of this length a failed task starts again after the first pause.
_SOUND_AFTER_S = 60.0
#: A task that has not ended this long after its cancellation is cancelled again.
_CANCEL_AGAIN_S = 1.0


class Runtime:
    """Owner of the supervised tasks. ``counters.task_failures`` counts failures by task name."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work()`` as a task until it returns or ``stop`` is called; restart it whenever it raises."""
        self._tasks.append(asyncio.create_task(self._supervise(name, work), name=name))

    async def _supervise(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        pause_s = _FIRST_PAUSE_S
        while True:
            began = loop.time()
            try:
                await work()
                return
            except Exception:  # noqa: BLE001 - the only place that catches unexpected errors of tasks
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
                task.cancel()  # the task swallowed the first cancellation
        self._tasks.clear()


class Group:
    """Tasks that belong to one call and end with it. An error in one task cancels all others and is raised by the call.

    Use it as ``async with Group() as group`` in a supervised task, which then restarts the whole group.
    """

    def __init__(self) -> None:
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Group:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._tasks.__aexit__(kind, error, traceback)

    def start(self, name: str, work: Callable[[], Coroutine[object, None, None]]) -> None:
        """Run ``work()`` concurrently with the group's other tasks."""
        self._tasks.create_task(work(), name=name)


class Bell:
    """Event that wakes all current waiters each time it rings."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake all tasks that wait now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Wait until the next ring."""
        await self._event.wait()


class SingleFlight(Generic[T]):
    """Single-flight call: concurrent callers share one run of ``look``, which starts after all their calls.

    Two runs start at least ``every_s`` seconds apart.
    """

    def __init__(self, look: Callable[[], Awaitable[T]], every_s: float = 0) -> None:
        self._look = look
        self._every_s = every_s
        self._turn = asyncio.Lock()
        self._began_s = float("-inf")
        self._found: T

    async def __call__(self) -> T:
        """Return the result of a run that started after this call.

        If ``look`` raises an error, this call raises it too, and the next waiting caller starts a new run.
        """
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        async with self._turn:
            if self._began_s <= asked_s:
                await asyncio.sleep(max(0.0, self._began_s + self._every_s - loop.time()))
                began_s = loop.time()
                self._found = await self._look()
                self._began_s = began_s
            return self._found


class _Batch(Generic[K, T]):
    """Keys that one run of ``load`` gets, and what it returned or raised."""

    def __init__(self) -> None:
        self.keys: dict[K, None] = {}
        self.found: Mapping[K, T] | None = None
        self.error: DashboardError | None = None


class Batched(Generic[K, T]):
    """Batching of calls: concurrent callers share one run of ``load``, which gets their keys and starts after their calls.

    ``load`` returns a value for each key; it gets at most ``most`` keys. While it runs, later callers form the next batch.
    """

    def __init__(self, load: Callable[[Collection[K]], Awaitable[Mapping[K, T]]], most: int) -> None:
        self._load = load
        self._most = most
        self._turn = asyncio.Lock()
        self._next: _Batch[K, T] = _Batch()

    async def __call__(self, key: K) -> T:
        """Return the value of the key. All callers of a batch raise the DashboardError of its run."""
        if len(self._next.keys) >= self._most:
            self._next = _Batch()
        batch = self._next
        batch.keys[key] = None
        async with self._turn:
            if batch.found is None and batch.error is None:  # also after a run that was cancelled
                if batch is self._next:
                    self._next = _Batch()
                try:
                    batch.found = await self._load(batch.keys.keys())
                except DashboardError as error:
                    batch.error = error
            if batch.found is None:
                assert batch.error is not None
                raise batch.error.with_traceback(None)
            return batch.found[key]


_going_on: set[object] = set()


async def result_within(work: Coroutine[object, None, T], limit_s: float) -> T | None:
    """Return the result of ``work``; None if it takes longer than ``limit_s``. The work goes on then: its cancellation might take as
    long."""
    task = asyncio.ensure_future(work)
    _going_on.add(task)
    task.add_done_callback(_going_on.discard)
    await asyncio.wait((task,), timeout=limit_s)
    return task.result() if task.done() else None
