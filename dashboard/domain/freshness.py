"""Freshness of a value by its age: live, late, stale or dead.

The age is the time from the value to the journal's time now. The age is compared with the cadence ``every_s``, which the feeder
declares or the server learns as the median gap. ``static/js/data/freshness.js`` has the same rule for screens.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

#: Cadence assumed for a series that declares none and has too few samples to learn one.
DEFAULT_EVERY_S = 60.0
#: Newest gaps from which a cadence is learned, and the fewest that are enough.
LEARN_GAPS = 8
MIN_GAPS = 3

#: Ages in multiples of the cadence; a greater age is the next state.
LATE_AFTER = 2.0
STALE_AFTER = 5.0
DEAD_AFTER = 60.0
#: Least ages in seconds of the same states, so that a short pause does not make a fast series late.
MIN_LATE_S, MIN_STALE_S, MIN_DEAD_S = 2.0, 5.0, 60.0


class Freshness(StrEnum):
    """Four states of a value by its age."""

    LIVE = "live"
    LATE = "late"
    STALE = "stale"
    DEAD = "dead"


def freshness(age_ms: float, every_s: float | None, *, ended: bool = False) -> Freshness:
    """Return the state for an age and a cadence (None: the default). For a value in the future, the distance counts as age.

    ``ended``: True if the feeder has declared the end of the series; its values are dead at once.
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
    """Return the median gap between the last samples in seconds; return ``known`` if the two differ by at most a fifth.

    Return ``known`` (None: nothing learned yet) also for fewer than three positive gaps: a first burst says nothing about the
    cadence.
    """
    recent = sorted(times_ms[-LEARN_GAPS - 1 :])
    gaps = sorted(b - a for a, b in zip(recent, recent[1:], strict=False) if b > a)
    if len(gaps) < MIN_GAPS:
        return known
    median = gaps[len(gaps) // 2] / 1000
    if known is not None and abs(median - known) <= known / 5:
        return known
    return float(f"{median:.2g}")
