"""Samples that expressions need."""

from __future__ import annotations

from dashboard.query.promql.parse import parse
from dashboard.query.promql.plan import Span, needs, subquery_grid, varies
from dashboard.query.promql.syntax import Subquery
from dashboard.query.promql.values import Grid

GRID, SPAN = Grid(1_000_000, 10_000, 11), Span(1_000_000, 1_100_000)


def spans(text: str) -> list[tuple[int, int]]:
    return [(need.from_ms, need.until_ms) for need in needs(parse(text), GRID, SPAN)]


def test_each_selector_needs_its_own_time() -> None:
    assert spans("x + rate(y[1m] offset 30s)") == [(700_000, 1_100_000), (910_000, 1_070_000)]
    assert spans("x @ 500") == [(200_000, 500_000)]
    assert spans("x @ end() - x @ start()") == [(800_000, 1_100_000), (700_000, 1_000_000)]
    assert spans("max_over_time(rate(x[1m])[2m:30s])") == [(900_000 - 60_000, 1_080_000)]


def test_a_subquery_has_multiples_of_its_step() -> None:
    node = parse("x[2m:30s]")
    assert isinstance(node, Subquery)
    assert subquery_grid(node, Grid(1_000_000, 1, 1), Span(1_000_000, 1_000_000)) == Grid(900_000, 30_000, 4)


def test_only_fixed_selectors_do_not_vary() -> None:
    assert varies(parse("x + y @ 5"))
    assert not varies(parse("sum(rate(x[5m] @ end()))"))
