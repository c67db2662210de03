from __future__ import annotations

import math
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.otlp_points import attribute_text, items, number, rows_of, whole
from dashboard.ingest.parsed import NotFinite


def rows(shape: str, **point: Any) -> dict[tuple[str, str], float]:
    suffixes, values = rows_of(shape, point)
    return {(suffix, label[1] if label else ""): value for (suffix, label), value in zip(suffixes, values, strict=True)}


def test_a_gauge_and_a_sum_are_one_sample() -> None:
    assert rows("gauge", asDouble=1.5) == {("", ""): 1.5}
    assert rows("sum", asInt="7") == {("", ""): 7.0}
    for point in ({}, {"asInt": 2**60}, {"asDouble": "x"}):
        with pytest.raises(Invalid):
            rows("gauge", **point)


def test_a_histogram_is_counts_up_to_each_bound() -> None:
    given = rows("histogram", count="6", sum=9.0, min=0.5, max=4.0, bucketCounts=["1", 2, 3], explicitBounds=[1.0, 2.5])
    assert given == {
        ("_count", ""): 6, ("_sum", ""): 9, ("_min", ""): 0.5, ("_max", ""): 4,
        ("_bucket", "1"): 1, ("_bucket", "2.5"): 3, ("_bucket", "+Inf"): 6,
    }  # fmt: skip
    for wrong in ({"bucketCounts": [1]}, {"bucketCounts": [1, 2, 3], "explicitBounds": [2.0, 1.0]}):
        with pytest.raises(Invalid):
            rows("histogram", **{"explicitBounds": [1.0], **wrong})


def test_an_exponential_histogram_is_its_quantiles() -> None:
    given = rows(
        "exponentialHistogram", count=100, scale=0, positive={"offset": 0, "bucketCounts": [98, 0, 2]}, min=1.0, max=8.0
    )
    assert given["_count", ""] == 100
    assert given["_p50", ""] == given["_p90", ""] == 2**0.5
    assert given["_p99", ""] == 2**2.5
    with pytest.raises(Invalid, match="scale"):
        rows("exponentialHistogram", scale=99)


def test_a_summary_is_its_quantiles_but_for_those_that_are_none() -> None:
    quantiles = [{"quantile": 0.5, "value": 2.0}, {"quantile": 0.9, "value": math.nan}]
    assert rows("summary", count=3, sum=6.0, quantileValues=quantiles) == {
        ("_count", ""): 3,
        ("_sum", ""): 6,
        ("", "0.5"): 2,
    }


def test_numbers_may_be_text() -> None:
    assert (whole("-3", "x"), whole(5, "x"), number("1.5", "x"), number(2, "x")) == (-3, 5, 1.5, 2.0)
    for value in ("x", True, 1.5, None, 2**65):
        with pytest.raises(Invalid):
            whole(value, "x")
    for value in ("x", True, None):
        with pytest.raises(Invalid):
            number(value, "x")
    for value in (math.nan, math.inf, "nan"):
        with pytest.raises(NotFinite):
            number(value, "x")


def test_a_list_may_be_missing_but_not_be_too_long() -> None:
    assert (items({}, "x", 2), items({"x": [1, 2]}, "x", 2)) == ([], [1, 2])
    for holder in ({"x": [1, 2, 3]}, {"x": {}}):
        with pytest.raises(Invalid):
            items(holder, "x", 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [({"stringValue": "a"}, "a"), ({"boolValue": True}, "true"), ({"intValue": "7"}, "7"), ({"doubleValue": 1.5}, "1.5"), ({}, ""),
     ({"bytesValue": b"\x01"}, "01"), ({"arrayValue": {"values": [{"stringValue": "a"}]}}, '["a"]'),
     ({"kvlistValue": {"values": [{"key": "k", "value": {"intValue": 1}}]}}, '{"k":"1"}')],
)  # fmt: skip
def test_an_attribute_is_text(value: dict[str, Any], text: str) -> None:
    assert attribute_text(value) == text


@pytest.mark.parametrize("value", [5, {"other": 1}, {"intValue": "x"}])
def test_what_is_no_attribute_is_refused(value: Any) -> None:
    with pytest.raises(Invalid):
        attribute_text(value)
