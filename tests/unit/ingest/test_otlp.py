from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from dashboard.domain.errors import Invalid
from dashboard.ingest import otlp, protobuf
from dashboard.ingest.otlp import parse_otlp_json, parse_otlp_protobuf
from dashboard.ingest.otlp_answers import partial_success, partial_success_protobuf
from dashboard.ingest.otlp_cache import PointCache
from dashboard.ingest.parsed import NOT_FINITE, Parsed
from tests.support.claims import accepted
from tests.support.collector_bytes import collector_bytes
from tests.support.deadline import within
from tests.support.parsed_checks import LATEST_MS, T, check_parsed
from tests.support.write_request import field

NS = T * 1_000_000


def request(**resource: str) -> tuple[ExportMetricsServiceRequest, Any]:
    whole = ExportMetricsServiceRequest()
    of = whole.resource_metrics.add()
    for key, value in resource.items():
        put(of.resource.attributes, key.replace("__", "."), value)
    return whole, of.scope_metrics.add().metrics


def put(attributes: Any, key: str, value: str | int | bool | float) -> None:
    one = attributes.add()
    one.key = key
    name = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value"}[type(value)]
    setattr(one.value, name, value)


def both(whole: ExportMetricsServiceRequest, cache: PointCache | None = None) -> Parsed:
    """Parse from protobuf, with new and then with known series, and from JSON; the results must be equal."""
    cache, data = cache or PointCache(), whole.SerializeToString()
    first = accepted(parse_otlp_protobuf(data, cache, LATEST_MS))
    again = parse_otlp_protobuf(data, cache, LATEST_MS)
    from_json = parse_otlp_json(MessageToJson(whole).encode(), cache, LATEST_MS)
    for other in (again, from_json):
        check_parsed(other)
        assert columns(other) == columns(first)
        assert other.batch.kinds == first.batch.kinds
        assert other.ended == first.ended
        assert [(r.index, r.field, r.code) for r in other.batch.refused] == [
            (r.index, r.field, r.code) for r in first.batch.refused
        ]
    check_parsed(first)
    return first


def columns(parsed: Parsed) -> list[tuple[str, int | None, float, str | None]]:
    batch = parsed.batch
    units = {row: unit for row, unit, _ in batch.declared}
    return sorted((key, batch.times[i], batch.values[i], units.get(i)) for i, key in enumerate(batch.keys))


def test_gauges_and_sums_of_numbers() -> None:
    whole, metrics = request(service__name="shop", telemetry__sdk__name="otel")
    gauge = metrics.add(name="cpu.load", unit="%").gauge.data_points
    for core, load in enumerate((1.5, 0.0, -3.25)):
        point = gauge.add(time_unix_nano=NS, as_double=load)
        put(point.attributes, "core", core)
    counter = metrics.add(name="http.requests", unit="1").sum
    counter.is_monotonic, counter.aggregation_temporality = True, 2
    point = counter.data_points.add(start_time_unix_nano=1, time_unix_nano=NS, as_int=7)
    put(point.attributes, "http.method", "GET")
    put(point.attributes, "ok", True)
    counter.data_points.add(start_time_unix_nano=1, time_unix_nano=NS, as_int=8)
    delta = metrics.add(name="d", unit="By").sum
    delta.aggregation_temporality, delta.is_monotonic = 1, True
    delta.data_points.add(as_double=2.5)
    metrics.add(name="queue").sum.data_points.add(time_unix_nano=NS, as_int=-4)
    parsed = both(whole)
    assert columns(parsed) == [
        ('cpu_load_percent{core="0",job="shop"}', T, 1.5, "%"),
        ('cpu_load_percent{core="1",job="shop"}', T, 0.0, "%"),
        ('cpu_load_percent{core="2",job="shop"}', T, -3.25, "%"),
        ('d_bytes_total{job="shop"}', None, 2.5, "B"),
        ('http_requests_total{http_method="GET",job="shop",ok="true"}', T, 7.0, None),
        ('http_requests_total{job="shop"}', T, 8.0, None),
        ('queue{job="shop"}', T, -4.0, None),
        ('target_info{job="shop",telemetry_sdk_name="otel"}', T, 1.0, None),
    ]
    kinds = {key.partition("{")[0]: kind for key, kind in parsed.batch.kinds.items()}
    assert kinds == {
        "cpu_load_percent": "gauge", "http_requests_total": "counter", "d_bytes_total": "delta", "queue": "gauge",
        "target_info": "gauge",
    }  # fmt: skip
    assert partial_success(parsed) == {}
    assert partial_success_protobuf(parsed) == b""


