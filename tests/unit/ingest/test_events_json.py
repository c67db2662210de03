from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.events_json import any_text_in, moment, read_object, tags_in, text_in, texts_in
from tests.support.parsed_checks import T

GIVEN: dict[str, Any] = {
    "text": "a",
    "none": None,
    "number": 5,
    "object": {"a": "b"},
    "mixed": {"a": 1},
    "list": ["a", "b"],
    "deep": {"a": {}},
    "rows": [["a"]],
}


def test_what_is_missing_is_empty() -> None:
    for name in ("gone", "none"):
        assert (text_in(GIVEN, name), texts_in(GIVEN, name), tags_in(GIVEN, name)) == ("", {}, [])


def test_texts_objects_and_tags_are_given_as_they_are() -> None:
    assert (text_in(GIVEN, "text"), texts_in(GIVEN, "object"), tags_in(GIVEN, "list")) == ("a", {"a": "b"}, ["a", "b"])
    assert tags_in({"tags": "a,b  c"}) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (text_in, "object"),
        (text_in, "list"),
        (texts_in, "number"),
        (texts_in, "deep"),
        (tags_in, "number"),
        (tags_in, "rows"),
    ],
)
def test_what_is_of_another_kind_is_refused_by_name(read: Callable[..., object], name: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(GIVEN, name)
    assert refused.value.field == name


def test_numbers_and_booleans_are_texts_as_in_json_and_data_may_be_anything() -> None:
    assert (text_in(GIVEN, "number"), texts_in(GIVEN, "mixed"), tags_in({"tags": [1, True, None]})) == (
        "5",
        {"a": "1"},
        ["1", "true"],
    )
    assert [any_text_in(GIVEN, name) for name in ("gone", "text", "object")] == ["", "a", '{"a":"b"}']


def test_a_key_twice_and_a_nan_cost_nothing_else() -> None:
    assert read_object(b'{"a":1,"a":2,"b":{"c":NaN,"d":[1e400,"x"]}}') == {"a": 2, "b": {"c": None, "d": [None, "x"]}}
    with pytest.raises(Invalid, match="nested too deep"):
        read_object(b'{"a":' + b"[" * 900 + b"]" * 900 + b"}")


def test_a_body_is_an_object() -> None:
    assert read_object(b'{"a":1}') == {"a": 1}
    for body in (b"[]", b"5", b""):
        with pytest.raises(Invalid):
            read_object(body)


@pytest.mark.parametrize(
    ("text", "t_ms"),
    [
        ("2023-11-14T22:13:20Z", T),
        ("2023-11-14T23:13:20+01:00", T),
        ("2023-11-14T22:13:20", T),
        ("", None),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_a_moment_is_in_milliseconds_or_not_known(text: str, t_ms: int | None) -> None:
    assert moment(text, "at") == t_ms


@pytest.mark.parametrize("text", ["now", "1960-01-01T00:00:00Z", "2023-13-01T00:00:00Z"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"^at: "):
        moment(text, "at")
