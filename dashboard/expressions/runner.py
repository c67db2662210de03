"""Runs queries: reads the samples step by step on the loop, and computes in a thread when that takes long.

A caller has at most ``_AT_ONCE`` running queries; ``_MOST_WAITING`` more queries wait, and further queries are refused.  So a
caller with costly queries delays only itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from dashboard.domain.errors import Invalid, Overloaded
from dashboard.query.expression_samples import SampleReading
from dashboard.query.promql.budget import Budget
from dashboard.query.promql.errors import OutOfTime
from dashboard.query.promql.query import Query, QueryAnswer, run
from dashboard.query.promql.samples import Data
from dashboard.query.promql.syntax import may_grow, size_of
from dashboard.query.promql.values import Labels
from dashboard.replica.series import Series
from dashboard.replication.replicas import Replicas
from dashboard.turns import next_turn

T = TypeVar("T")

#: Threads that compute; more would only take turns with the interpreter's lock.
_THREADS = 2
#: Queries with fewer samples and values than these are computed on the loop: about a millisecond for the usual number of parts.
_SMALL = 5_000
_USUAL_PARTS = 4
#: The same for the characters of all labels, which are encoded with the values.
_SMALL_TEXT = 100_000
#: A query is refused if matching its selectors takes longer than this, by estimate.
_MAX_COST_US = 2_000_000
#: Running and waiting queries of one caller; further queries are refused.
_AT_ONCE = 2
_MOST_WAITING = 30


class QueryLimits(Struct, frozen=True):
    """Limits of a query: samples that it may touch, seconds that it may take, and the default lookback."""

    max_samples: int = 50_000_000
    timeout_s: float = 10.0
    lookback_ms: int = 300_000


class _Caller:
    """Queries of one caller: the turns to run, and the number of running and waiting queries."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(_AT_ONCE)
        self.count = 0


def _is_small(query: Query, data: Data) -> bool:
    """Return whether a query can be computed in about a millisecond."""
    cells = sum(len(columns.times) + len(columns) * query.grid.count for columns in data.values())
    cells = cells * max(size_of(query.expr), _USUAL_PARTS) // _USUAL_PARTS
    if cells >= _SMALL or query.grid.count >= _SMALL // 10 or may_grow(query.expr):
        return False
    return _are_short(labels for columns in data.values() for labels in columns.labels)


def _are_short(every: Iterable[Labels]) -> bool:
    """Return whether labels have few characters in all; stop counting when they have too many."""
    left = _SMALL_TEXT
    for labels in every:
        left -= sum(len(name) + len(value) for name, value in labels)
        if left < 0:
            return False
    return True


class QueryRunner:
    """The queries of this process."""

    def __init__(self, replicas: Replicas, limits: QueryLimits) -> None:
        self.limits = limits
        self._replicas = replicas
        self._threads = ThreadPoolExecutor(_THREADS, "expressions")
        self._free = asyncio.Semaphore(_THREADS)
        self._callers: dict[str, _Caller] = {}

    async def run(
        self,
        caller: str,
        query: Query,
        finish: Callable[[QueryAnswer, list[Series]], T],
        *,
        timeout_s: float | None = None,
    ) -> T:
        """Evaluate a query and return the result of ``finish``.

        ``finish`` is called with the answer and the series that were read, in the thread that computed the answer.
        ``timeout_s``: at most the time in ``limits``, which is also the default. Raises FailedExpression, OverBudget, OutOfTime,
        Overloaded, Unavailable, and Invalid if matching takes too long.
        """
        seconds = min(timeout_s or self.limits.timeout_s, self.limits.timeout_s)
        end_s = time.monotonic() + seconds
        budget = Budget(self.limits.max_samples, lambda: time.monotonic() > end_s)
        try:
            async with asyncio.timeout(seconds), self._turn(caller):
                reading, read_s = await self._read(query, budget)

                def end(answer: QueryAnswer) -> T:
                    return finish(replace(answer, cpu_s=read_s + answer.cpu_s), reading.series)

                return await self._compute(query, reading.data, budget, end)
        except TimeoutError:
            raise OutOfTime("query timed out in expression evaluation") from None

    async def _read(self, query: Query, budget: Budget) -> tuple[SampleReading, float]:
        """Return the samples that a query needs, and the CPU time that the steps of reading took."""
        needs = query.needs()
        async with self._replicas.wanted([need.selector for need in needs]) as replicas:
            reading = SampleReading(replicas, needs, query.lookback_ms, budget)
            if reading.cost_us() > _MAX_COST_US:
                raise Invalid("matching the selectors takes too long; name the metrics", field="query")
            await next_turn()
            began_s, read_s = time.thread_time(), 0.0
            for _ in reading.steps():
                read_s += time.thread_time() - began_s
                await next_turn()
                began_s = time.thread_time()
        return reading, read_s

    async def _compute(self, query: Query, data: Data, budget: Budget, finish: Callable[[QueryAnswer], T]) -> T:
        def work() -> T:
            began_s = time.thread_time()
            answer = run(query, data, budget, track=query.tracks)
            return finish(replace(answer, cpu_s=time.thread_time() - began_s))

        if _is_small(query, data):
            await next_turn()
            return work()
        async with self._free:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @asynccontextmanager
    async def _turn(self, name: str) -> AsyncIterator[None]:
        """Wait for the caller's turn; raises Overloaded."""
        caller = self._callers.setdefault(name, _Caller())
        if caller.count >= _AT_ONCE + _MOST_WAITING:
            raise Overloaded("too many queries at once; wait for the answers to the others")
        caller.count += 1
        try:
            async with caller.turns:
                yield
        finally:
            caller.count -= 1
            if not caller.count:
                del self._callers[name]

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
