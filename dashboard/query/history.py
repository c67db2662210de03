"""Samples of one series in a range: the samples themselves where they are still kept, buckets before. No I/O.

Each bucket becomes one sample, the bucket's last; number, sum, extremes and order of the bucket's samples come with it. Where only some
samples of a bucket are still kept, the bucket stands for all of them, so that none is missing.

Buckets that were stored before their order was kept become one sample at their end, with their mean, or their greatest value if the
series is a counter.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from dashboard.query.promql.values import Floats, Ints, OfBuckets
from dashboard.replica.chunks import Opened, joined
from dashboard.replica.sample_order import UNKNOWN, Order, orders_joined
from dashboard.replica.series import Series, Windows

_COUNTER_ENDS = ("_total", "_count", "_bucket", "_sum")


class SamplesInRange(Struct):
    """Samples in order of time; ``buckets``: the buckets that the first samples stand for, None if every sample stands for itself."""

    times: array[int]
    values: array[float]
    buckets: OfBuckets | None = None


class _Used(NamedTuple):
    """Buckets of one resolution that are used: those that end before ``until_ms``."""

    columns: Opened
    order: Order
    step_ms: int
    until_ms: int


def history_of(series: Series, from_ms: int, until_ms: int, windows: Windows) -> SamplesInRange:
    """Return the samples after ``from_ms`` up to ``until_ms``, as copies. Where samples are no longer kept, buckets stand for them."""
    times, values = (series.times, series.values) if series.is_ordered else _by_time(series)
    if not times:
        return SamplesInRange(array("q"), array("d"))
    all_kept = series.trimmed_seq < 0 and series.thinned_seq < 0
    if all_kept or (from_ms >= times[0] - 1 and series.is_ordered) or not (len(series.fine) or series.coarse.stored):
        return _cut(times, values, from_ms, until_ms)
    step_ms, coarse = windows.fine_step_ms, series.coarse
    coarse.settle()
    fine, order = series.fine.ordered(max(from_ms // step_ms, coarse.fine_from))
    kept_ms = _complete_from(series, fine, times[0], step_ms)
    if not from_ms < kept_ms - step_ms < kept_ms <= until_ms + 1:
        kept_ms = max(times[0], kept_ms - step_ms)
    raw = _cut(times, values, max(from_ms, kept_ms - 1), until_ms)
    if from_ms >= kept_ms - 1:
        return raw
    used = [_Used(fine, order, step_ms, kept_ms)]
    if coarse.stored is not None and from_ms < (seam_ms := coarse.fine_from * step_ms):
        stored = coarse.stored.ordered(from_ms // coarse.step_ms)
        used.insert(0, _Used(*stored, coarse.step_ms, min(seam_ms, kept_ms)))
    return _with_buckets(series, used, raw, from_ms, until_ms)


def _by_time(series: Series) -> tuple[array[int], array[float]]:
    pairs = sorted(zip(series.times, series.values, strict=True))
    return array("q", [t for t, _ in pairs]), array("d", [v for _, v in pairs])


def _cut(times: array[int], values: array[float], from_ms: int, until_ms: int) -> SamplesInRange:
    low = 0 if from_ms < times[0] else bisect_right(times, from_ms)
    high = len(times) if times[-1] <= until_ms else bisect_right(times, until_ms)
    return SamplesInRange(times[low:high], values[low:high])


def _complete_from(series: Series, buckets: Opened, oldest_ms: int, step_ms: int) -> int:
    """Return the time from which on all samples are still kept: the end of the last bucket that has lost some, or ``oldest_ms``.

    ``buckets``: the fine buckets of the range and later; earlier ones do not matter.
    """
    folded = series.times[: series.folded]
    if folded and series.is_ordered:  # only the oldest of them can be in such a bucket
        folded = folded[: bisect_left(folded, (folded[0] // step_ms + 1) * step_ms)]
    if not folded:
        return oldest_ms
    slots, kept = np.unique(np.frombuffer(folded, np.int64) // step_ms, return_counts=True)
    low, high = np.searchsorted(buckets.slots, slots[0]), np.searchsorted(buckets.slots, slots[-1], side="right")
    buckets = buckets.part(int(low), int(high))
    at = np.searchsorted(slots, buckets.slots)
    missing = np.flatnonzero(buckets.counts > np.where(slots[at] == buckets.slots, kept[at], 0))
    return (int(buckets.slots[missing[-1]]) + 1) * step_ms if len(missing) else oldest_ms


def _with_buckets(
    series: Series, used: list[_Used], raw: SamplesInRange, from_ms: int, until_ms: int
) -> SamplesInRange:
    """Return a sample for each bucket that ends in the range, followed by the samples themselves."""
    parts: list[Opened] = []
    orders: list[Order] = []
    begins: list[Ints] = []
    ends: list[Ints] = []
    begin_ms = 0  # of buckets that the run before does not stand for
    for columns, order, step_ms, before_ms in used:
        starts = columns.slots * step_ms
        end = starts + (step_ms - 1)
        is_known = order.spans != UNKNOWN
        first = np.where(is_known, starts + order.starts, end)
        last = np.where(is_known, first + np.maximum(order.spans, ~order.spans), end)
        low = max(int(np.searchsorted(starts, begin_ms)), int(np.searchsorted(last, from_ms, side="right")))
        high = max(low, int(np.searchsorted(end, before_ms - 1, side="right")))
        high = min(high, max(low, int(np.searchsorted(last, until_ms, side="right"))))
        parts.append(columns.part(low, high))
        orders.append(order.part(low, high))
        begins.append(first[low:high])
        ends.append(last[low:high])
        begin_ms = before_ms
    found, order = joined(parts), orders_joined(orders)
    if not len(found.slots):
        return raw
    firsts, lasts = order.firsts, order.lasts
    is_unknown = order.spans == UNKNOWN
    if is_unknown.any():
        value = _one_value(series, found)
        firsts, lasts = np.where(is_unknown, value, firsts), np.where(is_unknown, value, lasts)
    times = np.concatenate(ends)
    counts, begin = found.counts.astype(np.int64), np.concatenate(begins)
    doubts = (order.spans < 0) & (counts > 1)
    of_buckets = OfBuckets(counts, found.sums, found.mins, found.maxs, firsts, order.resets, begin, doubts)
    return SamplesInRange(array("q", times.tobytes()) + raw.times, array("d", lasts.tobytes()) + raw.values, of_buckets)


def _one_value(series: Series, columns: Opened) -> Floats:
    """Return a value for each bucket whose order is not known."""
    if series.kind in ("counter", "histogram") or series.key.name.endswith(_COUNTER_ENDS):
        return columns.maxs
    return _means(columns)


def _means(columns: Opened) -> Floats:
    """Return the mean of each bucket, or the middle of its extremes if the sum has overflowed."""
    with np.errstate(invalid="ignore", over="ignore"):
        means = columns.sums / columns.counts
    return np.where(np.isfinite(means), means, columns.mins / 2 + columns.maxs / 2)
