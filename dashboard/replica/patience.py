"""Time for deletion by age: follows a leap of the journal's clock only after the leap has lasted for some time. Pure.

A clock that is wrong for a minute must not delete data kept for days.
"""

from __future__ import annotations

#: A clock that advances by more than this between two readings has leapt (or there was no entry for this long).
LEAP_MS = 600_000
#: A leap that has lasted this long is accepted.
PATIENCE_MS = 600_000


class Patience:
    """Filter of clock readings. ``kept_ms``: the latest reading, without leaps that are younger than ``PATIENCE_MS``."""

    __slots__ = ("held_ms", "kept_ms", "latest_ms", "leapt_ms")

    def __init__(self, latest_ms: int = 0, held_ms: int = 0, leapt_ms: int = 0) -> None:
        self.latest_ms = latest_ms  # 0: nothing was read yet
        self.held_ms = held_ms  # size of the leap that is not accepted yet
        self.leapt_ms = leapt_ms  # first reading after it
        self.kept_ms = latest_ms - held_ms

    def read(self, now_ms: int) -> int:
        """Take a reading of the clock, and return the time for deletion by age."""
        since = now_ms - self.latest_ms if self.latest_ms else 0
        self.latest_ms = now_ms
        if not -LEAP_MS < since < LEAP_MS:
            held_ms = self.held_ms + since
            self.held_ms = held_ms if held_ms > LEAP_MS else 0
            self.leapt_ms = now_ms
        elif self.held_ms and now_ms - self.leapt_ms >= PATIENCE_MS:
            self.held_ms = 0
        self.kept_ms = now_ms - self.held_ms
        return self.kept_ms