def test_a_histogram_is_told_as_prometheus_has_it() -> None:
    whole, metrics = request()
    histogram = metrics.add(name="lat", unit="s").histogram
    histogram.aggregation_temporality = 2
    histogram.data_points.add(
        time_unix_nano=NS, count=6, sum=9.5, bucket_counts=[1, 2, 3], explicit_bounds=[0.5, 10], min=0.25, max=11
    )
    parsed = both(whole)
    assert columns(parsed) == sorted([
        ("lat_seconds_count", T, 6.0, None), ("lat_seconds_sum", T, 9.5, "s"), ("lat_seconds_min", T, 0.25, "s"),
        ("lat_seconds_max", T, 11.0, "s"), ('lat_seconds_bucket{le="0.5"}', T, 1.0, None),
        ('lat_seconds_bucket{le="10"}', T, 3.0, None), ('lat_seconds_bucket{le="+Inf"}', T, 6.0, None),
    ])  # fmt: skip
    assert parsed.batch.kinds["lat_seconds_sum"] == "histogram"
    assert parsed.batch.kinds["lat_seconds_min"] == "gauge"


def test_a_sum_that_is_not_finite_costs_only_itself() -> None:
    whole, metrics = request()
    point = metrics.add(name="lat").histogram.data_points.add(
        time_unix_nano=NS, count=6, sum=float("nan"), min=1, max=2
    )
    point.bucket_counts.extend([6])
    found = {key: value for key, _, value, _ in columns(both(whole))}
    assert found == {"lat_count": 6, "lat_min": 1, "lat_max": 2, 'lat_bucket{le="+Inf"}': 6}


def test_an_exponential_histogram_gives_percentiles() -> None:
    whole, metrics = request()
    point = metrics.add(name="e").exponential_histogram.data_points.add(
        time_unix_nano=NS, count=100, sum=150, scale=0, zero_count=10
    )
    point.positive.offset = 0
    point.positive.bucket_counts.extend([80, 5, 0, 4])
    point.negative.bucket_counts.extend([1])
    found = {key: value for key, _, value, _ in columns(both(whole))}
    assert found.keys() == {"e_count", "e_sum", "e_p50", "e_p90", "e_p99"}
    assert found["e_p50"] == pytest.approx(2**0.5)
    assert found["e_p99"] == pytest.approx(2**3.5)


def test_a_summary_gives_its_quantiles() -> None:
    whole, metrics = request()
    point = metrics.add(name="s", unit="ms").summary.data_points.add(time_unix_nano=NS, count=3, sum=6)
    point.quantile_values.add(quantile=0.5, value=2)
    point.quantile_values.add(quantile=0.99, value=float("nan"))
    assert columns(both(whole)) == [
        ("s_milliseconds_count", T, 3.0, None),
        ("s_milliseconds_sum", T, 6.0, "ms"),
        ('s_milliseconds{quantile="0.5"}', T, 2.0, "ms"),
    ]


