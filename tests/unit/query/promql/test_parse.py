"""Expressions become trees; wrong ones are refused with line and column."""

from __future__ import annotations

import pytest

from dashboard.query.promql.errors import BadExpression
from dashboard.query.promql.parse import layout, parse
from dashboard.query.promql.syntax import Aggregate, Binary, Call, Instant, Kind, Range, When, kind_of, selectors_of


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ("sum(", 1, 4, "unclosed left parenthesis"),
        ("sum(x))", 1, 7, "unexpected ')'"),
        ("a b", 1, 3, "unexpected 'b'"),
        ("a + + * b", 1, 7, "unexpected '*'"),
        ("a +", 1, 4, "unexpected end of input"),
        ("rate(x)", 1, 1, "expected type matrix in call to function 'rate', got vector"),
        ("sum by (a) (rate(x))", 1, 13, "expected type matrix"),
        ("a\n+\n  foo(x)", 3, 3, "unknown function with name 'foo'"),
        ("x{a=1}", 1, 5, "unexpected '1'"),
        ('x{a="b" c="d"}', 1, 9, "unexpected 'c'"),
        ('"abc', 1, 1, "unterminated quoted string"),
        ("x ~ 1", 1, 3, "unexpected character: '~'"),
        ("x[5m", 1, 2, "unclosed left bracket"),
        ("x[0s]", 1, 1, "duration must be greater than 0"),
        ("a and 1", 1, 3, "set operator 'and' not allowed in binary scalar expression"),
        ("x @ NaN", 1, 5, "timestamp out of bounds"),
        ("x offset NaN", 1, 10, "duration out of range"),
        ("x[1e400]", 1, 3, "duration out of range"),
        ("1__0", 1, 1, "bad number or duration syntax"),
        ("limitk(1, x)", 1, 1, "experimental"),
        ("1 + mad_over_time(x[5m])", 1, 5, "experimental"),
        ("a + fill(0) b", 1, 5, "experimental"),
        ('x{a=~"("}', 1, 1, "regex"),
        ("", 1, 1, "no expression found in input"),
        ("# nothing", 1, 1, "no expression found in input"),
    ],
)
def test_a_wrong_expression_is_refused_where_it_is_wrong(text: str, line: int, column: int, why: str) -> None:
    with pytest.raises(BadExpression) as error:
        parse(text)
    assert (error.value.line, error.value.column) == (line, column)
    assert why in error.value.why


@pytest.mark.parametrize(
    "text", ["-" * 4_000 + "1", "(" * 200 + "1" + ")" * 200, "1" + "+1" * 600, "x" * 5_000, "[" * 50, "}" * 50]
)
def test_what_would_cost_too_much_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(BadExpression):
        parse(text)


def test_a_tree_has_the_parts_of_the_text() -> None:
    tree = parse('sum by (shop) (rate(orders_total{shop!="x"}[1m] offset 5m)) > bool 1_000')
    assert isinstance(tree, Binary)
    assert (tree.op, tree.is_bool, kind_of(tree)) == (">", True, Kind.VECTOR)
    assert isinstance(tree.left, Aggregate)
    assert tree.left.labels == ("shop",)
    call = tree.left.expr
    assert isinstance(call, Call)
    window = call.args[0]
    assert isinstance(window, Range)
    assert (window.range_ms, window.instant.when) == (60_000, When(300_000))
    assert [selector.selector.text for selector in selectors_of(tree)] == ['orders_total{shop!="x"}']


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("x @ 12.5", When(0, 12_500)),
        ("x @ -3 offset 1m", When(60_000, -3_000)),
        ("x offset -1m @ 1e3", When(-60_000, 1_000_000)),
        ("x @ start()", When(0, None, "start")),
        ("x offset 0s", When()),
    ],
)
def test_times_of_selectors_are_read_exactly(text: str, when: When) -> None:
    tree = parse(text)
    assert isinstance(tree, Instant)
    assert tree.when == when


def test_an_expression_is_laid_out_as_usual() -> None:
    assert layout("sum(rate(x[300]))by(a)") == "sum by (a) (rate(x[5m]))"
    assert layout("x@12.5") == "x @ 12.500"
