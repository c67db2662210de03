"""rate, increase, delta, irate, idelta, changes and resets.

Source: Prometheus, "Query functions"; ``promql/functions.go`` for the extrapolation.
"""

from __future__ import annotations

import numpy as np

from dashboard.query.promql.values import Bools, Floats, Ints, Ranges


def extrapolated(windows: Ranges, *, is_counter: bool, is_rate: bool) -> tuple[Floats, Bools]:
    """Return the increase over each window, extrapolated to the window's edges, and whether the window has enough samples (two).

    ``is_counter``: True if a fall of the value is a reset. With ``is_rate``, return the increase per second.
    """
    there = windows.counts >= 2
    first, last = _ends(windows)
    values, times = windows.samples, windows.times
    first_value = values[first]
    result = values[last] - first_value
    if is_counter:
        result = _with_resets(windows, there, result)
    start, end = times[first], times[last]
    to_start = (start - windows.from_ms[None, :]) / 1000
    to_end = (windows.until_ms[None, :] - end) / 1000
    sampled = (end - start) / 1000
    between = sampled / (windows.counts - 1)
    threshold = between * 1.1
    to_start = np.where(to_start >= threshold, between / 2, to_start)
    if is_counter:
        to_zero = np.where((result > 0) & (first_value >= 0), sampled * (first_value / result), to_start)
        to_start = np.where(to_zero < to_start, to_zero, to_start)
    to_end = np.where(to_end >= threshold, between / 2, to_end)
    factor = (sampled + to_start + to_end) / sampled
    if is_rate:
        factor = factor / ((windows.until_ms - windows.from_ms)[None, :] / 1000)
    return result * factor, there


def _ends(windows: Ranges) -> tuple[Ints, Ints]:
    """Return the indices of each window's first and last sample; for an empty window, arbitrary indices."""
    most = max(len(windows.samples) - 1, 0)
    return np.minimum(windows.low, most), np.clip(windows.high - 1, 0, most)


def _with_resets(windows: Ranges, there: Bools, result: Floats) -> Floats:
    """Add to ``result``, for each reset in a window, the value just before the reset."""
    samples = windows.samples
    places = np.flatnonzero(samples[1:] < samples[:-1])  # indices before a lower sample, also at the end of a series
    if not len(places):
        return result
    begin = np.searchsorted(places, windows.low, side="left")
    end = np.searchsorted(places, windows.high - 1, side="left")
    counts = np.where(there, end - begin, 0)
    result = result.copy()
    for nth in range(int(counts.max(initial=0))):
        rows, steps = np.nonzero(counts > nth)
        result[rows, steps] += samples[places[begin[rows, steps] + nth]]
    return result


def last_two(windows: Ranges, *, is_rate: bool) -> tuple[Floats, Bools]:
    """Return the difference of the last two samples, per second if ``is_rate``, and whether each window has two samples."""
    _, last = _ends(windows)
    before = np.maximum(last - 1, 0)
    newest, older = windows.samples[last], windows.samples[before]
    seconds = (windows.times[last] - windows.times[before]) / 1000
    there = (windows.counts >= 2) & (seconds != 0)
    if not is_rate:
        return newest - older, there
    return np.where(newest < older, newest, newest - older) / seconds, there


def transitions(windows: Ranges, *, resets: bool) -> tuple[Floats, Bools]:
    """Return how often the value changed in each window, or with ``resets`` how often the value fell, and whether the
    window has samples."""
    samples = windows.samples
    after, before = samples[1:], samples[:-1]
    marks = after < before if resets else (after != before) & ~(np.isnan(after) & np.isnan(before))
    total = np.concatenate(([0], np.cumsum(marks, dtype=np.int64), [0]))
    high = np.maximum(windows.high - 1, windows.low)
    most = max(len(samples) - 1, 0)
    counts = total[np.minimum(high, most)] - total[np.minimum(windows.low, most)]
    return counts.astype(np.float64), windows.counts > 0