def test_points_that_cannot_be_taken_are_counted_and_the_others_kept() -> None:
    whole, metrics = request()
    points = metrics.add(name="a").gauge.data_points
    points.add(time_unix_nano=NS, as_double=float("nan"))
    points.add(time_unix_nano=NS, as_double=1)
    points.add(time_unix_nano=5, as_double=1)
    points.add(time_unix_nano=NS)
    points.add(time_unix_nano=NS, as_int=2**60)
    many = points.add(time_unix_nano=NS, as_double=1)
    for label in range(257):
        put(many.attributes, f"l{label}", "x")
    points.add(time_unix_nano=NS, as_double=1e300)
    metrics.add(name="").gauge.data_points.add(time_unix_nano=NS, as_double=1)
    metrics.add(name="h").histogram.data_points.add(time_unix_nano=NS, bucket_counts=[1], explicit_bounds=[1, 2])
    parsed = both(whole)
    assert sorted(parsed.batch.values) == [1.0, 2.0**60, 1e300]
    assert sorted((r.index, r.code) for r in parsed.batch.refused) == [
        (0, NOT_FINITE), *((index, "invalid") for index in (2, 3, 5, 7, 8)),
    ]  # fmt: skip
    answer = partial_success(parsed)["partialSuccess"]
    assert answer["rejectedDataPoints"] == "5"  # a point without a value is no fault
    assert "since 1970" in answer["errorMessage"]
    response = ExportMetricsServiceResponse.FromString(partial_success_protobuf(parsed))
    assert response.partial_success.rejected_data_points == 5
    assert response.partial_success.error_message == answer["errorMessage"]


def test_a_point_without_recorded_value_says_that_its_series_ended() -> None:
    whole, metrics = request()
    cache = PointCache()
    point = metrics.add(name="a").gauge.data_points.add(time_unix_nano=NS, as_double=1)
    both(whole, cache)
    point.ClearField("as_double")
    point.flags = 1
    parsed = both(whole, cache)
    assert (parsed.ended, parsed.batch.keys) == ([("a", T)], [])


def test_points_of_many_times_and_of_one_are_read_alike() -> None:
    for start in ({}, {"start_time_unix_nano": 7}):
        for step in (0, 1_000_000):
            whole, metrics = request()
            integers, reals = metrics.add(name="i").gauge.data_points, metrics.add(name="r").gauge.data_points
            for core in range(5):
                one = integers.add(time_unix_nano=NS + step * core, as_int=core - 2, **start)
                other = reals.add(time_unix_nano=NS + step * core, as_double=core / 4, **start)
                put(one.attributes, "core", core)
                put(other.attributes, "core", core)
            times = [T + step // 1_000_000 * core for core in range(5)]
            assert columns(both(whole)) == [
                *((f'i{{core="{core}"}}', times[core], core - 2.0, None) for core in range(5)),
                *((f'r{{core="{core}"}}', times[core], core / 4, None) for core in range(5)),
            ]


def test_the_resource_tells_series_apart() -> None:
    whole, metrics = request(service__name="a")
    metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=1)
    other, metrics = request(service__name="b")
    metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=2)
    whole.MergeFrom(other)
    assert both(whole).batch.keys == ['x{job="a"}', 'x{job="b"}']


def test_what_is_long_is_not_remembered() -> None:
    cache = PointCache()
    for number in range(20):
        whole, metrics = request(service__name="a", **{f"telemetry.sdk.{number}": "x" * 100_000})
        points = metrics.add(name="x").gauge.data_points
        put(points.add(time_unix_nano=NS, as_double=number).attributes, "shop", "a")
        put(points.add(time_unix_nano=NS, as_double=number).attributes, "long", "y" * 100_000)
        parsed = accepted(parse_otlp_protobuf(whole.SerializeToString(), cache, LATEST_MS))
        assert [r.snippet[:12] for r in parsed.batch.refused if r.snippet] == ['{"timeUnixNa', "target_info{"]
        assert len(parsed.batch.keys) == 1
    assert [len(known) for known in cache._numbers.values()] == [1]
    assert (len(cache.resources._known), len(cache.resources._pairs)) == (0, 0)
    whole, metrics = request()
    put(metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=1).attributes, "shop", "a")
    both(whole, cache)
    assert sorted(len(known) for known in cache._numbers.values()) == [1, 1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"5",
        b"{",
        b'{"resourceMetrics":5}',
        b'{"resourceSpans":[]}',
        b'{"resourceMetrics":' + b"[" * 100_000,
    ],
)
def test_json_that_is_no_request_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_otlp_json(body, PointCache(), LATEST_MS)


