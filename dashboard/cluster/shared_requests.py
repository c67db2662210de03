"""Times at which requests were first received, over all processes: a request that comes again may reach another process.

A time reaches the other processes a moment later. Of two times for a request, the earlier one is valid in all processes. Until
then two times that are close together are nearly always in the same period.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Lock

from dashboard.cluster.bus import Bus, Heard
from dashboard.entries.signals import RequestsBegun

#: Pause between two publications, most requests in a publication, and most requests that are remembered.
_TELL_EVERY_S = 0.25
_MAX_PUBLISHED = 500
_MAX_ITEMS = 10_000


class SharedRequests:
    """First times of requests. ``shared``: True if there may be other processes; ``now_ms`` gives the journal's time.

    A request that was first received ``kept_ms`` ago or earlier counts as a new request. The times are noted in threads.
    """

    def __init__(self, *, bus: Bus, shared: bool, now_ms: Callable[[], int], kept_ms: int) -> None:
        self._bus = bus
        self._shared = shared
        self._now_ms = now_ms
        self._kept_ms = kept_ms
        self._began_ms: dict[str, int] = {}  # in the order of learning
        self._learning = Lock()
        self._untold: dict[str, int] = {}
        bus.subscribe(RequestsBegun, self._hear)

    def began_ms(self, key: str) -> int:
        """Return the time at which the request ``key`` was first received; if it was not received lately, that is now."""
        now, known = self._now_ms(), self._began_ms.get(key)
        if known is not None and now - known < self._kept_ms:
            return known
        self._learn(key, now)
        if self._shared and len(self._untold) < _MAX_ITEMS:
            self._untold[key] = now
        return now

    def period(self, key: str) -> int:
        """Return the number of the period of ``kept_ms`` in which the request was first received: the same for its repetitions."""
        return self.began_ms(key) // self._kept_ms

    def _learn(self, key: str, began_ms: int) -> None:
        with self._learning:
            self._began_ms.pop(key, None)
            if len(self._began_ms) >= _MAX_ITEMS:
                del self._began_ms[next(iter(self._began_ms))]  # the one that was learnt first
            self._began_ms[key] = began_ms

    async def run(self) -> None:
        """Publish new requests until cancelled."""
        while self._shared:
            while self._untold:
                told: dict[str, int] = {}
                while self._untold and len(told) < _MAX_PUBLISHED:
                    key, began_ms = self._untold.popitem()
                    told[key] = began_ms
                if not await self._bus.publish(RequestsBegun(self._bus.node_id, told)):
                    self._untold.update(told)
                    break
            await asyncio.sleep(_TELL_EVERY_S)

    def _hear(self, signal: RequestsBegun, _: Heard) -> None:
        if signal.node == self._bus.node_id:
            return
        now = self._now_ms()
        for key, began_ms in signal.times.items():
            known = self._began_ms.get(key)
            if known is None or began_ms < known or now - known >= self._kept_ms:
                self._learn(key, began_ms)
