"""Token bucket: a rate with a burst, also for a limit that several processes share."""

from __future__ import annotations

from msgspec import Struct


class Pace(Struct, array_like=True, frozen=True):
    """Rate ``per_s`` a second, with at most ``burst`` tokens saved up."""

    per_s: float
    burst: float


class TokenBucket:
    """Token bucket. ``now_s`` is monotonic seconds in every call."""

    __slots__ = ("_burst", "_filled_s", "_per_s", "_tokens")

    def __init__(self, per_s: float, burst: float, now_s: float) -> None:
        self._per_s = per_s
        self._burst = self._tokens = burst
        self._filled_s = now_s

    def take(self, now_s: float, count: float = 1) -> bool:
        """Take ``count`` tokens; return False, and take none, if there are too few.

        A full bucket also allows a ``count`` above the burst. The bucket is then in debt, and gives no tokens until the
        debt is paid.
        """
        if self.wait_s(now_s, count):
            return False
        self._tokens -= count
        return True

    def charge(self, now_s: float, count: float) -> None:
        """Subtract ``count`` tokens, even if the bucket has fewer."""
        self._fill(now_s)
        self._tokens -= count

    def owe(self, now_s: float, count: float) -> None:
        """Subtract ``count`` tokens that another process has allowed, even if the bucket has fewer.

        The debt is never more than ``count`` plus one burst.
        """
        self._fill(now_s)
        self._tokens = max(min(self._tokens, -self._burst - count), self._tokens - count)

    def wait_s(self, now_s: float, count: float = 1) -> float:
        """Return how many seconds it takes until ``count`` tokens can be taken; 0: now."""
        self._fill(now_s)
        return max(0.0, (min(count, self._burst) - self._tokens) / self._per_s)

    def _fill(self, now_s: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now_s - self._filled_s) * self._per_s)
        self._filled_s = now_s
