"""A token bucket: how often something may happen, with a burst; and what other processes are told of it."""

from __future__ import annotations

from msgspec import Struct


class Pace(Struct, array_like=True, frozen=True):
    """``per_s`` a second, at most ``burst`` saved up."""

    per_s: float
    burst: float


class TokenBucket:
    """``now_s`` is monotonic seconds in every call."""

    __slots__ = ("_burst", "_filled_s", "_per_s", "_tokens")

    def __init__(self, per_s: float, burst: float, now_s: float) -> None:
        self._per_s = per_s
        self._burst = self._tokens = burst
        self._filled_s = now_s

    def take(self, now_s: float, count: float = 1) -> bool:
        """Take ``count`` tokens; False when there are not so many. More than the burst are given on credit when it is whole."""
        if self.wait_s(now_s, count):
            return False
        self._tokens -= count
        return True

    def owe(self, now_s: float, count: float) -> None:
        """``count`` tokens were taken elsewhere, whether they were there or not; owed is never more than they and a burst."""
        self._fill(now_s)
        self._tokens = max(min(self._tokens, -self._burst - count), self._tokens - count)

    def wait_s(self, now_s: float, count: float = 1) -> float:
        """How long until ``count`` could be taken."""
        self._fill(now_s)
        return max(0.0, (min(count, self._burst) - self._tokens) / self._per_s)

    def _fill(self, now_s: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now_s - self._filled_s) * self._per_s)
        self._filled_s = now_s
