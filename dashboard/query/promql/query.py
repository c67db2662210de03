"""Whole query: an expression at one time or over a range of steps, evaluated within limits to rows of points. Pure.

Long ranges are computed in parts of steps, so that memory depends on the number of series and not on the length of the range.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from dashboard.domain.errors import Invalid
from dashboard.query.promql.budget import CELLS_AT_ONCE, Budget
from dashboard.query.promql.evaluate import Evaluator
from dashboard.query.promql.notes import Notes
from dashboard.query.promql.plan import LOOKBACK_MS, Span, needs
from dashboard.query.promql.samples import Data, Need
from dashboard.query.promql.syntax import Expr, Kind, kind_of
from dashboard.query.promql.values import (
    Floats,
    Grid,
    Ints,
    Labels,
    Ranges,
    Scalar,
    String,
    Value,
    Vector,
    merged,
    unit_shown,
)

#: Most steps of a range query, as in Prometheus.
MAX_STEPS = 11_000


class AnswerRow(Struct, frozen=True):
    """A series of an answer: its points in order of time.

    ``inputs``: the series that the row was computed from, as a number with one bit for each series.
    """

    labels: Labels
    times: Ints
    values: Floats
    inputs: int = 0


class QueryAnswer(Struct, frozen=True):
    """Result of a query. ``text``: the value, if the result is a string; then there is one row, of which only the time is used.

    ``cpu_s``: CPU time that reading and computing took, as far as the runner has measured it.
    """

    kind: Kind
    rows: Sequence[AnswerRow]
    notes: Notes
    text: str = ""
    unit: str = ""
    cpu_s: float = 0.0


class Query(Struct, frozen=True):
    """An expression over a grid of steps.

    ``is_range``: True if the answer has a point for each step; ``end_ms``: end of the requested range. ``tracks``: True if each
    row of the answer records the series that it was computed from.
    """

    expr: Expr
    grid: Grid
    is_range: bool
    end_ms: int
    lookback_ms: int = LOOKBACK_MS
    tracks: bool = False

    @property
    def span(self) -> Span:
        """The times of the whole query."""
        return Span(self.grid.start_ms, self.end_ms)

    def needs(self) -> list[Need]:
        """Return the samples that the selectors need."""
        return list(needs(self.expr, self.grid, self.span, self.lookback_ms))


def instant_query(expr: Expr, at_ms: int, lookback_ms: int = LOOKBACK_MS) -> Query:
    """Return the query for an expression at one time."""
    return Query(expr, Grid(at_ms, 1, 1), is_range=False, end_ms=at_ms, lookback_ms=lookback_ms)


def range_query(expr: Expr, grid: Grid, end_ms: int, lookback_ms: int = LOOKBACK_MS) -> Query:
    """Return the query over steps up to ``end_ms``, which need not be a step; raise Invalid for a range vector or a string."""
    kind = kind_of(expr)
    if kind not in (Kind.SCALAR, Kind.VECTOR):
        named = {Kind.MATRIX: "range vector", Kind.STRING: "string"}[kind]
        raise Invalid(f'invalid expression type "{named}" for range query, must be Scalar or instant Vector')
    return Query(expr, grid, is_range=True, end_ms=end_ms, lookback_ms=lookback_ms)


def run(query: Query, data: Data, budget: Budget | None = None, *, track: bool = False) -> QueryAnswer:
    """Evaluate a query over the samples that it needs; ``track``: see ``Evaluator``. Raises FailedExpression, OverBudget, OutOfTime."""
    notes = Notes()
    evaluator = Evaluator(
        data, query.span, notes=notes, budget=budget or Budget(), lookback_ms=query.lookback_ms, track=track
    )
    widest = max((len(columns) for columns in data.values()), default=1)
    at_once = max(1, CELLS_AT_ONCE // max(widest, 1))
    grid, parts = query.grid, list[tuple[Grid, Value]]()
    for first in range(0, grid.count, at_once):
        part = Grid(grid.start_ms + first * grid.step_ms, grid.step_ms, min(at_once, grid.count - first))
        parts.append((part, evaluator.evaluate(query.expr, part)))
    value = parts[0][1]
    if isinstance(value, String):
        return QueryAnswer(Kind.STRING, [AnswerRow((), grid.times(), np.zeros(1))], notes, text=value.value)
    if isinstance(value, Ranges):
        return QueryAnswer(Kind.MATRIX, _samples(value), notes, unit=unit_shown(value.unit))
    if isinstance(value, Scalar) and not query.is_range:
        return QueryAnswer(Kind.SCALAR, [AnswerRow((), grid.times(), value.values)], notes)
    if query.is_range:
        unit = unit_shown(value.unit) if isinstance(value, Vector) else ""
        return QueryAnswer(Kind.MATRIX, _joined(parts), notes, unit=unit)
    assert isinstance(value, Vector)
    return QueryAnswer(Kind.VECTOR, _points(value, grid), notes, unit=unit_shown(value.unit))


def _samples(ranges: Ranges) -> list[AnswerRow]:
    """Return the samples in the window of each series; an instant query has only one window for each series."""
    rows = []
    for row, labels in enumerate(ranges.labels):
        low, high = int(ranges.low[row, 0]), int(ranges.high[row, 0])
        if high > low:
            rows.append(AnswerRow(labels, ranges.times[low:high], ranges.samples[low:high]))
    return sorted(rows, key=lambda each: each.labels)


def _points(vector: Vector, grid: Grid) -> list[AnswerRow]:
    vector = merged(vector)
    times = grid.times()
    inputs = vector.inputs or [0] * len(vector.labels)
    return [
        AnswerRow(labels, times, values, bits)
        for labels, values, bits in zip(vector.labels, vector.values, inputs, strict=True)
    ]


def _joined(parts: list[tuple[Grid, Value]]) -> list[AnswerRow]:
    """Join the parts' rows that have the same labels; return all rows, sorted by their labels."""
    pieces: dict[Labels, list[tuple[Ints, Floats]]] = {}
    inputs: dict[Labels, int] = {}
    for grid, value in parts:
        times = grid.times()
        if isinstance(value, Scalar):
            pieces.setdefault((), []).append((times, value.values))
            continue
        assert isinstance(value, Vector)
        vector = merged(value)
        for row, labels in enumerate(vector.labels):
            there = vector.there[row]
            if there.any():
                pieces.setdefault(labels, []).append((times[there], vector.values[row][there]))
                if vector.inputs:
                    inputs[labels] = inputs.get(labels, 0) | vector.inputs[row]
    rows = []
    for labels, some in sorted(pieces.items()):
        if len(some) == 1:
            rows.append(AnswerRow(labels, *some[0], inputs.get(labels, 0)))
        else:
            joined = np.concatenate([times for times, _ in some]), np.concatenate([values for _, values in some])
            rows.append(AnswerRow(labels, *joined, inputs.get(labels, 0)))
    return rows
