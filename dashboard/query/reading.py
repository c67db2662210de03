"""Samples and buckets of a series for screens: those in a window, and those that are new since a position.

Raw samples up to a limit are returned unchanged.  Beyond the limit, each run of consecutive samples is reduced to its first, least,
greatest and last sample, so that no spike is lost.  Long windows are returned as buckets; a bucket replaces an earlier reading of
the same bucket.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from msgspec import Struct

from dashboard.replica.columns import Columns, columns_of, mean
from dashboard.replica.series import AHEAD_MS, Series, Windows
from dashboard.replica.thinning import extremes


class Points(Struct, frozen=True):
    """Samples ordered by time; ``of`` is their number before they were thinned."""

    times: list[int]
    values: list[float]
    of: int


def step_for(window_ms: int, windows: Windows) -> int:
    """Return the length in milliseconds of the buckets with which a window is read; 0 for raw samples."""
    if window_ms <= windows.raw_ms:
        return 0
    return windows.fine_step_ms if window_ms <= windows.fine_ms else windows.coarse_step_ms


def samples_between(series: Series, after_seq: int, until_seq: int, limit: int, from_ms: int = 0) -> Points:
    """Return the samples of entries after ``after_seq`` up to ``until_seq`` that are not older than ``from_ms``.

    If there are more than ``limit`` (≥ 4) samples, thin them to at most ``limit``.
    """
    seqs = series.seqs
    low = 0 if not seqs or seqs[0] > after_seq else bisect_right(seqs, after_seq)
    high = len(seqs) if series.last_seq <= until_seq else bisect_right(seqs, until_seq)
    times, values = series.times[low:high], series.values[low:high]
    if len(times) > 1 and series.disorder_seq > after_seq:
        times, values = _by_time(times, values)
    if from_ms and times and times[0] < from_ms:
        start = bisect_left(times, from_ms)
        times, values = times[start:], values[start:]
    of = len(times) + (series.thinned_count if 0 <= after_seq < series.thinned_seq else 0)
    if len(times) > limit:
        picked = extremes(values, limit)
        return Points([times[i] for i in picked], [values[i] for i in picked], of)
    return Points(times.tolist(), values.tolist(), of)


def _by_time(times: array[int], values: array[float]) -> tuple[array[int], array[float]]:
    order = sorted(range(len(times)), key=times.__getitem__)
    return array("q", [times[i] for i in order]), array("d", [values[i] for i in order])


def newest(series: Series) -> tuple[int, float] | None:
    """Return time and value of the sample with the latest time; None if there is no sample.

    A sample from the future counts only if there is no other sample.
    """
    times = series.times
    if not times:
        return None
    if series.is_ordered:
        return times[-1], series.values[-1]
    latest, bound = max(times), series.last_ms + AHEAD_MS
    if latest > bound:
        latest = max((t for t in times if t <= bound), default=latest)
    return latest, series.values[len(times) - 1 - times[::-1].index(latest)]


def buckets_from(series: Series, step_ms: int, from_ms: int, windows: Windows) -> Columns:
    """Return the buckets of ``step_ms`` (fine or coarse) that begin at ``from_ms`` or later, including the unfinished bucket."""
    kept = series.fine if step_ms == windows.fine_step_ms else series.coarse
    columns = columns_of(kept.aggregates(-(-from_ms // step_ms)), step_ms)
    run = series.values[series.folded :]
    if not run:
        return columns
    slot = series.slot_ms // step_ms
    start = slot * step_ms
    if start < from_ms:
        return columns
    at = bisect_left(columns.times, start)
    least, greatest, total, count = min(run), max(run), sum(run), len(run)
    if at < len(columns.times) and columns.times[at] == start:
        held = kept.aggregates(slot)
        held_sum, held_count = float(held.sums[0]), int(held.counts[0])
        columns.mins[at] = min(columns.mins[at], least)
        columns.maxs[at] = max(columns.maxs[at], greatest)
        columns.means[at] = mean(held_sum + total, held_count + count, columns.mins[at], columns.maxs[at])
    else:
        for column, item in (
            (columns.mins, least),
            (columns.means, mean(total, count, least, greatest)),
            (columns.maxs, greatest),
        ):
            column.insert(at, item)
        columns.times.insert(at, start)
    return columns


def buckets_since(series: Series, step_ms: int, after_seq: int, from_ms: int, windows: Windows) -> Columns:
    """Return the buckets that contain samples of entries after ``after_seq``.

    If some of these samples are no longer kept raw, return all buckets from ``from_ms`` on.
    """
    if max(series.trimmed_seq, series.thinned_seq) > after_seq:
        return buckets_from(series, step_ms, from_ms, windows)
    low = bisect_right(series.seqs, after_seq)
    touched = {t - t % step_ms for t in series.times[low:]}
    touched = {t for t in touched if t >= from_ms}
    if not touched:
        return Columns([], [], [], [])
    every = buckets_from(series, step_ms, min(touched), windows)
    if len(every.times) == len(touched):
        return every
    wanted = [i for i, t in enumerate(every.times) if t in touched]
    return Columns(
        [every.times[i] for i in wanted],
        [every.mins[i] for i in wanted],
        [every.means[i] for i in wanted],
        [every.maxs[i] for i in wanted],
    )
