"""Functions of windows by name: rates, aggregations over time, quantiles, regressions. Source: Prometheus, "Query functions"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from dashboard.query.promql import over_time, rates
from dashboard.query.promql.budget import Budget
from dashboard.query.promql.notes import OF_BUCKETS, UNSURE_RESETS, Notes
from dashboard.query.promql.values import Bools, Floats, Grid, Ranges


class Around(Protocol):
    """Parts of an evaluation that functions of windows use."""

    @property
    def budget(self) -> Budget:
        """The bounds of the evaluation."""

    @property
    def notes(self) -> Notes:
        """The evaluation's warnings and remarks."""


OverTime = Callable[[Around, Ranges, list[Floats], Grid], tuple[Floats, Bools]]


def _some(ranges: Ranges) -> Bools:
    return ranges.counts > 0


def _simple(compute: Callable[[Ranges, Budget], Floats]) -> OverTime:
    def evaluate(around: Around, ranges: Ranges, _: list[Floats], __: Grid) -> tuple[Floats, Bools]:
        return compute(ranges, around.budget), _some(ranges)

    return evaluate


def _of_buckets(compute: OverTime) -> OverTime:
    """Return the function with a remark if a window has buckets of several samples, over which the function is approximate."""

    def evaluate(around: Around, ranges: Ranges, others: list[Floats], grid: Grid) -> tuple[Floats, Bools]:
        found = ranges.aggregates
        if found is not None and ranges.has_any(found.counts > 1):
            around.notes.inform(OF_BUCKETS)
        return compute(around, ranges, others, grid)

    return evaluate


def _of_resets(*, is_rate: bool) -> OverTime:
    """Return ``rate`` or ``increase``, with a remark if a window has buckets whose resets are approximate.

    The increase of a series of increases is their sum.
    """
    compute = _rates(lambda ranges: rates.extrapolated(ranges, is_counter=True, is_rate=is_rate))

    def evaluate(around: Around, ranges: Ranges, others: list[Floats], grid: Grid) -> tuple[Floats, Bools]:
        if ranges.aggregates is not None and ranges.has_any(ranges.aggregates.doubts):
            around.notes.inform(UNSURE_RESETS)
        found = compute(around, ranges, others, grid)
        if ranges.deltas is None:
            return found
        sums = over_time.total(ranges, around.budget)
        return rates.with_deltas(ranges, ranges.deltas, sums, found, is_rate=is_rate)

    return evaluate


def _quantile_over_time(around: Around, ranges: Ranges, others: list[Floats], _: Grid) -> tuple[Floats, Bools]:
    if _some(ranges).any():
        around.notes.check_quantile([float(each) for each in np.unique(others[0])])
    return over_time.quantile(ranges.middles(), others[0], around.budget), _some(ranges)


def _deriv(around: Around, ranges: Ranges, _: list[Floats], __: Grid) -> tuple[Floats, Bools]:
    ranges = ranges.middles()
    first = ranges.times[np.minimum(ranges.low, max(len(ranges.times) - 1, 0))]
    slope, _at = over_time.regression(ranges, first, around.budget)
    return slope, ranges.counts >= 2


def _predict_linear(around: Around, ranges: Ranges, others: list[Floats], grid: Grid) -> tuple[Floats, Bools]:
    since = np.broadcast_to(grid.times()[None, :], ranges.low.shape)
    slope, at = over_time.regression(ranges.middles(), since, around.budget)
    return slope * others[0] + at, ranges.counts >= 2


def _rates(compute: Callable[[Ranges], tuple[Floats, Bools]]) -> OverTime:
    def evaluate(_: Around, ranges: Ranges, __: list[Floats], ___: Grid) -> tuple[Floats, Bools]:
        if not len(ranges.samples):
            return np.zeros(ranges.low.shape), _some(ranges)
        return compute(ranges)

    return evaluate


def _variance(ranges: Ranges, budget: Budget) -> Floats:
    return over_time.variance(ranges.middles(), budget)


def _ones(ranges: Ranges, _: Budget) -> Floats:
    return np.ones(ranges.low.shape)


OVER_TIME: dict[str, OverTime] = {
    "sum_over_time": _simple(over_time.total),
    "avg_over_time": _simple(over_time.average),
    "min_over_time": _simple(lambda ranges, budget: over_time.extreme(ranges, budget, greatest=False)),
    "max_over_time": _simple(lambda ranges, budget: over_time.extreme(ranges, budget, greatest=True)),
    "count_over_time": _simple(lambda ranges, _: over_time.count(ranges)),
    "stdvar_over_time": _of_buckets(_simple(_variance)),
    "stddev_over_time": _of_buckets(_simple(lambda ranges, budget: np.asarray(np.sqrt(_variance(ranges, budget))))),
    "last_over_time": _rates(lambda ranges: (over_time.last(ranges), _some(ranges))),
    "present_over_time": _simple(_ones),
    "absent_over_time": _simple(_ones),
    "quantile_over_time": _of_buckets(_quantile_over_time),
    "deriv": _of_buckets(_deriv),
    "predict_linear": _of_buckets(_predict_linear),
    "rate": _of_resets(is_rate=True),
    "increase": _of_resets(is_rate=False),
    "delta": _rates(lambda ranges: rates.extrapolated(ranges, is_counter=False, is_rate=False)),
    "irate": _of_buckets(_rates(rates.latest)),
    "idelta": _of_buckets(_rates(lambda ranges: rates.last_two(ranges, is_rate=False))),
    "changes": _of_buckets(_rates(lambda ranges: rates.transitions(ranges, resets=False))),
    "resets": _of_buckets(_rates(lambda ranges: rates.transitions(ranges, resets=True))),
}
