"""Aggregations over series. Source: Prometheus, "Operators", aggregation operators."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from dashboard.query.promql.budget import Budget
from dashboard.query.promql.errors import FailedExpression
from dashboard.query.promql.over_time import quantiles
from dashboard.query.promql.summation import CompensatedSum, summed
from dashboard.query.promql.syntax import Aggregate
from dashboard.query.promql.values import (
    NAME,
    Bools,
    Floats,
    Labels,
    Vector,
    compact,
    drop,
    empty,
    keep,
    taken,
    with_label,
)

#: Up to this many steps a group's sums are computed number by number, which is faster for few steps.
_FEW_STEPS = 4


class Groups:
    """Rows of a vector in groups: the labels of each group, and the group's rows in their order."""

    __slots__ = ("labels", "of_row", "rows")

    def __init__(self, vector: Vector, node: Aggregate) -> None:
        self.labels: list[Labels] = []
        self.rows: list[list[int]] = []
        self.of_row: list[int] = []
        if not (node.labels or node.without):  # one group of all rows
            count = len(vector.labels)
            self.labels, self.rows, self.of_row = [()] * bool(count), [list(range(count))] * bool(count), [0] * count
            return
        known: dict[Labels, int] = {}
        for row, labels in enumerate(vector.labels):
            group = grouped(labels, node)
            place = known.setdefault(group, len(self.labels))
            if place == len(self.labels):
                self.labels.append(group)
                self.rows.append([])
            self.rows[place].append(row)
            self.of_row.append(place)

    def inputs(self, vector: Vector) -> list[int]:
        """Return, for each group, the series that its rows were computed from, as a number with one bit for each
        series.

        The list is empty if the vector does not track these inputs.
        """
        if not vector.inputs:
            return []
        found = [0] * len(self.labels)
        for row, group in enumerate(self.of_row):
            found[group] |= vector.inputs[row] if vector.there[row].any() else 0
        return found


def grouped(labels: Labels, node: Aggregate) -> Labels:
    """Return the labels of a row's group."""
    return drop(labels, (NAME, *node.labels)) if node.without else keep(labels, node.labels)


def aggregate(vector: Vector, node: Aggregate, param: Floats | None) -> Vector:
    """Return a row for each group; ``param``: the wanted quantile at each step, only for ``quantile``."""
    groups = Groups(vector, node)
    if not groups.labels:
        return empty(vector.values.shape[1])
    shape = len(groups.labels), vector.values.shape[1]
    there = np.zeros(shape, dtype=np.bool_)
    np.logical_or.at(there, groups.of_row, vector.there)
    if node.op == "quantile":
        assert param is not None
        values = _quantile(vector, groups, param)
    else:
        values = _SIMPLE[node.op](vector, groups)
    unit = "" if node.op in ("count", "group", "stdvar") else vector.unit
    return compact(Vector(groups.labels, values, there, groups.inputs(vector), unit))


def _counts(vector: Vector, groups: Groups) -> Floats:
    counts = np.zeros((len(groups.labels), vector.values.shape[1]))
    np.add.at(counts, groups.of_row, vector.there.astype(np.float64))
    return counts


def _nth_rows(groups: Groups) -> list[tuple[list[int], list[int]]]:
    """Return, for each n, the groups with more than n rows, and the row at index n of each of these groups."""
    most = max(len(rows) for rows in groups.rows)
    return [
        (
            [group for group, rows in enumerate(groups.rows) if len(rows) > nth],
            [rows[nth] for rows in groups.rows if len(rows) > nth],
        )
        for nth in range(most)
    ]


def _sums(vector: Vector, groups: Groups) -> CompensatedSum:
    """Return the groups' sums, added in the order of the rows."""
    steps = vector.values.shape[1]
    total = CompensatedSum((len(groups.labels), steps))
    if steps <= _FEW_STEPS:
        for group, rows in enumerate(groups.rows):
            values, there = vector.values[rows], vector.there[rows]
            for step in range(steps):
                found = values[there[:, step], step].tolist()
                total.value[group, step], total.lost[group, step] = summed(found)
        return total
    for some, rows in _nth_rows(groups):
        part = CompensatedSum((len(some), steps))
        part.value, part.lost = total.value[some], total.lost[some]
        part.add(vector.values[rows], vector.there[rows])
        total.value[some], total.lost[some] = part.value, part.lost
    return total


def _sum(vector: Vector, groups: Groups) -> Floats:
    return _sums(vector, groups).result()


def _avg(vector: Vector, groups: Groups) -> Floats:
    total, counts = _sums(vector, groups), _counts(vector, groups)
    result: Floats = total.value / counts + total.lost / counts
    overflowed = ~np.isfinite(total.value)
    if overflowed.any():
        parts = vector.but(vector.values / counts[groups.of_row])
        result = np.where(overflowed, _sum(parts, groups), result)
    return result


