"""Aggregations over time, quantiles and regressions of windows. Source: Prometheus, "Query functions", <aggregation>_over_time.

Where buckets stand for samples, count, sum, mean, extremes and the last value are those of the buckets' samples; the rest is computed from
the mean of each bucket (``Ranges.middles``).

All windows advance together, by one sample in each step, with the compensated sums that Prometheus uses.  So results do not depend
on how many windows are computed at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dashboard.query.promql.budget import Budget
from dashboard.query.promql.summation import CompensatedSum
from dashboard.query.promql.values import Bools, Floats, Ints, Ranges

#: Values of windows that are sorted at once for quantiles.
_SORTED_AT_ONCE = 4_000_000


def _each(windows: Ranges, budget: Budget, column: Floats | None = None) -> Iterator[tuple[Ints, Floats, Bools]]:
    """Yield, for each n, the index and value of every window's nth sample, and whether the window has that many samples.

    ``column``: values to use instead of the samples' values.
    """
    column = windows.samples if column is None else column
    most = max(len(windows.samples) - 1, 0)
    for nth in range(int(windows.counts.max(initial=0))):
        budget.check()
        places = windows.low + nth
        active = places < windows.high
        places = np.minimum(places, most)
        yield places, column[places], active


def _sums(windows: Ranges) -> Floats:
    return windows.samples if windows.aggregates is None else windows.aggregates.sums


def total(windows: Ranges, budget: Budget) -> Floats:
    """Return the sum of each window."""
    summed = CompensatedSum(windows.low.shape)
    for _, values, active in _each(windows, budget, _sums(windows)):
        summed.add(values, active)
    return summed.result()


def count(windows: Ranges) -> Floats:
    """Return the number of samples in each window."""
    if windows.aggregates is None:
        return windows.counts.astype(np.float64)
    before = np.concatenate(([0], np.cumsum(windows.aggregates.counts)))
    return np.asarray((before[windows.high] - before[windows.low]).astype(np.float64))


def average(windows: Ranges, budget: Budget) -> Floats:
    """Return the mean of each window."""
    summed = CompensatedSum(windows.low.shape)
    for _, values, active in _each(windows, budget, _sums(windows)):
        summed.add(values, active)
    counts = count(windows)
    result = summed.value / counts + summed.lost / counts
    overflowed = np.isinf(summed.value) | np.isnan(summed.value)
    if overflowed.any():
        result = np.where(overflowed, _running_average(windows, budget), result)
    return result


def _running_average(windows: Ranges, budget: Budget) -> Floats:
    """Return the mean as a running average, which does not overflow when the sum would."""
    summed = CompensatedSum(windows.low.shape)
    counts = count(windows)
    for places, values, active in _each(windows, budget):
        weights = 1 if windows.aggregates is None else windows.aggregates.counts[places]
        summed.add(values / counts * weights, active)
    return summed.result()


def extreme(windows: Ranges, budget: Budget, *, greatest: bool) -> Floats:
    """Return the least or greatest value of each window; NaN only if all values are NaN."""
    pick = np.fmax if greatest else np.fmin
    result = np.full(windows.low.shape, np.nan)
    column = windows.samples
    if windows.aggregates is not None:
        column = windows.aggregates.maxs if greatest else windows.aggregates.mins
    for _, values, active in _each(windows, budget, column):
        result = np.where(active, pick(result, values), result)
    return result


def variance(windows: Ranges, budget: Budget) -> Floats:
    """Return the population variance of each window."""
    mean, squares = CompensatedSum(windows.low.shape), CompensatedSum(windows.low.shape)
    count = 0.0
    for _, values, active in _each(windows, budget):
        count += 1
        delta = values - (mean.value + mean.lost)
        mean.add(delta / count, active)
        squares.add(delta * (values - (mean.value + mean.lost)), active)
    return (squares.value + squares.lost) / windows.counts


def last(windows: Ranges) -> Floats:
    """Return the last value of each window."""
    return windows.samples[np.clip(windows.high - 1, 0, max(len(windows.samples) - 1, 0))]


def quantile(windows: Ranges, q: Floats, budget: Budget) -> Floats:
    """Return a quantile of each window; ``q``: the wanted quantile at each step."""
    rows, steps = np.nonzero(windows.counts)
    result = np.full(windows.low.shape, np.nan)
    width = int(windows.counts.max(initial=0))
    if not width:
        return result
    most = len(windows.samples) - 1
    at_once = max(1, _SORTED_AT_ONCE // width)
    for start in range(0, len(rows), at_once):
        budget.check()
        some, some_steps = rows[start : start + at_once], steps[start : start + at_once]
        places = windows.low[some, some_steps][:, None] + np.arange(width)
        active = places < windows.high[some, some_steps][:, None]
        values = windows.samples[np.minimum(places, most)]
        result[some, some_steps] = quantiles(values.T, active.T, q[some_steps])
    return result


def quantiles(values: Floats, there: Bools, q: Floats) -> Floats:
    """Return the quantile ``q`` of each column; each column must have a value. NaN sorts as least."""
    missing = np.isnan(values) & there
    ordered = np.sort(np.where(there, np.where(missing, -np.inf, values), np.inf), axis=0)
    ordered = np.where(np.arange(len(values))[:, None] < missing.sum(axis=0)[None, :], np.nan, ordered)
    count = there.sum(axis=0)
    rank = np.clip(np.nan_to_num(q), 0, 1) * (count - 1)
    lower = np.maximum(0, np.floor(rank)).astype(np.int64)
    upper = np.minimum(count - 1, lower + 1)
    weight = rank - np.floor(rank)
    columns = np.arange(values.shape[1])
    found = ordered[lower, columns] * (1 - weight) + ordered[upper, columns] * weight
    found = np.where(q < 0, -np.inf, np.where(q > 1, np.inf, found))
    return np.where(np.isnan(q), np.nan, found)


def regression(windows: Ranges, since_ms: Ints, budget: Budget) -> tuple[Floats, Floats]:
    """Return each window's least-squares line: its slope per second and its value at ``since_ms``. Needs two samples or more."""
    shape = windows.low.shape
    sum_x, sum_y, sum_xy, sum_xx = (
        CompensatedSum(shape),
        CompensatedSum(shape),
        CompensatedSum(shape),
        CompensatedSum(shape),
    )
    first = windows.samples[np.minimum(windows.low, max(len(windows.samples) - 1, 0))]
    constant = np.ones(shape, dtype=np.bool_)
    for places, values, active in _each(windows, budget):
        x = (windows.times[places] - since_ms) / 1e3
        sum_x.add(x, active)
        sum_y.add(values, active)
        sum_xy.add(x * values, active)
        sum_xx.add(x * x, active)
        constant &= ~active | (values == first)
    n = windows.counts
    x, y = sum_x.value + sum_x.lost, sum_y.value + sum_y.lost
    covariance = sum_xy.value + sum_xy.lost - x * y / n
    spread = sum_xx.value + sum_xx.lost - x * x / n
    slope = covariance / spread
    at = y / n - slope * x / n
    endless = np.where(np.isinf(first), np.nan, 0.0)
    return np.where(constant, endless, slope), np.where(constant, first + endless, at)
