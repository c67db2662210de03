from __future__ import annotations

import math

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.json_values import ValueFault, leaves, read_leniently


def test_a_bad_value_costs_only_itself() -> None:
    given = read_leniently(b'\xef\xbb\xbf{"a":NaN,"b":1,"b":2,"c":1e400,"d":"\\ud800x\\ud83d\\ude00","e":"tab\there"}')
    assert math.isnan(given.pop("a"))
    assert given == {
        "b": ValueFault("appears twice in one object", 2),
        "c": math.inf,
        "d": "\ufffdx😀",
        "e": "tab\there",
    }
    assert read_leniently(b"[1" + b"0" * 500 + b"]") == [math.inf]


def test_nested_values_are_named_by_their_place_and_null_is_none() -> None:
    found = {
        (leaf.name, leaf.path): leaf.value for leaf in leaves("m", {"a": [1, None, {"b": True}], "a_0": "x", "c": None})
    }
    assert found == {("m_a_0", " a 0"): 1, ("m_a_2_b", " a 2 b"): True, ("m_a_0", " a_0"): "x"}


def test_what_is_too_deep_is_a_fault_in_its_place() -> None:
    assert [leaf.value for leaf in leaves("m", {"deep": read_leniently(b"[" * 17 + b"]" * 17), "b": 1})] == [
        ValueFault("nested too deep"),
        1,
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"5 6"])
def test_what_is_no_json_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_leniently(body)


def test_too_many_values_are_invalid() -> None:
    with pytest.raises(Invalid):
        list(leaves("m", list(range(1_001))))
