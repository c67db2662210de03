"""How old a value may be before it must look different: live, late, stale, dead.

The age of a value is its distance from the journal's time now; the measure is the cadence ``every_s`` at which it should
come, declared by its feeder or learned as the median gap.  ``static/js/data/freshness.js`` is the same rule on a screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

#: The cadence assumed for a value that neither declares one nor has come often enough to learn one.
DEFAULT_EVERY_S = 60.0
#: Learned from so many gaps at the most, and not from fewer than three.
LEARN_GAPS = 8
MIN_GAPS = 3

LATE_AFTER = 2.0
STALE_AFTER = 5.0
DEAD_AFTER = 60.0
#: A fast series is not called late for a hiccup: the shortest times, in seconds.
MIN_LATE_S, MIN_STALE_S, MIN_DEAD_S = 2.0, 5.0, 60.0


class Freshness(StrEnum):
    """The four states of a value's age."""

    LIVE = "live"
    LATE = "late"
    STALE = "stale"
    DEAD = "dead"


def freshness(age_ms: float, every_s: float | None, *, ended: bool = False) -> Freshness:
    """Judge an age by a cadence. A value from the future (a feeder's clock ahead) is judged by its distance too.

    ``ended``: its sender said that no more comes; then it is dead at once.
    """
    if ended:
        return Freshness.DEAD
    age_s = abs(age_ms) / 1000
    every = every_s or DEFAULT_EVERY_S
    if age_s > max(DEAD_AFTER * every, MIN_DEAD_S):
        return Freshness.DEAD
    if age_s > max(STALE_AFTER * every, MIN_STALE_S):
        return Freshness.STALE
    if age_s > max(LATE_AFTER * every, MIN_LATE_S):
        return Freshness.LATE
    return Freshness.LIVE


def learn_every_s(times_ms: Sequence[int], known: float | None = None) -> float | None:
    """The median gap of the last sample times, in seconds; ``known`` stays while it is within a fifth of it.

    None when there are fewer than three positive gaps, so that a first burst teaches nothing.
    """
    recent = sorted(times_ms[-LEARN_GAPS - 1 :])
    gaps = sorted(b - a for a, b in zip(recent, recent[1:], strict=False) if b > a)
    if len(gaps) < MIN_GAPS:
        return known
    median = gaps[len(gaps) // 2] / 1000
    if known is not None and abs(median - known) <= known / 5:
        return known
    return float(f"{median:.2g}")
