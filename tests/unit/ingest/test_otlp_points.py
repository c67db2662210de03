from __future__ import annotations

import math
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.otlp_points import number, rows_of
from dashboard.ingest.parsed import NotFinite


def rows(shape: str, **point: Any) -> dict[tuple[str, str], float]:
    suffixes, values = rows_of(shape, point)
    return {(suffix, label[1] if label else ""): value for (suffix, label), value in zip(suffixes, values, strict=True)}


def test_a_gauge_and_a_sum_are_one_sample() -> None:
    assert rows("gauge", asDouble=1.5) == {("", ""): 1.5}
    assert rows("sum", asInt="7") == {("", ""): 7.0}
    for point in ({}, {"asInt": "x"}, {"asDouble": "x"}):
        with pytest.raises(Invalid):
            rows("gauge", **point)


def test_null_is_javascripts_nan() -> None:
    with pytest.raises(NotFinite):
        rows("gauge", asDouble=None)


def test_a_last_bucket_with_a_bound_is_the_infinite_one() -> None:
    expected = {("_count", ""): 6, ("_bucket", "1"): 1, ("_bucket", "+Inf"): 6}
    for counts in ([1, 5, 0], [1, 5], [1, 2, 3]):
        for infinite in (math.inf, "Infinity"):
            assert rows("histogram", count="6", bucketCounts=counts, explicitBounds=[1.0, infinite]) == expected
    for bounds in ([math.inf, 1.0], [math.nan], [-math.inf], [1.0, math.inf, math.inf]):
        with pytest.raises(Invalid) as invalid:
            rows("histogram", count="6", bucketCounts=[1] * (len(bounds) + 1), explicitBounds=bounds)
        assert invalid.value.code == "invalid"


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


def test_a_number_may_be_text_but_must_be_finite() -> None:
    assert (number("1.5", "x"), number(2, "x")) == (1.5, 2.0)
    for value in ("x", True, None):
        with pytest.raises(Invalid):
            number(value, "x")
    for value in (math.nan, math.inf, "nan"):
        with pytest.raises(NotFinite):
            number(value, "x")
