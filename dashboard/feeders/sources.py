"""The sources that the file of sources names: of all processes exactly one runs each, and another when that one dies.

Who runs a source holds its lease; one that cannot renew it in time stops by itself, so that there are never two for long.
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
#: A lease that could not be renewed is given up so long before it ends for the others.
_MARGIN_S = 1.0
_LOOK_EVERY_S = 2.0
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30.0
_SOUND_AFTER_S = 10.0


class Source(Protocol):
    """One source; made once, run again and again."""

    state: SourceState

    async def run(self) -> None:
        """Bring data in until cancelled; raises SourceFault, OSError or another DashboardError when it cannot."""


class _LeaseLost(Exception):
    """Another process runs it now, or may."""


class Sources:
    """Owns the leases and the pauses between failures. ``jitter`` gives a number between two."""

    def __init__(self, sources: Sequence[Source], *, journal: Journal, jitter: Callable[[float, float], float]) -> None:
        self._sources = sources
        self._journal = journal
        self._jitter = jitter

    def start(self, runtime: Runtime) -> None:
        """Look after each, as tasks of the runtime."""
        for source in self._sources:
            runtime.start(f"source {source.state.id}", partial(self._look_after, source))

    def states(self) -> list[SourceState]:
        """What is known of each in this process."""
        return [source.state for source in self._sources]

    async def _look_after(self, source: Source) -> None:
        """Run it whenever its lease can be had; until cancelled."""
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
        """Raises _LeaseLost."""
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
        """Run it again after every failure, after growing pauses."""
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
    """What lies in a group of one task's errors."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
