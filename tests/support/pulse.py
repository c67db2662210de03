"""Seconds in which this machine ran: time in which it stood still (a paused VM, a stolen CPU) is subtracted.

A thread wakes every 20 ms and records when that is late, from the first import on.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

_TICK_S = 0.02
#: What a busy machine may be late by without being said to have stood still.
_LATE_S = 0.25


class _Pulse(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="pulse", daemon=True)
        self._beat_s = time.monotonic()
        self._stops: list[tuple[float, float]] = []  # from, until

    def run(self) -> None:
        while True:
            time.sleep(_TICK_S)
            now_s = time.monotonic()
            if now_s - self._beat_s > _LATE_S:
                self._stops.append((self._beat_s, now_s))
            self._beat_s = now_s

    def stood_still_s(self, since_s: float, until_s: float) -> float:
        """Return how long this process could not run between two times, even if that has only just ended."""
        stops = [*self._stops]
        if until_s - (beat_s := self._beat_s) > _LATE_S:
            stops.append((beat_s, until_s))
        return sum(max(0.0, min(end, until_s) - max(begin, since_s)) for begin, end in stops)


_pulse = _Pulse()
_pulse.start()


def seconds_since(began_s: float) -> float:
    """Return the seconds since a reading of the monotonic clock, without those of a standstill."""
    return seconds_between(began_s, time.monotonic())


def seconds_between(began_s: float, ended_s: float) -> float:
    """Return the seconds between two readings of the monotonic clock, without those of a standstill."""
    return ended_s - began_s - _pulse.stood_still_s(began_s, ended_s)


def waited_for_core_s(pid: int) -> float:
    """Return how long the main thread of a process has waited for a core since its start."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
