from __future__ import annotations

import msgspec
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import ExponentialHistogramDataPoint, NumberDataPoint, SummaryDataPoint

from dashboard.domain.errors import Invalid
from dashboard.ingest.otlp_schema import (
    METRIC,
    POINTS,
    REQUEST,
    RESOURCE_METRICS,
    SCOPE_METRICS,
    SHAPES,
    read_any,
    read_point,
    read_text,
)
from dashboard.ingest.protobuf import read_message
from tests.support.parsed_checks import T

NS = T * 1_000_000


def test_a_number_is_read_as_its_json_would_be() -> None:
    point = NumberDataPoint(time_unix_nano=NS, as_double=1.5)
    assert read_point("gauge", point.SerializeToString()) == {"timeUnixNano": NS, "asDouble": 1.5}
    assert read_point("sum", NumberDataPoint(as_int=-7).SerializeToString()) == {"asInt": -7}


def test_an_exponential_histogram_and_a_summary_are_read() -> None:
    histogram = ExponentialHistogramDataPoint(count=3, scale=-1, zero_count=1)
    histogram.positive.offset = -2
    histogram.positive.bucket_counts.extend([1, 2])
    assert read_point("exponentialHistogram", histogram.SerializeToString()) == {
        "count": 3, "scale": -1, "zeroCount": 1, "positive": {"offset": -2, "bucketCounts": [1, 2]},
    }  # fmt: skip
    summary = SummaryDataPoint(count=1)
    summary.quantile_values.add(quantile=0.5, value=2.0)
    assert read_point("summary", summary.SerializeToString())["quantileValues"] == [{"quantile": 0.5, "value": 2.0}]


def test_a_point_of_json_is_taken_as_it_is() -> None:
    point = {"asDouble": 1.5}
    assert read_point("gauge", point) is point
    with pytest.raises(Invalid):
        read_point("gauge", [1])


def test_bytes_that_are_no_point_are_refused() -> None:
    for shape in SHAPES:
        with pytest.raises(Invalid):
            read_point(shape, b"\xff\xff")


def test_the_points_of_gauges_stay_bytes_until_they_are_read() -> None:
    point = b"\x0a\x00"
    metric = b"\x0a\x01a" + b"\x2a" + bytes([len(point)]) + point
    scope = b"\x12" + bytes([len(metric)]) + metric
    resource = b"\x12" + bytes([len(scope)]) + scope
    read = read_message(b"\x0a" + bytes([len(resource)]) + resource, REQUEST)
    assert read == {"resourceMetrics": [resource]}


def test_parts_of_json_stay_texts_until_they_are_read() -> None:
    text = b'{"resource_metrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"data_points":[{"as_double":1}]}}]}]}]}'
    request = read_text(text, REQUEST)
    assert isinstance(request, dict)
    part = request["resourceMetrics"][0]
    for schema, name in ((RESOURCE_METRICS, "scopeMetrics"), (SCOPE_METRICS, "metrics")):
        assert isinstance(part, msgspec.Raw)
        part = read_any(part, schema)[name][0]
    metric = read_any(part, METRIC)
    assert (metric["name"], type(metric["gauge"])) == ("m", msgspec.Raw)
    (point,) = read_any(metric["gauge"], POINTS)["dataPoints"]
    assert isinstance(point, msgspec.Raw)
    assert read_point("gauge", point) == {"asDouble": 1}


@pytest.mark.parametrize("text", [b"[1]", b'"x"', b"nothing", b'{"asDouble":}', b"[" * 100_000])
def test_a_text_that_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        read_point("gauge", msgspec.Raw(text))
