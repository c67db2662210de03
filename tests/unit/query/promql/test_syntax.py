"""Trees of expressions."""

from __future__ import annotations

from dashboard.query.promql.parse import parse
from dashboard.query.promql.syntax import Kind, kind_of, may_grow, selectors_of, size_of


def test_kinds_selectors_and_subqueries_are_found() -> None:
    assert [kind_of(parse(text)) for text in ("1 + (2)", "x > 1", "x[1m]", "'a'", "scalar(x)", "-x")] == [
        Kind.SCALAR, Kind.VECTOR, Kind.MATRIX, Kind.STRING, Kind.SCALAR, Kind.VECTOR,
    ]  # fmt: skip
    tree = parse("topk(scalar(a), b + rate(c[1m])) or max_over_time(d[1m:])")
    assert [(node.place, node.selector.text) for node in selectors_of(tree)] == [(0, "a"), (1, "b"), (2, "c"), (3, "d")]
    assert may_grow(tree)
    assert not may_grow(parse("rate(x[1m])"))
    assert may_grow(parse('1 + sum(label_join(x, "a", "b"))'))
    assert may_grow(parse('1 + count_values("v", x)'))


def test_the_parts_of_an_expression_are_counted() -> None:
    assert size_of(parse("x")) == 1
    assert size_of(parse("sum(rate(x[1m])) / 2")) == 6
