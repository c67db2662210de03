"""OTLP by the OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility": names, labels, target_info, ends."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.series import parse_series
from dashboard.ingest.otlp import parse_otlp_json, parse_otlp_protobuf
from dashboard.ingest.otlp_answers import partial_success
from dashboard.ingest.otlp_cache import PointCache
from dashboard.ingest.otlp_names import label_name, labels_of, metric_name
from dashboard.ingest.otlp_resources import OtlpOptions
from dashboard.ingest.otlp_values import attribute_text, decimal_text, float_text
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import LATEST_MS, T
from tests.unit.ingest.test_otlp import NS, both, columns, put, request


@pytest.mark.parametrize(
    ("sent", "unit", "shape", "ours"),
    [
        ("http.server.request.duration", "s", "histogram", "http_server_request_duration_seconds"),
        ("jvm.memory.used", "By", "sum", "jvm_memory_used_bytes"),
        ("http.requests", "{request}", "counter", "http_requests_total"),
        ("a.total.b", "1", "counter", "a_b_total"),
        ("cpu.utilization", "1", "gauge", "cpu_utilization_ratio"),
        ("cpu.utilization", "1", "sum", "cpu_utilization"),
        ("net.io", "By/s", "gauge", "net_io_bytes_per_second"),
        ("memory_usage_bytes", "By", "gauge", "memory_usage_bytes"),
        ("rate", "{packets}/s", "gauge", "rate_per_second"),
        ("a..b__c-", "", "gauge", "a_b_c"),
        ("2nd", "", "gauge", "_2nd"),
        ("odd", "km²", "gauge", "odd_km"),
        ("job:sum", "", "gauge", "job:sum"),
    ],
)
def test_names_of_metrics(sent: str, unit: str, shape: str, ours: str) -> None:
    assert metric_name(sent, unit, monotonic=shape == "counter", gauge=shape == "gauge") == ours
    assert metric_name("a.b", unit, monotonic=True, gauge=False, names="as_sent") == "a.b"


def test_a_name_of_which_nothing_is_left_is_invalid() -> None:
    with pytest.raises(Invalid, match="no letter"):
        metric_name("温度", "", monotonic=False, gauge=True)


def test_attributes_of_one_name_are_joined_in_the_order_of_their_own_names() -> None:
    assert labels_of([("a_b", "2"), ("a.b", "1")]) == {"a_b": "1;2"}
    assert [label_name(name) for name in ("a.b", "9", "__x__", "a  b", "é")] == ["a_b", "key_9", "_x_", "a_b", "_"]
    assert labels_of([("job", "own"), ("x", "1")], {"job": "shop"}) == {"exported_job": "own", "x": "1"}


DEEP: dict[str, Any] = {"stringValue": "x"}
for _ in range(20):
    DEEP = {"arrayValue": {"values": [DEEP]}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"stringValue": "a\x00\n é"}, "a\x00\n é"),
        ({"boolValue": False}, "false"),
        ({"intValue": "-9223372036854775808"}, "-9223372036854775808"),
        ({"doubleValue": 3}, "3"),
        ({"doubleValue": 3.0}, "3"),
        ({"doubleValue": "NaN"}, "NaN"),
        ({"doubleValue": "-Infinity"}, "-Infinity"),
        ({"doubleValue": 1e-7}, "1e-7"),
        ({"bytesValue": "AP8="}, "AP8="),
        ({"arrayValue": {"values": [{"intValue": "1"}, {"intValue": 2}]}}, "[1,2]"),
        ({"arrayValue": {"values": [{"doubleValue": 1.5}, {}, {"stringValue": 'é"'}, {"boolValue": True}]}}, '[1.5,null,"é\\"",true]'),
        ({"arrayValue": {"values": [{"doubleValue": "NaN"}, {"bytesValue": "AP8="}]}}, '["NaN","AP8="]'),
        ({"kvlistValue": {"values": [{"key": "b", "value": {"intValue": "2"}}, {"key": "a"}]}}, '{"a":null,"b":2}'),
        ({"arrayValue": {}}, "[]"),
        ({}, ""),
        (None, ""),
        (DEEP, "[" * 20 + '"x"' + "]" * 20),
    ],
)  # fmt: skip
def test_attribute_values_as_the_specification_writes_them(value: Any, text: str) -> None:
    assert attribute_text(value) == text


def test_numbers_without_and_with_exponent() -> None:
    assert [float_text(v) for v in (1e20, 1e21, 0.1, -2.0)] == ["100000000000000000000", "1e+21", "0.1", "-2"]
    assert [decimal_text(v) for v in (0.0, 1.0, 2.5, 1e16, 1e-7)] == ["0", "1", "2.5", "10000000000000000", "0.0000001"]


def of_resource(**attributes: Any) -> Parsed:
    whole, metrics = request(**attributes)
    metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=1)
    return both(whole)


def test_the_resource_is_job_instance_and_target_info() -> None:
    parsed = of_resource(
        service__name="shop", service__namespace="eu", service__instance__id="i-1", host__name="web-1", os__type="linux"
    )
    assert sorted(parsed.batch.keys) == [
        'target_info{host_name="web-1",instance="i-1",job="eu/shop",os_type="linux"}',
        'x{instance="i-1",job="eu/shop"}',
    ]
    assert parsed.batch.times == [T, T]


def test_a_resource_that_is_no_service_has_all_its_attributes_as_labels() -> None:
    assert of_resource(host__name="web-1", process__pid=7).batch.keys == ['x{host_name="web-1",process_pid="7"}']


def test_resources_of_one_request_that_only_target_info_would_tell_apart_have_all_attributes_as_labels() -> None:
    cache = PointCache()
    whole, metrics = request(service__name="shop", process__pid=1)
    metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=1)
    assert 'x{job="shop"}' in parse_otlp_protobuf(whole.SerializeToString(), cache, LATEST_MS).batch.keys
    other, metrics = request(service__name="shop", process__pid=2)
    metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=2)
    alone = other.SerializeToString()
    whole.MergeFrom(other)
    keys = both(whole, cache).batch.keys
    assert {'x{job="shop",process_pid="1"}', 'x{job="shop",process_pid="2"}'} <= set(keys)
    assert 'x{job="shop",process_pid="2"}' in parse_otlp_protobuf(alone, cache, LATEST_MS).batch.keys


def test_a_setting_chooses_what_of_the_resource_is_a_label() -> None:
    whole, metrics = request(service__name="shop", host__name="web-1", os__type="linux")
    point = metrics.add(name="x.y").gauge.data_points.add(time_unix_nano=NS, as_double=1)
    put(point.attributes, "host.name", "own")
    cache = PointCache(options=OtlpOptions(frozenset({"host.name"}), "as_sent"))
    assert 'x.y{exported_host_name="own",host_name="web-1",job="shop"}' in both(whole, cache).batch.keys


def test_scopes_are_told_apart() -> None:
    whole, _ = request(service__name="shop")
    for number in (1, 2):
        scope = whole.resource_metrics[0].scope_metrics.add()
        scope.scope.name, scope.scope.version = f"lib{number}", "1.0"
        put(scope.scope.attributes, "short.name", "l")
        scope.schema_url = "https://example.org/1"
        scope.metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=number)
    both_scopes = both(whole)
    labels = 'otel_scope_schema_url="https://example.org/1",otel_scope_short_name="l",otel_scope_version="1.0"'
    assert [parse_series(key) for key in both_scopes.batch.keys] == [
        parse_series(f'x{{job="shop",otel_scope_name="lib{number}",{labels}}}') for number in (1, 2)
    ]


def test_two_metrics_that_would_get_one_name_are_not_mixed() -> None:
    whole, metrics = request()
    for name in ("a.b", "a_b"):
        metrics.add(name=name).gauge.data_points.add(time_unix_nano=NS, as_double=1)
    parsed = both(whole)
    assert parsed.batch.keys == ["a_b"]
    (refused,) = parsed.batch.refused
    assert refused.reason == "a_b and a.b would both be called a_b here; rename one"


def test_a_metric_that_changes_its_unit_or_shape_changes_its_name() -> None:
    cache = PointCache()
    for unit, monotonic, name in (
        ("By", False, "x_bytes"),
        ("s", False, "x_seconds"),
        ("s", True, "x_seconds_total"),
    ) * 2:
        whole, metrics = request()
        metric = metrics.add(name="x", unit=unit)
        metric.sum.aggregation_temporality, metric.sum.is_monotonic = 2, monotonic
        metric.sum.data_points.add(time_unix_nano=NS, as_double=1)
        assert both(whole, cache).batch.keys == [name]


def test_values_of_labels_survive_byte_for_byte() -> None:
    whole, metrics = request(service__name="shop")
    point = metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=1)
    put(point.attributes, "command", 'a\x00\t\n"\\é\x85' + "x" * 4_000)
    (key,) = both(whole).batch.keys
    assert dict(parse_series(key).labels)["command"] == 'a\x00\t\n"\\é\x85' + "x" * 4_000


def test_integers_become_the_nearest_double() -> None:
    whole, metrics = request()
    for core, value in enumerate((2**63 - 1, -(2**53) - 1)):
        point = metrics.add(name=f"x{core}").gauge.data_points.add(time_unix_nano=NS, as_int=value)
        put(point.attributes, "core", core)
    assert both(whole).batch.values == [2.0**63, -(2.0**53)]


def test_a_histogram_without_bounds_has_its_infinite_bucket_and_a_summary_its_sum_of_zero() -> None:
    whole, metrics = request()
    metrics.add(name="h").histogram.data_points.add(time_unix_nano=NS, count=6)
    summary = metrics.add(name="s").summary.data_points.add(time_unix_nano=NS, count=2)
    summary.quantile_values.add(quantile=0, value=0)
    summary.quantile_values.add(quantile=1, value=3)
    assert {key: value for key, _, value, _ in columns(both(whole))} == {
        "h_count": 6, 'h_bucket{le="+Inf"}': 6, "s_count": 2, "s_sum": 0, 's{quantile="0"}': 0, 's{quantile="1"}': 3,
    }  # fmt: skip


@pytest.mark.parametrize("shape", ["histogram", "exponential_histogram", "summary"])
def test_no_recorded_value_ends_all_series_of_a_point(shape: str) -> None:
    whole, metrics = request(service__name="shop")
    point = getattr(metrics.add(name="x", unit="s"), shape).data_points.add(time_unix_nano=NS, flags=1)
    put(point.attributes, "a", "1")
    parsed = both(whole)
    labels = '{a="1",job="shop"}'
    ended = {key.removesuffix(labels).removeprefix("x_seconds") for key, _ in parsed.ended}
    families = [(family.key.text, family.label, family.t_ms) for family in parsed.ended_families]
    assert ended >= {"_count", "_sum"}
    assert (
        families
        == {
            "histogram": [(f"x_seconds_bucket{labels}", "le", T)],
            "exponential_histogram": [],
            "summary": [(f"x_seconds{labels}", "quantile", T)],
        }[shape]
    )
    assert (("_p99" in ended), parsed.batch.keys) == (shape == "exponential_histogram", [])


def test_json_with_the_names_of_protobuf_and_with_null_is_read() -> None:
    body = {"resource_metrics": [{"resource": None, "scope_metrics": [{"scope": None, "metrics": [
        {"name": "a", "unit": None, "sum": {"is_monotonic": True, "aggregation_temporality": 2, "data_points": [
            {"as_int": "5", "as_double": None, "time_unix_nano": str(NS), "attributes": [{"key": "k", "value": {"string_value": "v_w"}}]},
        ]}}]}]}]}  # fmt: skip
    parsed = parse_otlp_json(json.dumps(body).encode(), PointCache(), LATEST_MS)
    assert (parsed.batch.keys, parsed.batch.values, parsed.batch.refused) == (['a_total{k="v_w"}'], [5.0], [])


def test_one_deep_attribute_is_text_and_costs_nothing_else() -> None:
    point = {"asDouble": 1, "timeUnixNano": str(NS), "attributes": [{"key": "deep", "value": DEEP}]}
    other = {"asDouble": 2, "timeUnixNano": str(NS)}
    body = {
        "resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "a", "gauge": {"dataPoints": [point, other]}}]}]}]
    }
    parsed = parse_otlp_json(json.dumps(body).encode(), PointCache(), LATEST_MS)
    assert [parse_series(key).labels for key in parsed.batch.keys] == [(("deep", "[" * 20 + '"x"' + "]" * 20),), ()]


def message(number: int, inner: bytes) -> bytes:
    size, head = len(inner), b""
    while size > 0x7F:
        head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
    return bytes([number << 3 | 2]) + head + bytes([size]) + inner


@pytest.mark.parametrize("levels", [10, 45, 60, 400])
def test_deep_attributes_are_followed_so_far(levels: int) -> None:
    value = message(1, b"x")
    for _ in range(levels):
        value = message(5, message(1, value))
    at = b"\x19" + struct.pack("<Q", NS)
    points = at + b"\x21" + struct.pack("<d", 1.0) + message(7, message(1, b"k") + message(2, value))
    gauge = message(1, points) + message(1, at + b"\x21" + struct.pack("<d", 2.0))
    body = message(1, message(2, message(2, message(1, b"a") + message(5, gauge))))
    parsed = parse_otlp_protobuf(body, PointCache(), LATEST_MS)
    assert 2.0 in parsed.batch.values
    assert len(parsed.batch.refused) == (levels > 48)


def test_a_part_that_cannot_be_read_costs_itself() -> None:
    whole, metrics = request(service__name="shop")
    metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=1)
    good = whole.SerializeToString()
    broken = message(1, message(1, message(1, b"\xff\xff\xff")))  # a resource
    metric = message(1, message(2, message(2, message(1, b"\xff") + message(5, b""))))  # a name that is not UTF-8
    parsed = parse_otlp_protobuf(broken + good + metric + good, PointCache(), LATEST_MS)
    assert parsed.batch.keys == ['x{job="shop"}', 'x{job="shop"}']
    assert [r.index for r in parsed.batch.refused] == [0, 2]


def test_a_refusal_names_the_metric_the_field_and_the_point() -> None:
    whole, metrics = request()
    metrics.add(name="my.metric").gauge.data_points.add(time_unix_nano=7, as_double=1)
    parsed = both(whole)
    (refused,) = parsed.batch.refused
    assert (refused.field, refused.reason[-19:]) == (
        "timeUnixNano",
        "(metric my.metric)"[-19:],
    ) or "my.metric" in refused.reason
    assert json.loads(refused.snippet)["asDouble"] == 1
    assert "my.metric" in partial_success(parsed)["partialSuccess"]["errorMessage"]


def test_bytes_are_alike_in_both_encodings() -> None:
    whole, metrics = request()
    point = metrics.add(name="x").gauge.data_points.add(time_unix_nano=NS, as_double=1)
    point.attributes.add(key="b").value.bytes_value = b"\x00\xff\xfe"
    assert both(whole).batch.keys == [f'x{{b="{base64.b64encode(bytes([0, 255, 254])).decode()}"}}']