def _extreme(pick: np.ufunc) -> Callable[[Vector, Groups], Floats]:
    def extreme(vector: Vector, groups: Groups) -> Floats:
        result = np.full((len(groups.labels), vector.values.shape[1]), np.nan)
        pick.at(result, groups.of_row, np.where(vector.there, vector.values, np.nan))
        return result

    return extreme


def _group(vector: Vector, groups: Groups) -> Floats:
    return np.ones((len(groups.labels), vector.values.shape[1]))


def _variance(vector: Vector, groups: Groups) -> Floats:
    """Return each group's population variance, by Welford's method as in Prometheus."""
    shape = len(groups.labels), vector.values.shape[1]
    counts, means, squares = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for some, rows in _nth_rows(groups):
        values, there = vector.values[rows], vector.there[rows]
        count = counts[some] + there
        delta = values - means[some]
        first = there & (count == 1)
        mean = np.where(first, values, means[some] + delta / count)
        square = squares[some] + np.where(first, np.where(np.isfinite(values), 0.0, np.nan), delta * (values - mean))
        counts[some] = count
        means[some] = np.where(there, mean, means[some])
        squares[some] = np.where(there, square, squares[some])
    return squares / counts


def _deviation(vector: Vector, groups: Groups) -> Floats:
    return np.asarray(np.sqrt(_variance(vector, groups)))


_SIMPLE: dict[str, Callable[[Vector, Groups], Floats]] = {
    "sum": _sum,
    "avg": _avg,
    "min": _extreme(np.fmin),
    "max": _extreme(np.fmax),
    "count": _counts,
    "group": _group,
    "stdvar": _variance,
    "stddev": _deviation,
}


def _quantile(vector: Vector, groups: Groups, q: Floats) -> Floats:
    result = np.full((len(groups.labels), vector.values.shape[1]), np.nan)
    for group, rows in enumerate(groups.rows):
        there = vector.there[rows]
        some = there.any(axis=0)
        result[group, some] = quantiles(vector.values[rows][:, some], there[:, some], q[some])
    return result


def select(vector: Vector, node: Aggregate, param: Floats) -> Vector:
    """Return the ``param`` greatest (topk) or least (bottomk) rows of each group at each step, sorted if there is only one step."""
    steps = vector.values.shape[1]
    if np.isnan(param).any():
        raise FailedExpression("Parameter value is NaN")
    if not len(vector.labels) or param.max() < 1:
        return empty(steps)
    if (param >= 2.0**63).any() or (param <= -(2.0**63)).any():
        way = "overflows" if (param >= 2.0**63).any() else "underflows"
        raise FailedExpression(f"Scalar value {param[0]:g} {way} int64")
    wanted = np.minimum(param, len(vector.labels)).astype(np.int64)
    kept = np.zeros_like(vector.there)
    order: list[int] = []
    for rows in Groups(vector, node).rows:
        places = np.array(rows)
        values, there = vector.values[places], vector.there[places]
        ranked = _ranked(values, there, greatest=node.op == "topk")
        chosen = np.arange(len(rows))[:, None] < wanted[None, :]
        mask = np.zeros_like(there)
        np.put_along_axis(mask, ranked, chosen, axis=0)
        kept[places] = mask & there
        if steps == 1:
            order += [int(places[row]) for row in ranked[: max(int(wanted[0]), 0), 0] if there[row, 0]]
    found = Vector(vector.labels, vector.values, kept, vector.inputs, vector.unit, is_ordered=steps == 1)
    return taken(found, order) if steps == 1 else compact(found)


def _ranked(values: Floats, there: Bools, *, greatest: bool) -> NDArray[np.intp]:
    """Return the rows of each column, sorted: greatest (or least) values first, then NaN, then missing values."""
    classes = np.where(there, np.isnan(values).astype(np.int64), 2)
    return np.lexsort((-values if greatest else values, classes), axis=0)


def count_values(vector: Vector, node: Aggregate, label: str, budget: Budget) -> Vector:
    """Return how often each value occurs in each group at each step; the value becomes the label ``label``."""
    steps = vector.values.shape[1]
    counts: dict[Labels, Floats] = {}
    for row, labels in enumerate(vector.labels):
        base = grouped(labels, node)
        for step in np.flatnonzero(vector.there[row]):
            key = with_label(base, label, _plain(float(vector.values[row, step])))
            if key not in counts:
                budget.spend(steps)
                counts[key] = np.zeros(steps)
            counts[key][step] += 1
    if not counts:
        return empty(steps)
    values = np.array(list(counts.values()))
    every = 0
    for bits in vector.inputs:
        every |= bits
    inputs = [every] * len(counts) if vector.inputs else []
    return Vector(list(counts), values, values > 0, inputs)


def _plain(value: float) -> str:
    """Return a number in decimals without an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    return text[:-2] if text.endswith(".0") else text
