"""Preparation of views: their selectors are matched in small steps, so that no request blocks the event loop.

Connections take turns, so that an expensive request delays only its own connection.  All requests together get at most half of
the loop's time.
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

#: Estimated microseconds of matching, beyond which a request is refused.
_MAX_COST_US = 2_000_000
#: Requests up to this cost are served at once; others wait for their connection's turn.
_AT_ONCE_US = 2_000
#: Members of all selectors of a request, beyond which it is refused: a view is built from them in one step.
_MAX_MEMBERS = 100_000
#: The same for the time that regular expressions need at worst, which few of them do.
_SCANNED_AT_ONCE_US = 20_000
#: Seconds of matching, beyond which a request is refused, whatever it was estimated to take.
_MAX_S = 4.0
#: Members that are put into a view in a microsecond.
_MEMBERS_PER_US = 2
_TOO_LONG = "take too long to match; name the metrics, or send several requests"
#: Queued requests of one connection; more are refused with ``rate_limited``.
_MAX_WAITING = 8
#: After this long a preparation pauses for as long as it ran.
_SLICE_S = 0.005


class _Job(NamedTuple):
    connection: Connection
    request_id: int | str | None
    selectors: tuple[Selector, ...]
    then: Callable[[], None]


class Preparation:
    """Queue of requests whose selectors are being matched. ``monotonic`` gives seconds."""

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
        """Call ``then`` as soon as the matches of the selectors are known: at once, or when it is the connection's turn.

        Raises Invalid if the selectors cost too much or match too many series, TooMany if the connection has too many requests.
        A DashboardError in a later turn is sent to the client.
        """
        cost_us = self._views.cost(selectors) + self._views.known_members(selectors) // _MEMBERS_PER_US
        if cost_us > _MAX_COST_US:
            raise Invalid(_TOO_LONG, field="selectors")
        jobs = self._waiting.get(connection)
        if jobs is None and cost_us <= _AT_ONCE_US and self._views.scan_us(selectors) <= _SCANNED_AT_ONCE_US:
            self._finish(_Job(connection, request_id, selectors, then))
            return
        if jobs is None:
            jobs = self._waiting[connection] = deque()
        if len(jobs) >= _MAX_WAITING:
            raise TooMany(f"{_MAX_WAITING} requests are waiting; wait for their replies")
        jobs.append(_Job(connection, request_id, selectors, then))
        connection.preparing += 1
        self._work.set()

    async def run(self) -> None:
        """Prepare queued requests until cancelled."""
        while True:
            await self._work.wait()
            while self._waiting:
                connection, jobs = next(iter(self._waiting.items()))
                job = jobs.popleft()
                try:
                    await self._prepare(job)
                finally:
                    connection.preparing -= 1
                    del self._waiting[connection]
                    if jobs and not connection.closed:
                        self._waiting[connection] = jobs  # behind the others
            self._work.clear()

    async def _prepare(self, job: _Job) -> None:
        began_s, worked_s = self._monotonic(), 0.0
        with self._views.holding(job.selectors) as held:
            try:
                for _ in held.steps():
                    took_s = self._monotonic() - began_s
                    if took_s >= _SLICE_S:
                        worked_s += took_s
                        await asyncio.sleep(took_s)
                        began_s = self._monotonic()
                    if worked_s > _MAX_S:
                        raise Invalid(_TOO_LONG, field="selectors")
                    if job.connection.closed:
                        return
                self._finish(job)
            except DashboardError as error:
                job.connection.refuse(error, job.request_id)
        await asyncio.sleep(self._monotonic() - began_s)  # before the next request

    def _finish(self, job: _Job) -> None:
        with self._views.holding(job.selectors) as held:
            for _ in held.steps():
                pass
            if (members := held.count()) > _MAX_MEMBERS:
                raise Invalid(f"match {members} series in all; at most {_MAX_MEMBERS}", field="selectors")
            job.then()
