"""Plan of an evaluation: the samples that it needs, and the times at which its parts are evaluated. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from dashboard.query.promql.samples import Need
from dashboard.query.promql.syntax import Expr, Instant, Range, Subquery, When, children
from dashboard.query.promql.values import Grid, Ints

LOOKBACK_MS = 300_000
#: Step of a subquery that names no step.
SUBQUERY_STEP_MS = 60_000


class Span(Struct, frozen=True):
    """Time range of a whole query: the values of ``start()`` and ``end()`` in PromQL."""

    start_ms: int
    end_ms: int


def times_of(when: When, grid: Grid, span: Span) -> Ints:
    """Return the times at which an operand is evaluated for the steps of the grid, after ``@`` and ``offset``."""
    if when.at_ms is not None:
        base = np.full(grid.count, when.at_ms, dtype=np.int64)
    elif when.edge:
        base = np.full(grid.count, span.start_ms if when.edge == "start" else span.end_ms, dtype=np.int64)
    else:
        base = grid.times()
    return base - when.offset_ms


def subquery_grid(node: Subquery, grid: Grid, span: Span) -> Grid:
    """Return the steps of a subquery: the multiples of its ``step_ms`` within the windows of all steps of the grid."""
    if node.when.is_fixed:
        first = last = int(times_of(node.when, Grid(grid.start_ms, grid.step_ms, 1), span)[0])
    else:
        first, last = grid.start_ms - node.when.offset_ms, grid.end_ms - node.when.offset_ms
    step_ms = node.step_ms or SUBQUERY_STEP_MS
    begin = first - node.range_ms
    start = step_ms * int(begin / step_ms) if begin < 0 else begin - begin % step_ms
    if start <= begin:
        start += step_ms
    return Grid(start, step_ms, max((last - start) // step_ms + 1, 0))


def needs(expr: Expr, grid: Grid, span: Span, lookback_ms: int = LOOKBACK_MS) -> Iterator[Need]:
    """Yield the samples that each selector needs."""
    if isinstance(expr, Range | Instant):
        is_instant = isinstance(expr, Instant)
        node = expr if isinstance(expr, Instant) else expr.instant
        back_ms = lookback_ms if isinstance(expr, Instant) else expr.range_ms
        first, last = _edges(node.when, grid, span)
        yield Need(node.place, node.selector, first - back_ms, last, is_instant)
        return
    if isinstance(expr, Subquery):
        inner = subquery_grid(expr, grid, span)
        yield from needs(expr.expr, inner if inner.count else Grid(inner.start_ms, inner.step_ms, 1), span, lookback_ms)
        return
    for child in children(expr):
        yield from needs(child, grid, span, lookback_ms)


def _edges(when: When, grid: Grid, span: Span) -> tuple[int, int]:
    if when.is_fixed:
        at = int(times_of(when, Grid(grid.start_ms, grid.step_ms, 1), span)[0])
        return at, at
    return grid.start_ms - when.offset_ms, grid.end_ms - when.offset_ms


def varies(expr: Expr) -> bool:
    """Return whether an expression's value can differ between two steps although all its samples are the same."""
    if isinstance(expr, Instant):
        return not expr.when.is_fixed
    if isinstance(expr, Range):
        return varies(expr.instant)
    if isinstance(expr, Subquery):
        return not expr.when.is_fixed
    return any(varies(child) for child in children(expr))
