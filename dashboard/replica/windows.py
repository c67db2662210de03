"""Retention of a series' samples and buckets. Pure."""

from __future__ import annotations

from msgspec import Struct


class Windows(Struct, frozen=True):
    """Retention of raw samples and buckets, in milliseconds.

    ``raw_max`` bounds the number of raw samples: beyond it, the older half is thinned out, but spikes are kept.
    """

    raw_ms: int = 900_000
    raw_max: int = 10_000
    fine_step_ms: int = 10_000
    fine_ms: int = 21_600_000
    coarse_step_ms: int = 60_000
    coarse_ms: int = 172_800_000
