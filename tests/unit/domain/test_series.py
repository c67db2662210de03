from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.domain.series import (
    CEILING,
    SeriesKey,
    SeriesLimits,
    check_limits,
    check_text,
    parse_series,
    series_key,
    surely_within,
    unescape,
)
from tests.support.deadline import within

NAMES = st.from_regex(r"[A-Za-z_:][A-Za-z0-9_:./\-]{0,20}", fullmatch=True)
LABEL_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,10}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"\\{},= 'n"), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None)
@given(NAMES, st.dictionaries(LABEL_NAMES, VALUES, max_size=8))
@example("a", {"b": '"', "c": "\\", "d": '\\"', "e": "\\n", "f": "\u2028", "g": "}", "h": ","})
def test_the_text_of_a_key_parses_back_to_the_key(name: str, labels: dict[str, str]) -> None:
    key = series_key(name, labels)
    assert parse_series(key.text) == key
    assert parse_series(key.text).text == key.text
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in key.text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.text(st.sampled_from('ab{}="\\, n\n'), max_size=20))
def test_any_text_is_a_key_or_invalid(text: str) -> None:
    try:
        key = parse_series(text)
    except Invalid:
        return
    assert parse_series(key.text) == key


@settings(max_examples=100, deadline=None)
@given(NAMES, st.dictionaries(LABEL_NAMES, VALUES, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_labels_does_not_matter(name: str, labels: dict[str, str], random: object) -> None:
    pairs = list(labels.items())
    random.shuffle(pairs)  # type: ignore[attr-defined]  # hypothesis' Random
    assert series_key(name, pairs) == series_key(name, labels)


def test_two_keys_that_differ_have_texts_that_differ() -> None:
    tricky = ["x", '"', "\\", '\\"', "\\\\", '",b="', "}", "{", "n", "\\n"]
    texts = {series_key("a", {"b": value}).text for value in tricky}
    assert len(texts) == len(tricky)
    assert series_key("a", {"b": 'x",c="y'}) != series_key("a", {"b": "x", "c": "y"})
    assert series_key("a", {"b": 'x",c="y'}).text != series_key("a", {"b": "x", "c": "y"}).text


def test_labels_are_sorted_and_empty_ones_left_out() -> None:
    assert series_key("cpu", {"host": "web-1", "core": "0", "no": ""}).text == 'cpu{core="0",host="web-1"}'
    assert parse_series('cpu{a=""}') == SeriesKey("cpu")
    assert parse_series("cpu{}") == SeriesKey("cpu")


@pytest.mark.parametrize("name", ["a", "_", ":", "a.b", "a-b", "a/b", "A9", "a:b", "a" * 512])
def test_these_are_names(name: str) -> None:
    assert parse_series(name).text == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "9a",
        "-a",
        ".a",
        "/a",
        "a b",
        "ä",
        "a\n",
        "a\x00",
        "a" * 2_049,
        "a,b",
        'a"',
        "a=b",
        "\ud800",
        "٣",
        "a;b",
    ],
)
def test_these_are_not_names(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        series_key(name)
    assert caught.value.field == "series"
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("label", ["a b", "9", "a-b", "a.b", "__name__", "__x", "ä", "a\n", ""])
def test_these_are_not_label_names(label: str) -> None:
    with pytest.raises(Invalid):
        series_key("a", {label: "x"})


@pytest.mark.parametrize("value", ["\ud800", "a\udfff"])
def test_a_label_value_holds_no_surrogate(value: str) -> None:
    with pytest.raises(Invalid):
        series_key("a", {"b": value})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\x00", r"\x00"),
        ("a\nb", r"a\nb"),
        ("\t", r"\t"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x7f", r"\x7f"),
        ("\x85", r"\u0085"),
    ],
)
def test_control_characters_are_kept_and_shown_escaped(value: str, shown: str) -> None:
    key = series_key("a", {"b": value})
    assert key.text == f'a{{b="{shown}"}}'
    assert parse_series(key.text) == key
    assert unescape(shown) == value


