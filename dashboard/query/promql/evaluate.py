"""Evaluation of a tree over a grid of steps. Pure: the caller provides samples, clock and limits.

All steps are computed together, as columns.  A vector's rows keep the order of the given series, so results are the same to the bit
in all processes that give the series in the same order.
"""

from __future__ import annotations

import numpy as np

from dashboard.query.promql import aggregate, binary, relabel, windows
from dashboard.query.promql.budget import Budget
from dashboard.query.promql.dates import DATES
from dashboard.query.promql.elementwise import KEEP_UNIT, MATHEMATICS
from dashboard.query.promql.notes import NO_COUNTER, Notes
from dashboard.query.promql.plan import LOOKBACK_MS, Span, subquery_grid, times_of
from dashboard.query.promql.samples import Column, Data, SampleColumns
from dashboard.query.promql.signatures import FUNCTIONS
from dashboard.query.promql.syntax import (
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Expr,
    Instant,
    Negated,
    Number,
    Paren,
    Range,
    Subquery,
    Text,
    When,
)
from dashboard.query.promql.values import (
    NAME,
    PER_SECOND,
    Bools,
    Floats,
    Grid,
    Ints,
    Labels,
    Ranges,
    Scalar,
    String,
    Value,
    Vector,
    compact,
    empty,
    same_labels,
    unnamed,
    without_name,
)
from dashboard.query.promql.vector_functions import OTHERS
from dashboard.query.promql.window_functions import OVER_TIME

_COUNTERS = ("_total", "_sum", "_count", "_bucket")
_UNITS_A_SECOND = frozenset(("rate", "irate", "deriv"))
_COUNTS = frozenset(
    ("count_over_time", "present_over_time", "absent_over_time", "changes", "resets", "stdvar_over_time")
)


