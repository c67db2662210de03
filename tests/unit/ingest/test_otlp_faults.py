"""Faults of OTLP's parts: names that are not known."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest

from dashboard.ingest import otlp_faults
from dashboard.ingest.otlp import parse_otlp_json, parse_otlp_protobuf
from dashboard.ingest.otlp_cache import PointCache
from tests.support.parsed_checks import LATEST_MS, T
from tests.support.write_request import field

NS = T * 1_000_000


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("scopeMetrics", "scopeMetricz", "resource: has no scopeMetrics, only scopeMetricz"),
        ("scopeMetrics", "instrumentationLibraryMetrics", "has no scopeMetrics, only instrumentationLibraryMetrics"),
        ("scope_metrics", "scope_metricz", "resource: has no scopeMetrics, only scopeMetricz"),
        ("metrics", "metricz", "scope: has no metrics, only metricz"),
        ("dataPoints", "datapoints", "has no dataPoints, only datapoints (metric load)"),
        ("gauge", "Gauge", "exponentialHistogram, summary, sum, only Gauge (metric load)"),
    ],
)
def test_a_misspelt_name_in_json_is_refused_and_named(good: str, bad: str, told: str) -> None:
    metric = {"name": "load", "gauge": {"dataPoints": [{"timeUnixNano": str(NS), "asInt": "7"}]}}
    part = {"resource": {}, "scopeMetrics": [{"scope": {}, "metrics": [metric]}]}
    text = json.dumps(part).replace("scopeMetrics", "scope_metrics" if "_" in good else "scopeMetrics")
    wrong = text.replace(f'"{good}"', f'"{bad}"')
    assert wrong != text
    for body in (f'{{"resourceMetrics": [{wrong}, {text}, {{}}]}}', f'{{"resourceMetrics": [{text}, {wrong}]}}'):
        parsed = parse_otlp_json(body.encode(), PointCache(), LATEST_MS)
        assert parsed.batch.values == [7.0]
        (refusal,) = parsed.batch.refused
        assert told in refusal.reason


def test_a_resource_of_an_early_version_of_the_protocol_is_refused_and_named() -> None:
    early = b"\xc2\x3e\x02\x0a\x00"  # field 1000
    parsed = parse_otlp_protobuf(field(1, early), PointCache(), LATEST_MS)
    assert "only instrumentationLibraryMetrics" in parsed.batch.refused[0].reason


@pytest.mark.parametrize(
    ("shape", "good", "bad", "content"),
    [
        ("histogram", "bucketCounts", "bucketCount", ["3", "4"]),
        ("exponentialHistogram", "positive", "positives", {"bucketCounts": ["7"]}),
        ("summary", "quantileValues", "quantiles", [{"quantile": 0.5, "value": 1}]),
    ],
)
def test_a_misspelt_content_of_a_point_is_refused_and_another_unknown_field_passed_over(
    shape: str, good: str, bad: str, content: object
) -> None:
    point = {"timeUnixNano": str(NS), "startTimeUnixNano": "1", "count": "7", "sum": 7}
    point |= {"explicitBounds": [1]} if shape == "histogram" else {}
    told = {good: 1, bad: 0, "": 1, "newField": 1}  # a point without its content has no observation to tell of
    for name, kept in told.items():
        given = {key: value for key, value in point.items() if name in (good, bad) or key != "explicitBounds"}
        given |= {name: content, "newField": 1} if name == good else {name: content} if name else {}
        metric = {"name": "load", shape: {"aggregationTemporality": 2, "dataPoints": [given]}}
        body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})
        parsed = parse_otlp_json(body.encode(), PointCache(), LATEST_MS)
        assert bool(parsed.batch.keys) is bool(kept), name
        reasons = [refusal.reason for refusal in parsed.batch.refused]
        assert all(f"only {bad} (metric load)" in reason for reason in reasons)
        assert len(reasons) == 1 - kept


@pytest.mark.parametrize(
    ("bad", "lacking"),
    [
        ({"attribute": []}, "attributes"), ({"timeUnixNanos": "1"}, "timeUnixNano"), ({"explicitBound": [1]}, "explicitBounds"),
        ({"explicit_bound": [1]}, "explicitBounds"), ({"Flags": 1}, "flags"), ({"startTimeUnixNanos": "1"}, ""), ({"exemplar": []}, ""),
        ({"labels": []}, ""), ({"minimum": 1}, ""), ({"count": "7", "counts": "7"}, ""),
    ],
)  # fmt: skip
def test_a_field_of_a_point_with_nearly_the_name_of_one_that_it_lacks_is_misspelt(
    bad: dict[str, object], lacking: str
) -> None:
    whole: dict[str, object] = {
        "timeUnixNano": str(NS),
        "count": "7",
        "sum": 7,
        "min": 0,
        "max": 2,
        "bucketCounts": ["7"],
    }
    whole |= {"explicitBounds": [], "attributes": [], "flags": 0}
    point = {name: value for name, value in whole.items() if name != lacking} | bad
    metrics = [{"name": "took", "histogram": {"dataPoints": [point]}}]
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).encode()
    parsed = parse_otlp_json(body, PointCache(), LATEST_MS)
    if not lacking:
        assert (parsed.batch.refused, len(parsed.batch.keys)) == ([], 5)
        return
    (refusal,) = parsed.batch.refused
    assert f"has no {lacking}, only" in refusal.reason
    assert parsed.batch.keys == []


@pytest.mark.parametrize("content", [{"bucketCounts": ["7"]}, {}])
def test_of_the_unknown_fields_of_a_point_only_some_are_compared(content: dict[str, object]) -> None:
    point = {"timeUnixNano": str(NS), "count": "7"} | content | {f"field{number}": 1 for number in range(1_000)}
    with patch.object(otlp_faults, "get_close_matches", return_value=[]) as compare:
        otlp_faults.check_point(point, "histogram")
    assert 0 < compare.call_count <= 40
