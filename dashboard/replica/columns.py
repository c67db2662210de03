"""Buckets for reading: their times, extremes and means. Pure."""

from __future__ import annotations

from math import isfinite

import numpy as np
from msgspec import Struct

from dashboard.replica.chunks import Opened


class Columns(Struct, frozen=True):
    """Buckets for reading: start of each (ms), and its least, mean and greatest value."""

    times: list[int]
    mins: list[float]
    means: list[float]
    maxs: list[float]


def mean(total: float, count: int, least: float, greatest: float) -> float:
    """Return the mean, or the middle of least and greatest value when the sum has overflowed."""
    return total / count if isfinite(total) else least / 2 + greatest / 2


def columns_of(opened: Opened, step_ms: int) -> Columns:
    """Return the columns of ``opened`` buckets, each of which is ``step_ms`` long."""
    slots, mins, maxs, sums, counts = opened
    times: list[int] = (slots * step_ms).tolist()
    leasts: list[float] = mins.tolist()
    greatests: list[float] = leasts.copy() if maxs is mins else maxs.tolist()
    if sums is mins and (counts == 1).all():
        return Columns(times, leasts, leasts.copy(), greatests)
    quotients = sums / counts
    means: list[float] = quotients.tolist()
    if not np.isfinite(quotients).all():
        means = list(map(mean, sums.tolist(), counts.tolist(), leasts, greatests))
    return Columns(times, leasts, means, greatests)