class Evaluator:
    """Evaluation of one query. ``track``: True to record for each row the series that it was computed from (``inputs``)."""

    def __init__(
        self,
        data: Data,
        span: Span,
        *,
        notes: Notes,
        budget: Budget,
        lookback_ms: int = LOOKBACK_MS,
        track: bool = False,
    ) -> None:
        self._data = data
        self.span = span
        self.notes = notes
        self.budget = budget
        self.lookback_ms = lookback_ms
        self.track = track

    def evaluate(self, expr: Expr, grid: Grid) -> Value:
        """Return the value at the steps of the grid; raise FailedExpression, OverBudget, OutOfTime."""
        with np.errstate(all="ignore"):
            return self.value(expr, grid)

    def value(self, expr: Expr, grid: Grid) -> Value:
        """Return the value of a part of the expression."""
        self.budget.check()
        if isinstance(expr, Number):
            return Scalar(np.full(grid.count, expr.value))
        if isinstance(expr, Text):
            return String(expr.value)
        if isinstance(expr, Paren):
            return self.value(expr.expr, grid)
        if isinstance(expr, Instant):
            return self._instant(expr, grid)
        if isinstance(expr, Range):
            columns = self.columns(expr.instant)
            self.budget.spend(len(columns) * grid.count + len(columns.times))
            return windows.ranges(columns, self._times(expr.instant.when, grid), expr.range_ms, self.inputs(columns))
        if isinstance(expr, Subquery):
            return self._subquery(expr, grid)
        if isinstance(expr, Negated):
            return self._negated(expr, grid)
        if isinstance(expr, Call):
            return self._call(expr, grid)
        if isinstance(expr, Aggregate):
            return self._aggregate(expr, grid)
        return self._binary(expr, grid)

    def vector(self, expr: Expr, grid: Grid) -> Vector:
        """Return the value of an expression whose type is an instant vector."""
        value = self.value(expr, grid)
        assert isinstance(value, Vector)
        return value

    def scalar(self, expr: Expr, grid: Grid) -> Floats:
        """Return the value of an expression whose type is a number."""
        value = self.value(expr, grid)
        assert isinstance(value, Scalar)
        return value.values

    def _ranges(self, expr: Expr, grid: Grid) -> Ranges:
        value = self.value(expr, grid)
        assert isinstance(value, Ranges)
        return value

    # --- operands ---

    def columns(self, node: Instant) -> SampleColumns:
        """Return the samples of a selector."""
        return self._data[node.place]

    def _times(self, when: When, grid: Grid) -> Ints:
        return times_of(when, grid, self.span)

    def inputs(self, columns: SampleColumns) -> list[int]:
        """Return the inputs of each series of a selector: a number with one bit set, that of the series itself.

        The *inputs* of a row are the series that it was computed from, one bit for each. The list is empty if inputs are not tracked.
        """
        return [1 << number for number in columns.numbers] if self.track else []

    def ones(self, values: Floats) -> Vector:
        """Return a vector of one row with these values and without labels."""
        return Vector([()], values[None, :], np.ones((1, len(values)), dtype=np.bool_), [0] * self.track)

    def _instant(self, node: Instant, grid: Grid) -> Vector:
        columns = self.columns(node)
        self.budget.spend(len(columns) * grid.count)
        until = self._times(node.when, grid)
        return compact(windows.instant(columns, until, self.lookback_ms, self.inputs(columns)))

    def _subquery(self, node: Subquery, grid: Grid) -> Ranges:
        inner = subquery_grid(node, grid, self.span)
        self.budget.spend(inner.count)
        until = self._times(node.when, grid)
        value: Value = empty(0) if not inner.count else self.value(node.expr, inner)
        if isinstance(value, Scalar):
            value = self.ones(value.values)
        assert isinstance(value, Vector)
        times = inner.times()
        columns = SampleColumns(
            [
                Column(labels, times[value.there[row]], value.values[row][value.there[row]], unit=value.unit)
                for row, labels in enumerate(value.labels)
            ]
        )
        self.budget.spend(len(columns) * grid.count)
        return windows.ranges(columns, until, node.range_ms, list(value.inputs))

    def _negated(self, node: Negated, grid: Grid) -> Value:
        value = self.value(node.expr, grid)
        if isinstance(value, Scalar):
            return Scalar(-value.values)
        assert isinstance(value, Vector)
        return unnamed(value.but(-value.values))

    # --- operators ---

    def _binary(self, node: Binary, grid: Grid) -> Value:
        left, right = self.value(node.left, grid), self.value(node.right, grid)
        if isinstance(left, Scalar) and isinstance(right, Scalar):
            return Scalar(binary.between_scalars(node.op, left.values, right.values))
        if isinstance(left, Vector) and isinstance(right, Scalar):
            return binary.with_scalar(node, left, right, swapped=False)
        if isinstance(left, Scalar) and isinstance(right, Vector):
            return binary.with_scalar(node, right, left, swapped=True)
        assert isinstance(left, Vector)
        assert isinstance(right, Vector)
        if node.op in SET_OPERATORS:
            return binary.combine(node, left, right)
        return binary.between_vectors(node, left, right, self.budget)

    def _aggregate(self, node: Aggregate, grid: Grid) -> Vector:
        if node.op == "count_values":
            assert node.param is not None
            param = self.value(node.param, grid)
            assert isinstance(param, String)
            return aggregate.count_values(self.vector(node.expr, grid), node, param.value, self.budget)
        numbers = None if node.param is None else self.scalar(node.param, grid)
        vector = self.vector(node.expr, grid)
        if node.op in ("topk", "bottomk"):
            assert numbers is not None
            return aggregate.select(vector, node, numbers)
        if node.op == "quantile" and numbers is not None:
            self.notes.check_quantile([float(each) for each in np.unique(numbers)])
        return aggregate.aggregate(vector, node, numbers)

    # --- functions ---

    def _call(self, node: Call, grid: Grid) -> Value:
        name, args = node.name, node.args
        if name in MATHEMATICS:
            vector = self.vector(args[0], grid)
            unit = vector.unit if name in KEEP_UNIT else ""
            return unnamed(vector.but(MATHEMATICS[name](vector.values), unit=unit))
        if name in DATES:
            if not args:
                return self.ones(DATES[name](grid.times() / 1000))
            vector = self.vector(args[0], grid)
            return unnamed(vector.but(DATES[name](vector.values), unit=""))
        if name in OVER_TIME:
            return self._over_time(node, grid)
        return OTHERS[name](self, args, grid)

    def _over_time(self, node: Call, grid: Grid) -> Vector:
        """Return the value of a function of windows."""
        place = next(place for place, kind in enumerate(FUNCTIONS[node.name].args) if kind == "matrix")
        ranges = self._ranges(node.args[place], grid)
        others = [self.scalar(arg, grid) for at, arg in enumerate(node.args) if at != place]
        values, there = OVER_TIME[node.name](self, ranges, others, grid)
        unit = "" if node.name in _COUNTS else ranges.unit
        if node.name in _UNITS_A_SECOND:
            unit += PER_SECOND
        vector = compact(Vector(ranges.labels, values, there, ranges.inputs, unit))
        if node.name in ("rate", "increase"):
            self._check_counters(vector)
        if node.name == "absent_over_time":
            return self.absent(vector, node.args[0])
        if node.name == "last_over_time":
            return vector
        labels = [without_name(row) for row in vector.labels]
        if len(set(labels)) < len(labels):
            raise same_labels()
        return Vector(labels, vector.values, vector.there, vector.inputs, vector.unit)

    def _check_counters(self, vector: Vector) -> None:
        for name in {value for labels in vector.labels for label, value in labels if label == NAME}:
            if name and not name.endswith(_COUNTERS):
                self.notes.inform(f'{NO_COUNTER} "{name}"')

    def absent(self, vector: Vector, operand: Expr) -> Vector:
        """Return 1 at the steps where the vector has no value. ``operand``: the vector's expression, which gives the
        labels."""
        there: Bools = np.logical_not(vector.there.any(axis=0))
        labels: Labels = relabel.of_absent(operand)
        return compact(Vector([labels], np.ones((1, len(there))), there[None, :], [0] * self.track))