def test_the_limits_hold_at_n_and_not_at_n_plus_one() -> None:
    limits = SeriesLimits(labels=2, label_name_bytes=3, label_value_bytes=4, name_bytes=5, text_bytes=30)
    fits = [
        series_key("abcde", {"abc": "éé", "d": "1234"}),
        series_key("a", {"b": "éé"}),
        series_key("a", {"b": "x\x00\x00"}),
    ]
    for key in fits:
        check_limits(key, limits)
    beyond = {
        "max_series_name_bytes": series_key("abcdef"),
        "max_labels": series_key("a", {"b": "1", "c": "1", "d": "1"}),
        "max_label_name_bytes": series_key("a", {"abcd": "1"}),
        "max_label_value_bytes": series_key("a", {"b": "éé1"}),
        "max_series_bytes": series_key("abcde", {"abc": "\x00\x00\x00", "d": "\x00"}),
    }
    for setting, key in beyond.items():
        with pytest.raises(Invalid, match=rf"at most \d+ \(setting {setting}\)"):
            check_limits(key, limits)


def test_beyond_what_any_setting_allows_nothing_is_a_key() -> None:
    for name, labels in (
        ("a", {f"l{i}": "v" for i in range(CEILING.labels + 1)}),
        ("a", {"b": "x" * (CEILING.label_value_bytes + 1)}),
        ("a", {"b" * (CEILING.label_name_bytes + 1): "x"}),
        ("a" * (CEILING.name_bytes + 1), {}),
    ):
        with pytest.raises(Invalid):
            series_key(name, labels)


def test_the_length_of_a_text_is_bounded() -> None:
    assert check_text("12345", field="f", max_bytes=5) == "12345"
    with pytest.raises(Invalid, match="longer than 5"):
        check_text("é12é", field="f", max_bytes=5)


@pytest.mark.parametrize(
    "text",
    ['a{b="x"', 'a{b="x}', "a{b=x}", "a{b}", 'a{b="x" c="y"}', 'a{b="x",,c="y"}', 'a{b="1",b="2"}', 'a{b="x"}}',
     'a{b="x"}y', '{b="x"}', "a{", "a}", 'a{b="\\"}', 'a{b!="x"}', 'a{b=~"x"}', "a{b='x'}", 'a{="x"}'],
)  # fmt: skip
def test_a_broken_key_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_series(text)


@pytest.mark.parametrize("text", ['a{b="x",}', ' a { b = "x" } ', 'a{b="x"}\n', '\ta{ b="x" , }'])
def test_space_and_a_last_comma_do_not_matter(text: str) -> None:
    assert parse_series(text).text == 'a{b="x"}'


def test_a_very_long_key_is_refused_in_bounded_time() -> None:
    """A feeder's body may have 4 MiB and is parsed on the event loop, which must not be blocked for longer than 50 ms."""
    text = "a{" + ",".join(f'l{i}="v"' for i in range(60_000)) + "}"
    began = time.process_time()
    with pytest.raises(Invalid):
        parse_series(text)
    within(time.process_time() - began, 0.1, "the CPU time")


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ('a{b="c"}', True),
        ('a{b="' + "x" * 300 + '"}', False),  # longer than a label's name may be
        ('a{b="é"}', False),
        ("a{" + ",".join(f'l{n}="v"' for n in range(65)) + "}", False),
    ],
)
def test_sizes_that_are_surely_allowed_are_known_without_parsing(text: str, sure: bool) -> None:
    assert surely_within(text, SeriesLimits()) is sure
    if sure:
        check_limits(parse_series(text), SeriesLimits())


def test_a_name_with_very_many_labels_is_refused_before_they_are_looked_at() -> None:
    with pytest.raises(Invalid, match="has 2000 labels"):
        series_key("a", {f"no label {n}": "v" for n in range(2_000)})
