from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.domain.selector import MAX_MATCHERS, MAX_SELECTOR_BYTES, parse_selector
from dashboard.domain.series import SeriesKey, series_key

LABELS = st.sampled_from(["a", "b", "host", "__name__"])
OPERATORS = st.sampled_from(["=", "!=", "=~", "!~"])
#: Texts that mean the same to RE2 and to Python's re.
PATTERNS = st.sampled_from(["", "x", "y", "x.*", "x|y", "[xy]+", ".", ".+", ".*", "cpu", "c.u", "(x)", "x?", "cpu|mem"])
MATCHERS = st.lists(st.tuples(LABELS, OPERATORS, PATTERNS), min_size=1, max_size=4)
KEYS = st.builds(
    series_key,
    st.sampled_from(["cpu", "mem", "x", "cpux"]),
    st.dictionaries(st.sampled_from(["a", "b", "host"]), st.sampled_from(["x", "y", "xy", "xx", "z"]), max_size=3),
)


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def naive(matchers: list[tuple[str, str, str]], key: SeriesKey) -> bool:
    held = {"__name__": key.name, **dict(key.labels)}
    for label, operator, wanted in matchers:
        value = held.get(label, "")
        equal = value == wanted if operator in ("=", "!=") else re.fullmatch(wanted, value) is not None
        if equal != (operator in ("=", "=~")):
            return False
    return True


@settings(max_examples=300, deadline=None)
@given(MATCHERS, KEYS)
def test_a_selector_matches_what_a_naive_matcher_does(matchers: list[tuple[str, str, str]], key: SeriesKey) -> None:
    text = "{" + ",".join(label + operator + quote(value) for label, operator, value in matchers) + "}"
    assert parse_selector(text).matches(key) == naive(matchers, key)


@settings(max_examples=200, deadline=None)
@given(MATCHERS, KEYS)
def test_the_canonical_text_means_the_same(matchers: list[tuple[str, str, str]], key: SeriesKey) -> None:
    text = "{" + ",".join(label + operator + quote(value) for label, operator, value in matchers) + "}"
    selector = parse_selector(text)
    again = parse_selector(selector.text)
    assert again == selector
    assert hash(again) == hash(selector)
    assert again.text == selector.text
    assert again.matches(key) == selector.matches(key)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_value_survives_quoting(value: str) -> None:
    selector = parse_selector("a{b=" + quote(value) + "}")
    assert parse_selector(selector.text) == selector
    assert selector.matches(SeriesKey("a", (("b", value),)))
    assert not selector.matches(SeriesKey("a", (("b", value + "."),)))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(st.sampled_from("ab{}=~!\"'\\,[(*+ \n"), max_size=25))
def test_any_text_is_a_selector_or_invalid(text: str) -> None:
    try:
        selector = parse_selector(text)
    except Invalid:
        return
    selector.matches(SeriesKey("a", (("b", "x"),)))


def test_selectors_that_differ_in_meaning_differ() -> None:
    texts = ["a", 'a{b="x"}', 'a{b!="x"}', 'a{b=~"x"}', 'a{b!~"x"}', '{a="b"}', '{__name__=~"a"}', 'a{__name__="c"}']
    assert len({parse_selector(text) for text in texts}) == len(texts)


def test_the_order_of_matchers_and_the_kind_of_quotes_do_not_matter() -> None:
    one = parse_selector("""cpu{b='x',a="y\\"z"}""")
    assert one == parse_selector("""{ a = 'y"z' , b = "x" , __name__ = "cpu" }""")
    assert one.text == 'cpu{a="y\\"z",b="x"}'


def test_an_empty_name_matcher_is_part_of_the_canonical_text() -> None:
    nothing, something = parse_selector('{__name__="",a="b"}'), parse_selector('{a="b"}')
    key = SeriesKey("x", (("a", "b"),))
    assert nothing.matches(key) != something.matches(key)
    assert nothing != something  # they would share one view


def test_a_missing_label_counts_as_empty() -> None:
    key = SeriesKey("cpu")
    assert parse_selector('cpu{host=""}').matches(key)
    assert parse_selector('cpu{host!="x"}').matches(key)
    assert parse_selector('cpu{host=~".*"}').matches(key)
    assert not parse_selector('cpu{host=~".+"}').matches(key)


def test_regular_expressions_are_anchored_at_both_ends() -> None:
    selector = parse_selector('cpu{host=~"web|db"}')
    assert selector.matches(SeriesKey("cpu", (("host", "db"),)))
    assert not selector.matches(SeriesKey("cpu", (("host", "db2"),)))
    assert not selector.matches(SeriesKey("cpu", (("host", "my-web"),)))


@pytest.mark.parametrize(
    "text",
    ["", " ", "{}", "{ }", "9", "a b", "a{", "a}", "a{b}", 'a{b=}', 'a{b="x}', 'a{b="x" c="y"}', 'a{b=="x"}',
     'a{b=~"("}', 'a{b=~"(?=x)"}', 'a{b=~"\\\\1"}', 'a{b-c="x"}', 'a{b="x"}c', "a{,}", 'a{b=~"x{1001}"}', "ä"],
)  # fmt: skip
def test_these_are_not_selectors(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_selector(text)
    assert caught.value.field == "selector"


def test_the_limits_hold_at_n_and_not_at_n_plus_one() -> None:
    many = [f'l{i}="v"' for i in range(MAX_MATCHERS)]
    assert parse_selector("{" + ",".join(many) + "}").text.startswith('{l0="v"')
    with pytest.raises(Invalid, match=f"at most {MAX_MATCHERS}"):
        parse_selector("{" + ",".join([*many, 'x="y"']) + "}")
    fits = 'a{b="' + "x" * (MAX_SELECTOR_BYTES - 7) + '"}'
    assert len(fits) == MAX_SELECTOR_BYTES
    assert parse_selector(fits).text == fits
    with pytest.raises(Invalid, match="longer than"):
        parse_selector(fits + " ")


def test_a_hostile_regular_expression_takes_linear_time() -> None:
    selector = parse_selector('a{b=~"(x+x+)+y"}')
    assert not selector.matches(SeriesKey("a", (("b", "x" * 200),)))


def test_a_document_is_matched_as_a_key_without_labels() -> None:
    assert parse_selector("host_processes").matches(SeriesKey("host_processes"))
    assert parse_selector('{__name__=~"host_.*"}').matches(SeriesKey("host_processes"))
