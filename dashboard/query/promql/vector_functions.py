"""Functions of instant vectors and numbers, by name. Functions that treat each value by itself are in ``elementwise.py``.

Source: Prometheus, "Query functions".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from dashboard.domain.units import guess_unit
from dashboard.query.promql import histograms, relabel, windows
from dashboard.query.promql.budget import Budget
from dashboard.query.promql.elementwise import clamp, rounded
from dashboard.query.promql.notes import SORT_IN_RANGE, Notes
from dashboard.query.promql.plan import Span, times_of
from dashboard.query.promql.samples import SampleColumns
from dashboard.query.promql.syntax import Expr, Instant, Paren, selectors_of
from dashboard.query.promql.values import (
    NAME,
    PER_SECOND,
    Floats,
    Grid,
    Scalar,
    String,
    Value,
    Vector,
    compact,
    empty,
    taken,
    unnamed,
)


class Operands(Protocol):
    """Parts of an evaluation that functions use: the values of their arguments, and the limits."""

    lookback_ms: int
    span: Span
    notes: Notes
    budget: Budget
    track: bool

    def value(self, expr: Expr, grid: Grid) -> Value:
        """Return the value of an expression."""

    def vector(self, expr: Expr, grid: Grid) -> Vector:
        """Return the value of an expression whose type is an instant vector."""

    def scalar(self, expr: Expr, grid: Grid) -> Floats:
        """Return the value of an expression whose type is a number."""

    def columns(self, node: Instant) -> SampleColumns:
        """Return the samples of a selector."""

    def inputs(self, columns: SampleColumns) -> list[int]:
        """Return the inputs of each series of a selector: a number with one bit set, that of the series itself."""

    def ones(self, values: Floats) -> Vector:
        """Return a vector of one row with these values and without labels."""

    def absent(self, vector: Vector, operand: Expr) -> Vector:
        """Return 1 at the steps where the vector has no value. ``operand``: the vector's expression, which gives the
        labels."""


_Args = tuple[Expr, ...]


def _text(of: Operands, expr: Expr, grid: Grid) -> str:
    value = of.value(expr, grid)
    assert isinstance(value, String)
    return value.value


def _clamp(of: Operands, args: _Args, grid: Grid, *, bounds: str = "both") -> Vector:
    vector = of.vector(args[0], grid)
    least, greatest = np.full(grid.count, -np.inf), np.full(grid.count, np.inf)
    if bounds != "max":
        least = of.scalar(args[1], grid)
    if bounds != "min":
        greatest = of.scalar(args[-1], grid)
    values, allowed = clamp(vector.values, least, greatest)
    return compact(unnamed(vector.but(values, vector.there & allowed)))


def _round(of: Operands, args: _Args, grid: Grid) -> Vector:
    vector = of.vector(args[0], grid)
    to = of.scalar(args[1], grid) if len(args) > 1 else np.ones(grid.count)
    return unnamed(vector.but(rounded(vector.values, to)))


def _timestamp(of: Operands, args: _Args, grid: Grid) -> Vector:
    operand = args[0]
    while isinstance(operand, Paren):
        operand = operand.expr
    if not isinstance(operand, Instant):
        vector = of.vector(operand, grid)
        values = np.broadcast_to(grid.times() / 1000, vector.values.shape)
        return unnamed(vector.but(values, unit="s"))
    columns = of.columns(operand)
    of.budget.spend(len(columns) * grid.count)
    found = windows.newest(columns, times_of(operand.when, grid, of.span), of.lookback_ms)
    return unnamed(compact(Vector(columns.labels, found.times / 1000, found.there, of.inputs(columns), "s")))


def _sorted(of: Operands, args: _Args, grid: Grid, *, descending: bool) -> Vector:
    vector = of.vector(args[0], grid)
    if of.span.start_ms != of.span.end_ms:
        of.notes.warn(SORT_IN_RANGE)
    if grid.count != 1 or not len(vector.labels):
        return vector
    values = vector.values[:, 0]
    order = np.lexsort((-values if descending else values, np.isnan(values)))
    rows = Vector(vector.labels, vector.values, vector.there, vector.inputs, vector.unit, is_ordered=True)
    return taken(rows, order)


def _scalar_of(of: Operands, args: _Args, grid: Grid) -> Scalar:
    vector = of.vector(args[0], grid)
    if not len(vector.labels):
        return Scalar(np.full(grid.count, np.nan))
    total = np.where(vector.there, vector.values, 0.0).sum(axis=0)
    return Scalar(np.where(vector.there.sum(axis=0) == 1, total, np.nan))


def _vector_of(of: Operands, args: _Args, grid: Grid) -> Vector:
    values = of.scalar(args[0], grid)
    return of.ones(values)


def _replace(of: Operands, args: _Args, grid: Grid) -> Vector:
    vector = of.vector(args[0], grid)
    target, template, source, pattern = (_text(of, arg, grid) for arg in args[1:])
    return relabel.replace(vector, target, template, source, pattern, of.budget)


def _join(of: Operands, args: _Args, grid: Grid) -> Vector:
    vector = of.vector(args[0], grid)
    target, separator, *sources = (_text(of, arg, grid) for arg in args[1:])
    return relabel.join(vector, target, separator, sources, of.budget)


def _histogram_quantile(of: Operands, args: _Args, grid: Grid) -> Vector:
    q, vector = of.scalar(args[0], grid), of.vector(args[1], grid)
    of.notes.check_quantile([float(each) for each in np.unique(q)])
    of.budget.spend(vector.values.size)
    quantiles = histograms.quantile(vector, q, of.notes)
    return quantiles.but(quantiles.values, unit=_observed_unit(args[1], vector.unit))


def _observed_unit(expr: Expr, unit: str) -> str:
    """Return the unit of a histogram's observations: the unit that the histogram's name states, else the unit of its
    buckets.

    ``unit``: the unit of the buckets, or of their rate (with ``/s``, which is removed).
    """
    names = {each.value for node in selectors_of(expr) for each in node.selector.matchers if each.label == NAME}
    units = {guess_unit(name.removesuffix("_bucket")) for name in names}
    return units.pop() if len(units) == 1 and "" not in units else unit.removesuffix(PER_SECOND)


def _histogram_fraction(of: Operands, args: _Args, grid: Grid) -> Vector:
    lower, upper = of.scalar(args[0], grid), of.scalar(args[1], grid)
    vector = of.vector(args[2], grid)
    of.budget.spend(vector.values.size)
    return histograms.fraction(vector, lower, upper, of.notes)


def _no_native_histograms(of: Operands, args: _Args, grid: Grid) -> Vector:
    """Return an empty vector, as Prometheus does for series that are not native histograms."""
    of.vector(args[0], grid)
    return empty(grid.count)


OTHERS: dict[str, Callable[[Operands, _Args, Grid], Value]] = {
    "absent": lambda of, args, grid: of.absent(of.vector(args[0], grid), args[0]),
    "clamp": _clamp,
    "clamp_max": lambda of, args, grid: _clamp(of, args, grid, bounds="max"),
    "clamp_min": lambda of, args, grid: _clamp(of, args, grid, bounds="min"),
    "histogram_fraction": _histogram_fraction,
    "histogram_quantile": _histogram_quantile,
    "label_join": _join,
    "label_replace": _replace,
    "pi": lambda _, __, grid: Scalar(np.full(grid.count, np.pi)),
    "round": _round,
    "scalar": _scalar_of,
    "sort": lambda of, args, grid: _sorted(of, args, grid, descending=False),
    "sort_desc": lambda of, args, grid: _sorted(of, args, grid, descending=True),
    "time": lambda _, __, grid: Scalar(grid.times() / 1000),
    "timestamp": _timestamp,
    "vector": _vector_of,
    **dict.fromkeys(
        ("histogram_avg", "histogram_count", "histogram_sum", "histogram_stddev", "histogram_stdvar"),
        _no_native_histograms,
    ),
}