@pytest.mark.parametrize("body", [b"\x0a", b"\x0a\x05a", b"\xff\xff", b"\x08\x01\x0b"])
def test_bytes_that_are_no_request_are_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_otlp_protobuf(body, PointCache(), LATEST_MS)


@pytest.mark.parametrize("outer", [b"", b"\x12", b"\x12\x12"])
def test_a_body_of_very_many_fields_takes_bounded_time(outer: bytes) -> None:
    body = b"\x0a\x00" * 2_000_000
    for tag in reversed(outer):
        size, varint = len(body), b""
        while size > 0x7F:
            varint, size = varint + bytes([size & 0x7F | 0x80]), size >> 7
        body = bytes([tag]) + varint + bytes([size]) + body
    began = time.process_time()
    with contextlib.suppress(Invalid):
        parse_otlp_protobuf(body, PointCache(), LATEST_MS)
    within(time.process_time() - began, 2, "the CPU time")


def test_metrics_and_attributes_that_would_be_one_series_are_told_apart_also_in_later_requests() -> None:
    cache = PointCache()
    for metric, attribute, kept in (("a.b", "x.y", 1), ("a_b", "x.y", 0), ("a.b", "x_y", 0), ("a.b", "x.y", 1)):
        whole, metrics = request(service__name="shop")
        put(metrics.add(name=metric).gauge.data_points.add(time_unix_nano=NS, as_double=1).attributes, attribute, "v")
        parsed = accepted(parse_otlp_protobuf(whole.SerializeToString(), cache, LATEST_MS))
        assert parsed.batch.keys == ['a_b{job="shop",x_y="v"}'] * kept
        assert [refusal.code for refusal in parsed.batch.refused] == ["name_taken"] * (1 - kept)


def test_a_metric_of_an_unknown_kind_is_refused_and_the_others_kept() -> None:
    good = {"name": "b", "unit": "1", "gauge": {"dataPoints": [{"timeUnixNano": str(NS), "asInt": "7"}]}}
    metrics = [{"name": "a", "description": "", "newHistogram": {"dataPoints": [{}]}}, {"name": "empty"}, good]
    body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}
    parsed = parse_otlp_json(b"\xef\xbb\xbf" + json.dumps(body).encode(), PointCache(), LATEST_MS)
    assert parsed.batch.values == [7.0]
    (refusal,) = parsed.batch.refused
    assert (refusal.index, "has no gauge," in refusal.reason, "newHistogram" in refusal.reason) == (0, True, True)


def test_fields_that_are_not_read_have_a_limit_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MAX_NOT_READ", 1_000)
    monkeypatch.setattr(protobuf, "_NOT_READ_BYTES", 1 << 30)

    def body(count: int) -> bytes:
        began = b"\x11" + bytes(8)  # when a counter began, which every sender says
        number = field(1, began + b"\x19" + (T * 1_000_000).to_bytes(8, "little") + b"\x21" + bytes(8))
        points = b"".join([field(1, b"\x60\x00" * 5 + number[2:])] * count)
        return field(1, field(2, field(2, field(1, b"m") + field(5, number * 2_000 + points))))

    assert len(parse_otlp_protobuf(body(100), PointCache(100), LATEST_MS).batch.keys) == 2_100
    with pytest.raises(Invalid, match="more than 1000 fields that are not known"):
        parse_otlp_protobuf(body(2_000), PointCache(100), LATEST_MS)


