"""Groups of a Pushgateway: a series that a later push leaves out of its group is marked as ended.

All processes know a group's series for as long as one of them runs (``cluster/ownership.py``).  A series of a forgotten push
becomes stale by its cadence, like any other series.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from dashboard.cluster.ownership import SeriesOwnership
from dashboard.domain.errors import Unavailable
from dashboard.domain.identity import Caller
from dashboard.intake.accept_samples import AcceptSamples


class PushGroups:
    """Series of each group. A group is identified by its labels; ``keys`` are the accepted series of a push.

    Each call may raise Overloaded or Unavailable after a part of the change; a repeated call completes the change.
    """

    def __init__(self, *, ownership: SeriesOwnership, samples: AcceptSamples) -> None:
        self._ownership = ownership
        self._samples = samples
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, labels: Mapping[str, str]) -> Collection[str]:
        """Return the series of a group."""
        return self._ownership.of(_name(labels))

    def every(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the groups with their series; a group's name is a JSON list of its labels."""
        for group in self._ownership.owners():
            yield group, list(self._ownership.of(group))

    async def catch_up(self) -> None:
        """Wait until this process has learned of every acknowledged push; raises Unavailable."""
        await self._ownership.catch_up()

    async def add(self, labels: Mapping[str, str], keys: Collection[str], *, caller: Caller) -> None:
        """Replace the group's series that have the same metric names as ``keys`` (POST); the replaced series end."""
        names = {key.partition("{")[0] for key in keys}
        async with self._locked(labels) as group:
            left = {key for key in self._ownership.of(group) if key.partition("{")[0] in names}.difference(keys)
            barred = await self._end(left, caller)
            self._ownership.exchange(group, left - barred, keys)
            await self._publish()

    async def replace(self, labels: Mapping[str, str], keys: Collection[str], *, caller: Caller) -> None:
        """Replace all series of the group (PUT); the series that are not in ``keys`` end, except those that the caller may not write."""
        async with self._locked(labels) as group:
            barred = await self._end(set(self._ownership.of(group)).difference(keys), caller)
            self._ownership.replace(group, barred.union(keys))
            await self._publish()

    @asynccontextmanager
    async def _locked(self, labels: Mapping[str, str]) -> AsyncIterator[str]:
        """Yield the group's key under a lock of this process, after this process has learned of every acknowledged push."""
        group = _name(labels)
        await self._ownership.catch_up()
        async with self._locks.setdefault(group, asyncio.Lock()):
            yield group

    async def _publish(self) -> None:
        if not await self._ownership.tell():
            raise Unavailable("the group's change did not reach the other processes; try again in a second")

    async def _end(self, left: set[str], caller: Caller) -> set[str]:
        return await self._samples.end(((key, None) for key in sorted(left)), caller=caller) if left else set()


def _name(labels: Mapping[str, str]) -> str:
    return json.dumps(sorted(labels.items()))
