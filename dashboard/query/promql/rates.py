"""rate, increase, delta, irate, idelta, changes and resets.

Source: Prometheus, "Query functions"; ``promql/functions.go`` for the extrapolation.

Over whole buckets, rate, increase and delta have the same values as over all samples. irate and idelta use the mean change within the last
bucket as the last change; changes and resets count at most one within a bucket.

Prometheus has no series whose samples are increases (*delta temporality*). Here their increase is the sum of a window's samples.
"""

from __future__ import annotations

import numpy as np

from dashboard.query.promql.values import Bools, Floats, Ints, Ranges


def extrapolated(windows: Ranges, *, is_counter: bool, is_rate: bool) -> tuple[Floats, Bools]:
    """Return the increase over each window, extrapolated to the window's edges, and whether the window has enough samples (two).

    ``is_counter``: True if a fall of the value is a reset. With ``is_rate``, return the increase per second.
    """
    counts = windows.ordered_counts()
    there = counts >= 2
    first, last = _ends(windows)
    first_value = windows.firsts[first]
    result = windows.samples[last] - first_value
    if is_counter:
        result = _with_resets(windows, there, result)
    start, end = windows.first_times[first], windows.times[last]
    to_start = (start - windows.from_ms[None, :]) / 1000
    to_end = (windows.until_ms[None, :] - end) / 1000
    sampled = (end - start) / 1000
    between = sampled / (counts - 1)
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


def with_deltas(
    windows: Ranges, deltas: Bools, sums: Floats, found: tuple[Floats, Bools], *, is_rate: bool
) -> tuple[Floats, Bools]:
    """Return ``found`` with the ``sums`` of the windows, per second if ``is_rate``, in the rows of series of increases (``deltas``)."""
    values, there = found
    seconds = (windows.until_ms - windows.from_ms)[None, :] / 1000 if is_rate else 1.0
    some = windows.counts > 0
    return np.where(deltas[:, None], np.where(some, sums, 0.0) / seconds, values), np.where(
        deltas[:, None], some, there
    )


def latest(windows: Ranges) -> tuple[Floats, Bools]:
    """Return the increase per second between the last two samples, and whether each window has two samples."""
    found, there = last_two(windows, is_rate=True)
    if windows.deltas is None:
        return found, there
    _, last = _ends(windows)
    spans = (windows.times[last] - windows.times[np.maximum(last - 1, 0)]) / 1000
    newest = windows.samples if windows.aggregates is None else windows.aggregates.sums
    increases = newest[last] / np.where(spans > 0, spans, 1.0)
    return np.where(windows.deltas[:, None], increases, found), there


def _ends(windows: Ranges) -> tuple[Ints, Ints]:
    """Return the indices of each window's first and last sample; for an empty window, arbitrary indices."""
    most = max(len(windows.samples) - 1, 0)
    return np.minimum(windows.low, most), np.clip(windows.high - 1, 0, most)


def _with_resets(windows: Ranges, there: Bools, result: Floats) -> Floats:
    """Add to ``result``, for each reset in a window, the value just before the reset."""
    samples = windows.samples
    falls = windows.firsts[1:] < samples[:-1]  # after a sample or bucket, also at the end of a series
    result = _with_each(result, np.flatnonzero(falls), samples, windows.low, np.where(there, windows.high - 1, 0))
    if windows.aggregates is not None:
        inner = windows.aggregates.resets
        result = _with_each(result, np.flatnonzero(inner), inner, windows.low, np.where(there, windows.high, 0))
    return result


def _with_each(result: Floats, places: Ints, values: Floats, low: Ints, high: Ints) -> Floats:
    """Add to ``result``, for each window, the ``values`` at the sorted ``places`` from ``low`` up to before ``high``."""
    if not len(places):
        return result
    begin = np.searchsorted(places, low, side="left")
    counts = np.searchsorted(places, high, side="left") - begin
    result = result.copy()
    for nth in range(int(counts.max(initial=0))):
        rows, steps = np.nonzero(counts > nth)
        result[rows, steps] += values[places[begin[rows, steps] + nth]]
    return result


def last_two(windows: Ranges, *, is_rate: bool) -> tuple[Floats, Bools]:
    """Return the difference of the last two samples, per second if ``is_rate``, and whether each window has two samples."""
    _, last = _ends(windows)
    before = np.maximum(last - 1, 0)
    newest, older = windows.samples[last], windows.samples[before]
    newest_ms, older_ms = windows.times[last], windows.times[before]
    there, changes = windows.counts >= 2, np.ones(1)
    if windows.aggregates is not None:
        begin_ms = windows.first_times[last]
        inside = begin_ms < newest_ms
        older, older_ms = np.where(inside, windows.firsts[last], older), np.where(inside, begin_ms, older_ms)
        there = there | (inside & (windows.counts > 0))
        changes = np.where(inside, windows.aggregates.counts[last] - 1, 1)
    seconds = (newest_ms - older_ms) / 1000
    there = there & (seconds != 0)
    if not is_rate:
        return (newest - older) / changes, there
    return np.where(newest < older, newest, newest - older) / seconds, there


def transitions(windows: Ranges, *, resets: bool) -> tuple[Floats, Bools]:
    """Return how often the value changed in each window, or with ``resets`` how often the value fell, and whether the
    window has samples."""
    after, before = windows.firsts[1:], windows.samples[:-1]
    marks = after < before if resets else (after != before) & ~(np.isnan(after) & np.isnan(before))
    counts = _marked(marks, windows.low, np.maximum(windows.high - 1, windows.low))
    if windows.aggregates is not None:
        found = windows.aggregates
        counts = counts + _marked(found.resets != 0 if resets else found.mins != found.maxs, windows.low, windows.high)
    return counts.astype(np.float64), windows.counts > 0


def _marked(marks: Bools, low: Ints, high: Ints) -> Ints:
    """Return the number of marks from ``low`` up to before ``high``."""
    total = np.concatenate(([0], np.cumsum(marks, dtype=np.int64)))
    most = len(marks)
    return np.asarray(total[np.minimum(high, most)] - total[np.minimum(low, most)])
