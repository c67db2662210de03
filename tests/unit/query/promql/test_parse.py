"""Expressions become trees; wrong ones are refused with line and column."""

from __future__ import annotations

import time

import pytest

from dashboard.query.promql import parse as parse_module
from dashboard.query.promql.errors import BadExpression
from dashboard.query.promql.parse import layout, parse
from dashboard.query.promql.syntax import Aggregate, Binary, Call, Instant, Kind, Range, When, kind_of, selectors_of
from tests.support.deadline import within


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
        ('x{a=~"("}', 1, 3, "regular expression"),
        ('x{__name__=~"y"}', 1, 1, "must not be set twice: 'x' or 'y'"),
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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{a=~"x\\d\x41|\"é"}', 'x\\dA|"é'),
        (r"x{a!~'b+'}", "b+"),
        (r"{a=~`x\d`}", r"x\d"),
        ('{a!~"b*",c="d"}', "b*"),
    ],
)
def test_the_parser_library_sees_no_regular_expression(text: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, read = list[str](), parse_module.library.parse

    def noting(given: str) -> object:
        seen.append(given)
        return read(given)

    monkeypatch.setattr(parse_module.library, "parse", noting)
    tree = parse.__wrapped__(text)  # type: ignore[attr-defined]  # without its cache
    assert isinstance(tree, Instant)
    assert [each for _, operator, each in tree.written if operator in ("=~", "!~")] == [value]
    selectors = [each for each in seen if "{" in each]
    assert len(selectors) == 1
    assert "\ue0000\ue001" in selectors[0]
    assert layout(text).count(value.replace("\\", "\\\\").replace('"', '\\"')) == 1


@pytest.mark.parametrize("mine", ["\ue0000\ue001", "\ue0005\ue001", "|\ue0000\ue001", '=~"\ue0000\ue001"'])
@pytest.mark.parametrize("escaped", [False, True])
def test_a_text_that_looks_like_a_placeholder_stays_as_it_is(mine: str, escaped: bool) -> None:
    quoted = mine.replace('"', '\\"')
    if escaped:
        quoted = quoted.replace("\ue000", "\\ue000").replace("\ue001", "\\ue001")
    for text in (f'x{{a="{quoted}",b=~"y.*"}}', f'x{{b=~"y.*",a!="{quoted}"}}', f'x{{a="{quoted}"}}'):
        tree = parse(text)
        assert isinstance(tree, Instant)
        written = {label: value for label, _, value in tree.written}
        assert written.get("a") == mine
        assert written.get("b", "y.*") == "y.*"
        again = parse(layout(text))
        assert isinstance(again, Instant)
        assert sorted(again.written) == sorted(tree.written)
    with pytest.raises(BadExpression) as error:
        parse(f'x{{a="{quoted}"}} + y{{b=~"("}}')
    assert error.value.column == len(f'x{{a="{quoted}"}} + y') + 2  # the label's place
    replaced = f'label_replace(x{{b=~"y.*"}}, "c", "{quoted}", "d", "e")'
    assert layout(replaced).count("y.*") == 1
    with pytest.raises(BadExpression) as error:
        parse(f'x{{a="{quoted}",b=~"y\\q"}}')
    assert error.value.column == len(f'x{{a="{quoted}",b=~"')


def test_a_pattern_of_a_few_characters_that_is_too_large_is_refused_at_once() -> None:
    began_s = time.process_time()
    for text in (r'{n=~"[\\pL\\pN]{1,300}"}', r'sum({n=~"[\\pL\\pN]{1,300}"})'):
        with pytest.raises(BadExpression, match="too large"):
            parse(text)
    within(time.process_time() - began_s, 0.1, "the CPU time")  # a second and more if the parser library compiles it
    with pytest.raises(BadExpression, match="take too long to compile for one request"):
        parse(" + ".join(f'sum({{n=~"[a-z]{{1,99{number}}}"}})' for number in range(10, 30)))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("+".join(["sum(a)"] * 490) + " b c", "too long to find the place"),
        ("+".join(["sum(a)"] * 490) + "+rate(x)", "expected type matrix"),
        ("+".join(["(" * 95 + "a" + ")" * 95] * 20) + "+rate(x)", "expected type matrix"),
        ("+".join(["1e9"] * 490) + " 5 5", "too long to find the place"),
        ("+".join(["sum(rate(a[5m]))"] * 20) + " 5 5", "unexpected '5'"),
    ],
)
def test_finding_the_place_of_an_error_has_a_budget(text: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, read = list[str](), parse_module.library.parse

    def noting(given: str) -> object:
        parsed.append(given)
        return read(given)

    monkeypatch.setattr(parse_module.library, "parse", noting)
    with pytest.raises(BadExpression, match=place):
        parse(text)
    assert sum(each.count(" ") for each in parsed) <= 6_000 + 2 * len(text)


def test_a_selector_that_matches_series_without_any_label_is_refused() -> None:
    for text in ('{a=~".*"}', '{a!~".+"}', '{a=~""}', '{a!="b",c=~"d?"}'):
        with pytest.raises(BadExpression, match="at least one non-empty matcher"):
            parse(text)
    assert isinstance(parse('{a!~".*"}'), Instant)
    with pytest.raises(BadExpression, match="'a' or 'b'"):
        parse('a{__name__=~"b"}')


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
