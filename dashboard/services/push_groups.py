"""The groups of a Pushgateway: what is not in a group any more is said to have ended.

What a group held is known on all processes for as long as one of them runs (``holdings.py``); what is not known to have been
pushed grows old by its cadence as everything does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from dashboard.domain.identity import Caller
from dashboard.services.accept_samples import AcceptSamples
from dashboard.services.holdings import Holdings


class PushGroups:
    """A group is its labels; ``keys`` are the series that a push brought, without those that were refused."""

    def __init__(self, *, holdings: Holdings, samples: AcceptSamples) -> None:
        self._holdings = holdings
        self._samples = samples

    async def add(self, labels: Mapping[str, str], keys: Collection[str], *, caller: Caller) -> None:
        """The group holds these instead of those that have the same names; raises as ``replace``."""
        names = {key.partition("{")[0] for key in keys}
        others = {key for key in self._holdings.of(_holder(labels)) if key.partition("{")[0] not in names}
        await self.replace(labels, others.union(keys), caller=caller)

    async def replace(self, labels: Mapping[str, str], keys: Collection[str], *, caller: Caller) -> None:
        """The group is this now: the others of its series end; those that are not the caller's to write stay in it.

        Raises Overloaded or Unavailable: then it is what it was.
        """
        holder, barred = _holder(labels), set[str]()
        if left := set(self._holdings.of(holder)).difference(keys):
            barred = await self._samples.end(((key, None) for key in sorted(left)), caller=caller)
        self._holdings.replace(holder, barred.union(keys))
        await self._holdings.tell()


def _holder(labels: Mapping[str, str]) -> str:
    return json.dumps(sorted(labels.items()))