def test_exemplars_never_make_a_request_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MAX_NOT_READ", 10)
    exemplar = field(8, b"\x11" + (T * 1_000_000).to_bytes(8, "little") + b"\x19" + bytes(8))
    point = b"\x19" + (T * 1_000_000).to_bytes(8, "little") + b"\x21" + bytes(8) + b"\x29" + bytes(8) + exemplar * 15
    body = field(1, field(2, field(2, field(1, b"m") + field(9, field(1, point) * 200))))
    assert len(parse_otlp_protobuf(body, PointCache(100), LATEST_MS).batch.keys) >= 600


def long_request() -> ExportMetricsServiceRequest:
    """Gauges and histograms in two resources; a metric in each has many points."""
    whole = ExportMetricsServiceRequest()
    for service in ("shop", "bank"):
        of = whole.resource_metrics.add()
        put(of.resource.attributes, "service.name", service)
        put(of.resource.attributes, "host.name", "web-1")
        metrics = of.scope_metrics.add().metrics
        load, took = metrics.add(name="load", unit="By").gauge, metrics.add(name="took", unit="s").histogram
        took.aggregation_temporality = 1
        for n in range(90):
            put(load.data_points.add(time_unix_nano=NS + n * 1_000_000, as_double=n).attributes, "n", n % 3)
            took.data_points.add(
                time_unix_nano=NS + n * 1_000_000,
                count=n,
                sum=n / 2,
                bucket_counts=[n, 0, 0],
                explicit_bounds=[1, 0.5 if n % 30 == 7 else 2],
            )
    return whole


@pytest.mark.parametrize("kind", ["protobuf", "collector", "json"])
def test_a_long_request_is_read_in_parts_that_have_its_whole_content(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = long_request()
    body = {"protobuf": sent.SerializeToString, "collector": lambda: collector_bytes(sent)}.get(
        kind, lambda: MessageToJson(sent).encode()
    )()
    parse = parse_otlp_json if kind == "json" else parse_otlp_protobuf
    whole = parse(body, PointCache(), LATEST_MS)
    assert whole.rest is None
    monkeypatch.setattr(otlp, "FULL_PART", 100)
    monkeypatch.setattr(otlp, "_PIECE_BYTES", 300)
    cache = PointCache()
    for _ in range(2):  # the second time its series are known
        first = parse(body, cache, LATEST_MS)
        parts = [first, *(first.rest or ())]
        assert len(parts) >= 8
        assert all(100 <= len(part.batch.keys) < 130 for part in parts[:-1])
        for part in parts:
            check_parsed(part)
        rows = [row for part in parts for row in columns(part)]
        assert sorted(rows, key=repr) == sorted(columns(whole), key=repr)
        refused = [refusal for part in parts for refusal in part.batch.refused]
        assert [(r.index, r.field) for r in refused] == [(r.index, r.field) for r in whole.batch.refused]
        assert len(refused) == 6
        places = [place for part in parts if part.batch.where is not None for place in part.batch.where()]
        assert whole.batch.where is not None
        assert sorted(places) == sorted(whole.batch.where())


def test_too_many_parts_are_refused_like_a_point_once_samples_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "FULL_PART", 100)
    monkeypatch.setattr(otlp, "_PIECE_BYTES", 300)
    monkeypatch.setattr(otlp, "_MAX_PARTS", 20)
    monkeypatch.setattr(otlp, "_PART_BYTES", 1 << 20)
    sent = long_request()
    for _ in range(15):
        sent.resource_metrics[1].scope_metrics.add().metrics.add(name="idle")
    parsed = parse_otlp_protobuf(sent.SerializeToString(), PointCache(), LATEST_MS)
    assert parsed.rest is not None
    parts = [parsed, *parsed.rest]
    rows = sum(len(part.batch.keys) for part in parts)
    assert rows >= 2 * (90 + 4 * 87)
    last = parts[-1].batch.refused[-1]
    assert "more than 20 resources, scopes and metrics" in last.reason
