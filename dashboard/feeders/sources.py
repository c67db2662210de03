"""Operation of the configured sources: one process runs each source; another process takes over if that process dies.

The process that runs a source holds its lease. A process that cannot renew the lease in time stops the source, so that two
processes never run one source for long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from dashboard.domain.errors import DashboardError
from dashboard.feeders.source_state import SourceState
from dashboard.journal.port import Journal
from dashboard.runtime import Group, Runtime

_LEASE_S = 10.0
_RENEW_EVERY_S = 3.0
#: A lease that cannot be renewed is given up this long before other processes see it expire.
_MARGIN_S = 1.0
_LOOK_EVERY_S = 2.0
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30.0
_SOUND_AFTER_S = 10.0


class Source(Protocol):
    """A source; created once, and run again after every failure."""

    state: SourceState

    async def run(self) -> None:
        """Fetch or receive data until cancelled; raises SourceFault, OSError or another DashboardError on failure."""


class _LeaseLost(Exception):
    """Loss of the lease: another process runs the source now, or may soon."""


class Sources:
    """Runner of the sources: it holds their leases, and pauses after failures.

    ``jitter(a, b)`` returns a random number from a to b.
    """

    def __init__(self, sources: Sequence[Source], *, journal: Journal, jitter: Callable[[float, float], float]) -> None:
        self._sources = sources
        self._journal = journal
        self._jitter = jitter

    def start(self, runtime: Runtime) -> None:
        """Start a task of the runtime for each source."""
        for source in self._sources:
            runtime.start(f"source {source.state.id}", partial(self._look_after, source))

    def states(self) -> list[SourceState]:
        """Return the state of each source in this process."""
        return [source.state for source in self._sources]

    async def _look_after(self, source: Source) -> None:
        """Run the source whenever its lease is free, until cancelled."""
        while True:
            if await self._hold(source):
                source.state.moved("here")
                try:
                    async with Group() as group:
                        group.start(f"source {source.state.id} runs", partial(self._persist, source))
                        await self._renew(source)
                except* _LeaseLost:
                    pass
                finally:
                    source.state.moved("waiting")
            elif not self._journal.fault():
                source.state.moved("elsewhere")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _hold(self, source: Source) -> bool:
        return await self._journal.hold(f"source:{source.state.id}", _LEASE_S)

    async def _renew(self, source: Source) -> None:
        """Renew the lease until it is lost; raises _LeaseLost."""
        loop = asyncio.get_running_loop()
        held_s = loop.time()
        while True:
            await asyncio.sleep(_RENEW_EVERY_S)
            asked_s = loop.time()
            if await self._hold(source):
                held_s = asked_s
            elif not self._journal.fault() or loop.time() - held_s > _LEASE_S - _RENEW_EVERY_S - _MARGIN_S:
                raise _LeaseLost

    async def _persist(self, source: Source) -> None:
        """Run the source, and run it again after each failure; the pauses between the failures grow."""
        loop = asyncio.get_running_loop()
        pause_s = _FIRST_PAUSE_S
        while True:
            began_s = loop.time()
            try:
                await source.run()
            except* (DashboardError, OSError) as errors:
                source.state.fail(_first(errors))
            if loop.time() - began_s > _SOUND_AFTER_S:
                pause_s = _FIRST_PAUSE_S
            await asyncio.sleep(pause_s * self._jitter(0.5, 1.5))
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)


def _first(error: Exception) -> Exception:
    """Return the first error in nested exception groups, or the error itself."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
