"""The groups of a Pushgateway: what is not in a group any more is said to have ended.

What a group held is known on all processes for as long as one of them runs (``holdings.py``); what is not known to have been
pushed grows old by its cadence as everything does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from dashboard.cluster.ownership import SeriesOwnership
from dashboard.domain.errors import Unavailable
from dashboard.domain.identity import Caller
from dashboard.intake.accept_samples import AcceptSamples


class PushGroups:
    """A group is its labels; ``keys`` are the series that a push brought, without those that were refused.

    What is done with a group raises Overloaded or Unavailable: then it may be done in part, and doing it again does the rest.
    """

    def __init__(self, *, ownership: SeriesOwnership, samples: AcceptSamples) -> None:
        self._ownership = ownership
        self._samples = samples
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def add(self, labels: Mapping[str, str], keys: Collection[str], *, caller: Caller) -> None:
        """The group holds these instead of those that have the same names."""
        names = {key.partition("{")[0] for key in keys}
        async with self._alone_with(labels) as holder:
            left = {key for key in self._ownership.of(holder) if key.partition("{")[0] in names}.difference(keys)
            barred = await self._end(left, caller)
            self._ownership.exchange(holder, left - barred, keys)
            await self._tell()

    async def replace(self, labels: Mapping[str, str], keys: Collection[str], *, caller: Caller) -> None:
        """The group is this now: the others of its series end; those that are not the caller's to write stay in it."""
        async with self._alone_with(labels) as holder:
            barred = await self._end(set(self._ownership.of(holder)).difference(keys), caller)
            self._ownership.replace(holder, barred.union(keys))
            await self._tell()

    @asynccontextmanager
    async def _alone_with(self, labels: Mapping[str, str]) -> AsyncIterator[str]:
        """One at a time in this process, knowing what was answered to anybody anywhere."""
        holder = json.dumps(sorted(labels.items()))
        await self._ownership.catch_up()
        async with self._turns.setdefault(holder, asyncio.Lock()):
            yield holder

    async def _tell(self) -> None:
        if not await self._ownership.tell():
            raise Unavailable("other processes cannot be told of the group; try again in a second")

    async def _end(self, left: set[str], caller: Caller) -> set[str]:
        return await self._samples.end(((key, None) for key in sorted(left)), caller=caller) if left else set()
