"""Preparation of views: what their selectors match is found in small steps, so that no request holds the loop.

Callers take turns, so one that asks for much waits by itself.  All of them together get at most half of the loop's time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from dashboard.domain.errors import DashboardError, Invalid, TooMany
from dashboard.domain.selector import Selector
from dashboard.hub.connection import Connection
from dashboard.hub.view_table import ViewTable

#: Microseconds of matching that a request may take in all, as estimated, and at once without a turn.
_MAX_COST_US = 2_000_000
_AT_ONCE_US = 2_000
#: Members of all selectors of a request together, of which a view is built in one go.
_MAX_MEMBERS = 100_000
#: Requests of one connection that wait.
_MAX_WAITING = 8
_SLICE_S = 0.005


class _Job(NamedTuple):
    connection: Connection
    request_id: int | str | None
    selectors: tuple[Selector, ...]
    then: Callable[[], None]


class Preparation:
    """``monotonic`` gives seconds."""

    def __init__(self, *, views: ViewTable, monotonic: Callable[[], float]) -> None:
        self._views = views
        self._monotonic = monotonic
        self._waiting: dict[Connection, deque[_Job]] = {}  # in the order of their turns
        self._work = asyncio.Event()

    def submit(
        self,
        connection: Connection,
        request_id: int | str | None,
        selectors: tuple[Selector, ...],
        then: Callable[[], None],
    ) -> None:
        """Call ``then`` when what the selectors match is known: now, or in the connection's turn.

        Raises Invalid when the selectors are too much work, TooMany when too many requests of the connection wait.
        """
        cost_us = self._views.cost(selectors)
        if cost_us > _MAX_COST_US:
            raise Invalid(
                "matching them takes too long; name the metrics, or ask in several requests", field="selectors"
            )
        jobs = self._waiting.get(connection)
        if jobs is None and cost_us <= _AT_ONCE_US:
            self._finish(_Job(connection, request_id, selectors, then))
            return
        if jobs is None:
            jobs = self._waiting[connection] = deque()
        if len(jobs) >= _MAX_WAITING:
            raise TooMany("too many requests wait for their selectors to be matched")
        jobs.append(_Job(connection, request_id, selectors, then))
        self._work.set()

    async def run(self) -> None:
        """Prepare until cancelled."""
        while True:
            await self._work.wait()
            while self._waiting:
                connection, jobs = next(iter(self._waiting.items()))
                job = jobs.popleft()
                try:
                    await self._prepare(job)
                finally:
                    del self._waiting[connection]
                    if jobs and not connection.closed:
                        self._waiting[connection] = jobs  # behind the others
            self._work.clear()

    async def _prepare(self, job: _Job) -> None:
        began_s = self._monotonic()
        with self._views.holding(job.selectors) as held:
            for _ in held.steps():
                took_s = self._monotonic() - began_s
                if took_s >= _SLICE_S:
                    await asyncio.sleep(took_s)
                    began_s = self._monotonic()
                if job.connection.closed:
                    return
            try:
                self._finish(job)
            except DashboardError as error:
                job.connection.refuse(error, job.request_id)

    def _finish(self, job: _Job) -> None:
        with self._views.holding(job.selectors) as held:
            for _ in held.steps():
                pass
            if (members := held.count()) > _MAX_MEMBERS:
                raise Invalid(f"match {members} series in all; at most {_MAX_MEMBERS}", field="selectors")
            job.then()
