"""How often each holder may do something, over all processes: a token feed samples, a user write messages.

Each process decides by itself, at once, and tells the others what it let through; they owe it.  So over time it is as often as
the pace says, wherever the holder turns to; for a moment, and in the first burst, each process may let through its own.  What
could not be told is not told later: meanwhile each process counts for itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.cluster.bus import Bus, Heard
from dashboard.domain.rate import Pace, TokenBucket
from dashboard.entries.signals import RateUsed

#: What was let through is told at most so often.
_TELL_EVERY_S = 0.25
#: Holders that are told apart, the longest known are forgotten; and told of at once.
_MAX_HOLDERS = 10_000
_MAX_TOLD = 1_000


class SharedRateLimits:
    """``shared``: there may be other processes. ``monotonic`` is in seconds."""

    def __init__(self, kind: str, *, bus: Bus, shared: bool, monotonic: Callable[[], float]) -> None:
        self._kind = kind
        self._bus = bus
        self._shared = shared
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, Pace], TokenBucket] = {}
        self._spent: dict[str, tuple[Pace, float]] = {}  # not told yet
        self._work = asyncio.Event()
        bus.subscribe(RateUsed, self._hear)

    def take(self, holder: str, pace: Pace, count: float = 1) -> float:
        """Let ``count`` through: 0.0; or take nothing, and say in how many seconds they could be."""
        now_s = self._monotonic()
        bucket = self._bucket(holder, pace, now_s)
        if not bucket.take(now_s, count):
            return bucket.wait_s(now_s, count)
        if self._shared:
            before, already = self._spent.pop(holder, (pace, 0.0))
            self._spent[holder] = pace, count + (already if before == pace else 0.0)
            self._work.set()
        return 0.0

    def _bucket(self, holder: str, pace: Pace, now_s: float) -> TokenBucket:
        bucket = self._buckets.get((holder, pace))
        if bucket is None:
            if len(self._buckets) >= _MAX_HOLDERS:
                del self._buckets[next(iter(self._buckets))]
            bucket = self._buckets[holder, pace] = TokenBucket(pace.per_s, pace.burst, now_s)
        return bucket

    async def run(self) -> None:
        """Tell the other processes, until cancelled."""
        while True:
            await self._work.wait()
            told = dict(list(self._spent.items())[:_MAX_TOLD])
            for holder in told:
                del self._spent[holder]
            if not self._spent:
                self._work.clear()
            await self._bus.publish(RateUsed(self._bus.node_id, self._kind, told))
            await asyncio.sleep(_TELL_EVERY_S)

    def _hear(self, signal: RateUsed, _: Heard) -> None:
        if self._bus.is_behind:  # what was spent long ago has been made up for
            return
        if signal.kind == self._kind and signal.node != self._bus.node_id:
            now_s = self._monotonic()
            for holder, (pace, count) in signal.spent.items():
                self._bucket(holder, pace, now_s).owe(now_s, count)
