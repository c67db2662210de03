"""Thinning of samples that keeps every spike: first, least, greatest and last sample of each run of consecutive samples."""

from __future__ import annotations

from array import array


def extremes(values: array[float], limit: int) -> list[int]:
    """Return sorted indices of the first, least, greatest and last value of each of ``limit // 4`` equal runs (``limit`` ≥ 4)."""
    runs = max(1, limit // 4)
    picked: list[int] = []
    for run in range(runs):
        start, end = run * len(values) // runs, (run + 1) * len(values) // runs
        part = range(start, end)  # by place: NaN, which other programs may write, is found by no search
        least, greatest = min(part, key=values.__getitem__), max(part, key=values.__getitem__)
        picked += sorted({start, least, greatest, end - 1})
    return picked
