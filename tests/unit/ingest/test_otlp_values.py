from __future__ import annotations

import math
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.otlp_values import attribute_text, decimal_text, float_text, items, pairs_of, whole


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"stringValue": "a"}, "a"),
        ({"boolValue": False}, "false"),
        ({"intValue": "-7"}, "-7"),
        ({"doubleValue": 1.0}, "1"),
        ({"bytesValue": b"\x01\x02"}, "AQI="),
        ({"bytesValue": "AQI"}, "AQI="),
        ({}, ""),
        (None, ""),
        (
            {"arrayValue": {"values": [{"stringValue": 'a"'}, {"intValue": 1}, {}, {"doubleValue": math.nan}]}},
            '["a\\"",1,null,"NaN"]',
        ),
        (
            {"kvlistValue": {"values": [{"key": "b", "value": {"boolValue": True}}, {"key": "a", "value": {}}]}},
            '{"a":null,"b":true}',
        ),
    ],
)
def test_an_attribute_is_text(value: Any, text: str) -> None:
    assert attribute_text(value) == text


@pytest.mark.parametrize("value", [5, {"other": 1}, {"intValue": "x"}, {"boolValue": 1}, {"arrayValue": 5}])
def test_what_is_no_attribute_is_refused(value: Any) -> None:
    with pytest.raises(Invalid):
        attribute_text(value)


def test_lists_in_lists_without_end_are_refused() -> None:
    value: dict[str, Any] = {"stringValue": "a"}
    for _ in range(60):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(Invalid, match="deeper"):
        attribute_text(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.5, "0.5"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (123456789.5, "123456789.5"),
    ],
)
def test_a_number_is_written_as_json_does(value: float, text: str) -> None:
    assert float_text(value) == text


def test_a_bound_is_written_without_an_exponent() -> None:
    assert [decimal_text(value) for value in (1e21, 1e-7, 2.5, 1.0)] == ["1" + "0" * 21, "0.0000001", "2.5", "1"]


def test_an_integer_may_be_text_or_a_whole_float() -> None:
    assert [whole(value, "x") for value in (5, "5", 5.0)] == [5, 5, 5]
    for value in ("x", True, 1.5, None, 2**65):
        with pytest.raises(Invalid):
            whole(value, "x")


def test_a_list_may_be_missing_but_not_be_too_long() -> None:
    assert (items({}, "x", 2), items({"x": [1, 2]}, "x", 2)) == ([], [1, 2])
    for holder in ({"x": [1, 2, 3]}, {"x": {}}):
        with pytest.raises(Invalid):
            items(holder, "x", 2)


def test_attributes_are_pairs_of_texts() -> None:
    assert pairs_of([{"key": "a", "value": {"intValue": 1}}, {"value": {}}]) == [("a", "1"), ("", "")]
    for wrong in (5, {"key": 5}):
        with pytest.raises(Invalid):
            pairs_of([wrong])
