"""Clock of the journal: the time in new entries, and the time between entries.

The clock advances by the monotonic clock, so that ages stay right when the wall clock is corrected a little.  If the
wall clock is set to another time, this clock follows in one step, and counts it.
"""

from __future__ import annotations

from collections.abc import Callable

#: Difference in milliseconds from which another clock counts as stepped; a smaller one is slewed.
STEP_MS = 1_000
#: A step counts for trimming after this many seconds: a clock that is wrong for a minute must not delete accepted entries.
PATIENCE_S = 600.0


class JournalClock:
    """Clock in milliseconds since the epoch, UTC; ``wall`` and ``monotonic`` return seconds."""

    __slots__ = ("_base_ms", "_held_ms", "_leapt_s", "_monotonic", "_wall", "steps")

    def __init__(self, wall: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._base_ms = (wall() - monotonic()) * 1000
        self.steps = 0
        self._held_ms = 0.0  # sum of the steps younger than ``PATIENCE_S``
        self._leapt_s = 0.0

    def now_ms(self) -> int:
        """Return the journal's time now."""
        return int(self._base_ms + self._monotonic() * 1000)

    def follow(self, now_ms: int, took_s: float) -> bool:
        """Follow another clock, whose reading ``now_ms`` is at most ``took_s`` seconds old; return whether this clock stepped.

        A small difference is corrected gradually: each call reduces it by a quarter, unless it may come from the age of the reading.
        """
        off = now_ms + took_s * 500 - (self._base_ms + self._monotonic() * 1000)
        uncertain = took_s * 500 + 1
        if abs(off) > STEP_MS + uncertain:
            self._step(off)
            return True
        if abs(off) > uncertain:
            self._base_ms += off / 4
        return False

    def follow_wall(self) -> float:
        """Follow a step of the wall clock, if there was one; return the size of the step in milliseconds (0: no step)."""
        off = (self._wall() - self._monotonic()) * 1000 - self._base_ms
        if abs(off) <= STEP_MS:
            return 0.0
        self._step(off)
        return off

    def _step(self, off_ms: float) -> None:
        self._base_ms += off_ms
        self.steps += 1
        self._held_ms = max(0.0, self._held() + off_ms)
        self._leapt_s = self._monotonic()

    def _held(self) -> float:
        return self._held_ms if self._monotonic() - self._leapt_s < PATIENCE_S else 0.0

    def trimming_ms(self) -> int:
        """Return the time for measuring the age of entries: a step forward counts only after ``PATIENCE_S``."""
        return int(self.now_ms() - self._held())
