"""Owners of series over all processes: a claim that one process accepts is valid in all other processes, too.

A claim reaches the other processes a moment later. If two processes accept different origins for a series in that
moment, the earlier origin keeps the series in all processes. A process that has just started, or has missed signals,
asks the other processes by the signal that ``ownership.py`` uses, and they publish all their claims again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from dashboard.cluster.bus import Bus, Heard
from dashboard.entries.signals import AskSeriesOwned, OriginsClaimed
from dashboard.ingest.origins import Origins, Owner

#: Pause between two publications, and most claims in a publication.
_TELL_EVERY_S = 0.25
_MAX_PUBLISHED = 500


class SharedOrigins:
    """Owners of series, by kind of format.

    ``shared``: True if there may be other processes; ``max_items``: maximum number of series of each kind. ``latest_ms``: the
    latest time that a sample may have now.
    """

    def __init__(self, *, bus: Bus, shared: bool, max_items: int, latest_ms: Callable[[], int]) -> None:
        self._bus = bus
        self._shared = shared
        self._max_items = max_items
        self._latest_ms = latest_ms
        self._kinds: dict[str, Origins] = {}
        bus.subscribe(OriginsClaimed, self._hear)
        bus.subscribe(AskSeriesOwned, self._hear_question)

    def of(self, kind: str) -> Origins:
        """Return the owners of series for one kind of format; each call with this kind returns the same object."""
        if kind not in self._kinds:
            self._kinds[kind] = Origins(self._max_items, is_shared=self._shared, lock=threading.Lock())
        return self._kinds[kind]

    async def run(self) -> None:
        """Publish new claims until cancelled; an unpublished claim is unknown elsewhere until its owner renews it."""
        while self._shared:
            for kind, origins in list(self._kinds.items()):
                while claims := origins.take_claims(_MAX_PUBLISHED):
                    told = {key: (owner.origin, owner.since_ms) for key, owner in claims.items()}
                    if not await self._bus.publish(OriginsClaimed(self._bus.node_id, kind, told)):
                        break
            await asyncio.sleep(_TELL_EVERY_S)

    def _hear(self, signal: OriginsClaimed, _: Heard) -> None:
        if signal.node != self._bus.node_id:
            origins = self.of(signal.kind)
            origins.renew(self._latest_ms())
            origins.hear({key: Owner(*claim) for key, claim in signal.claims.items()})

    def _hear_question(self, signal: AskSeriesOwned, _: Heard) -> None:
        if self._shared and signal.node != self._bus.node_id:
            for origins in self._kinds.values():
                origins.tell_again()
