"""Rate limits over all processes, by key: a token's samples, a user's messages.

Each process decides at once from its own token bucket and publishes the tokens that it spent; the other processes take
the same number of tokens from their buckets. So the limit holds over time, whichever processes a client uses. For a
moment, each process may allow a whole burst. A publication that fails is not repeated: until the next publication, each
process limits by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.cluster.bus import Bus, Heard
from dashboard.domain.rate import Pace, TokenBucket
from dashboard.entries.signals import RateUsed

#: Pause between two publications.
_TELL_EVERY_S = 0.25
#: Keys with a bucket, beyond which the oldest is forgotten; and keys in one publication, the rest go into the next.
_MAX_KEYS = 10_000
_MAX_PUBLISHED = 1_000


class SharedRateLimits:
    """Limiter of one kind of action. ``shared``: True if there may be other processes; ``monotonic`` is in seconds."""

    def __init__(self, kind: str, *, bus: Bus, shared: bool, monotonic: Callable[[], float]) -> None:
        self._kind = kind
        self._bus = bus
        self._shared = shared
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, Pace], TokenBucket] = {}
        self._spent: dict[str, tuple[Pace, float]] = {}  # not published yet
        self._work = asyncio.Event()
        bus.subscribe(RateUsed, self._hear)

    def take(self, key: str, pace: Pace, count: float = 1) -> float:
        """Take ``count`` tokens and return 0.0, or take no token and return the seconds to wait."""
        now_s = self._monotonic()
        bucket = self._bucket(key, pace, now_s)
        if not bucket.take(now_s, count):
            return bucket.wait_s(now_s, count)
        self._note(key, pace, count)
        return 0.0

    def charge(self, key: str, pace: Pace, count: float) -> None:
        """Take ``count`` tokens even if there are fewer: the key gets no more until they are paid off."""
        now_s = self._monotonic()
        self._bucket(key, pace, now_s).charge(now_s, count)
        self._note(key, pace, count)

    def _note(self, key: str, pace: Pace, count: float) -> None:
        if self._shared:
            before, already = self._spent.pop(key, (pace, 0.0))
            self._spent[key] = pace, count + (already if before == pace else 0.0)
            self._work.set()

    def _bucket(self, key: str, pace: Pace, now_s: float) -> TokenBucket:
        bucket = self._buckets.get((key, pace))
        if bucket is None:
            if len(self._buckets) >= _MAX_KEYS:
                del self._buckets[next(iter(self._buckets))]
            bucket = self._buckets[key, pace] = TokenBucket(pace.per_s, pace.burst, now_s)
        return bucket

    async def run(self) -> None:
        """Publish the spent tokens until cancelled."""
        while True:
            await self._work.wait()
            batch = dict(list(self._spent.items())[:_MAX_PUBLISHED])
            for key in batch:
                del self._spent[key]
            if not self._spent:
                self._work.clear()
            await self._bus.publish(RateUsed(self._bus.node_id, self._kind, batch))
            await asyncio.sleep(_TELL_EVERY_S)

    def _hear(self, signal: RateUsed, _: Heard) -> None:
        if self._bus.is_behind:  # tokens spent long ago have been refilled
            return
        if signal.kind == self._kind and signal.node != self._bus.node_id:
            now_s = self._monotonic()
            for key, (pace, count) in signal.spent.items():
                self._bucket(key, pace, now_s).owe(now_s, count)
