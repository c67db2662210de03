from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dashboard.client.sample import Sample


def test_a_sample_is_sent_with_what_was_said_of_it() -> None:
    sample = Sample.of("cpu", 1.5, t_ms=7, labels={"core": 0, "a": "x"}, unit="%", every_s=2)
    assert sample.as_json() == {
        "series": "cpu", "value": 1.5, "t": 7, "labels": {"a": "x", "core": "0"}, "unit": "%", "every_s": 2,
    }  # fmt: skip
    assert Sample.of("cpu", 1, t_ms=7).as_json() == {"series": "cpu", "value": 1, "t": 7}


def test_samples_of_one_series_are_known_by_name_and_labels() -> None:
    one = Sample.of("cpu", 1, t_ms=1, labels={"a": 1, "b": 2})
    assert one.series == Sample.of("cpu", 2, t_ms=9, labels={"b": "2", "a": "1"}).series
    assert one.series != Sample.of("cpu", 1, t_ms=1).series


@pytest.mark.parametrize(("value", "number"), [(True, 1), (Decimal("1.5"), 1.5), (3, 3), ("x", "x"), (None, None)])
def test_what_is_a_number_of_any_kind_becomes_one(value: Any, number: object) -> None:
    assert Sample.of("a", value, t_ms=1).value == number


@pytest.mark.parametrize(
    "fields",
    [{"value": "x"}, {"value": None}, {"value": float("nan")}, {"value": 2**60}, {"every_s": float("inf")}, {"t_ms": None},
     {"labels": 5}, {"unit": 5}, {"name": "\ud800"}],
)  # fmt: skip
def test_what_would_spoil_a_body_has_a_problem(fields: dict[str, Any]) -> None:
    said: dict[str, Any] = {"name": "a", "value": 1, "t_ms": 1, **fields}
    assert Sample.of(said.pop("name"), said.pop("value"), **said).problem() != ""


def test_a_good_sample_has_no_problem() -> None:
    assert Sample.of("a", 1.5, t_ms=1, labels={"x": "ü"}, unit="%", every_s=5).problem() == ""
