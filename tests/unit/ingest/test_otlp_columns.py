from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Sum

from dashboard.ingest import otlp
from dashboard.ingest.otlp import parse_otlp_protobuf
from dashboard.ingest.otlp_cache import PointCache
from dashboard.ingest.otlp_columns import attributes_of, read_columns
from tests.support.claims import accepted
from tests.support.collector_bytes import collector_bytes
from tests.support.parsed_checks import LATEST_MS, T
from tests.support.recorded import Recorded, requests_of

NS = T * 1_000_000


def gauge(*points: tuple[str, Any], start: bool = False, **more: Any) -> Gauge | Sum:
    made = (Sum if more else Gauge)(**more)
    for place, (host, value) in enumerate(points):
        point = made.data_points.add(time_unix_nano=NS + place * 1_000_000)
        if start:
            point.start_time_unix_nano = NS
        attribute = point.attributes.add()
        attribute.key, attribute.value.string_value = "host", host
        if isinstance(value, int):
            point.as_int = value
        else:
            point.as_double = value
    return made


def known(*hosts: str) -> dict[bytes, str]:
    """Return the series by the bytes of their attributes, as they stand behind the value."""
    found = {}
    for host in hosts:
        attributes = gauge((host, 0.0)).data_points[0]
        attributes.time_unix_nano = 0
        attributes.ClearField("value")
        found[attributes.SerializeToString()] = f'a{{host="{host}"}}'
    return found


@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("values", [(1.5, -2.0, 3.0), (1, -2, 3)])
def test_points_as_sdks_write_them_are_columns(start: bool, values: tuple[float, ...]) -> None:
    message = gauge(*zip("xyx", values, strict=True), start=start)
    found = read_columns(message.SerializeToString(), known("x", "y"), LATEST_MS)
    assert found is not None
    assert found.keys == ['a{host="x"}', 'a{host="y"}', 'a{host="x"}']
    assert (found.times, found.values) == ([T, T + 1, T + 2], [float(value) for value in values])
    assert (found.count, found.others, found.rest) == (3, [], {})


def test_what_else_a_sum_says_is_told() -> None:
    message = gauge(("x", 1.0), is_monotonic=True, aggregation_temporality=2)
    found = read_columns(message.SerializeToString(), known("x"), LATEST_MS)
    assert found is not None
    assert found.rest == {"aggregationTemporality": 2, "isMonotonic": True}


def test_points_that_need_a_closer_look_are_given_with_their_places() -> None:
    message = gauge(("x", 1.0), ("new", 2.0), ("x", math.nan), ("x", 4.0))
    found = read_columns(message.SerializeToString(), known("x"), LATEST_MS)
    assert found is not None
    assert (found.values, [place for place, _ in found.others]) == ([1.0, 4.0], [1, 2])
    assert found.others[0][1] == message.data_points[1].SerializeToString()


def test_points_of_the_future_are_not_taken_as_they_are() -> None:
    found = read_columns(gauge(("x", 1.0)).SerializeToString(), known("x"), T - 10**9)
    assert found is not None
    assert (found.keys, len(found.others)) == ([], 1)


@pytest.mark.parametrize("data", [b"", b"\x0a", b"\x0a\x02ab", b"\x10\x01", b"\xff" * 40])
def test_what_is_laid_out_in_another_way_is_left_to_others(data: bytes) -> None:
    assert read_columns(data, {}, LATEST_MS) is None


def test_points_as_the_collector_writes_them_are_columns() -> None:
    message = gauge(("x", 1), ("y", -2), start=True, is_monotonic=True, aggregation_temporality=2)
    data = collector_bytes(message)
    assert data[:4] == b"\x18\x01\x10\x02"
    hosts = {collector_bytes(gauge((host, 0)).data_points[0])[18:]: host for host in "xy"}
    found = read_columns(data, hosts, LATEST_MS)
    assert found is not None
    assert (found.keys, found.times, found.values) == (["x", "y"], [T, T + 1], [1.0, -2.0])
    assert found.rest == {"aggregationTemporality": 2, "isMonotonic": True}


@pytest.mark.parametrize("request_", requests_of("otelcol-protobuf"))
def test_a_recorded_request_of_the_collector_is_read_as_columns_from_the_second_time_on(
    request_: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request also has the bytes that ``collector_bytes`` writes, so that benches may use that encoder."""
    body, cache = request_.body, PointCache()
    message = ExportMetricsServiceRequest.FromString(body)
    assert collector_bytes(message) == body
    ascending = parse_otlp_protobuf(message.SerializeToString(), PointCache(), 2 * T).batch
    first = accepted(parse_otlp_protobuf(body, cache, 2 * T)).batch
    assert parse_otlp_protobuf(body, cache, 2 * T).batch.claims == {}
    monkeypatch.setattr(otlp, "read_point", None)
    second = parse_otlp_protobuf(body, cache, 2 * T).batch
    assert len(second.keys) > 0
    assert second.keys == first.keys == ascending.keys
    assert second.values == first.values == ascending.values
    assert second.times == first.times == ascending.times


@pytest.mark.parametrize("numbers", list(permutations((2, 3, 6))))
def test_the_numbers_of_a_point_may_have_any_order(numbers: tuple[int, ...]) -> None:
    values = {2: NS, 3: NS + 5_000_000, 6: 42}
    head = b"".join(bytes([number << 3 | 1]) + values[number].to_bytes(8, "little") for number in numbers)
    tail = next(iter(known("x")))
    assert attributes_of(head + tail) == tail
    found = read_columns(bytes([0x0A, len(head + tail)]) + head + tail, known("x"), LATEST_MS)
    assert found is not None
    assert (found.keys, found.times, found.values) == (['a{host="x"}'], [T + 5], [42.0])
