"""Faults of OTLP's parts: names that are not known."""

from __future__ import annotations

import json

import pytest

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
