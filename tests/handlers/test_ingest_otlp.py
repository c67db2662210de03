"""OTLP/HTTP as its exporters see it: ../shared/wire-formats.md, "Second"."""

from __future__ import annotations

import gzip
import time
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cramjam
import pytest
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from dashboard.cluster.shared_requests import SharedRequests
from dashboard.ingest import otlp
from dashboard.ingest.packed import ENCODINGS
from dashboard.ingest.slices import SLICE_BYTES
from dashboard.web.feed import feeding
from tests.handlers.feeders import bearer, guarded, post, series, series_in
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running
from tests.support.write_request import encode, snappy

pytestmark = pytest.mark.gen_test

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json; charset=utf-8"}


def gauge(*values: float, name: str = "load", unit: str = "By", ahead_s: int = 0) -> dict[str, Any]:
    t = str(time.time_ns() + ahead_s * 1_000_000_000)
    points = [
        {"asDouble": value, "timeUnixNano": t, "attributes": [{"key": "n", "value": {"intValue": str(n)}}]}
        for n, value in enumerate(values)
    ]
    metrics = [{"name": name, "unit": unit, "gauge": {"dataPoints": points}}]
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}


def protobuf(*values: float) -> bytes:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="load", unit="By")
    for n, value in enumerate(values):
        point = metric.gauge.data_points.add(as_double=value, time_unix_nano=time.time_ns())
        point.attributes.add(key="n").value.int_value = n
    return bytes(request.SerializeToString())


async def test_json_and_protobuf_are_answered_in_kind() -> None:
    async with running() as server:
        response = await post(server, "/v1/metrics", gauge(1, 2), headers=JSON)
        assert (response.code, answer(response), response.headers["Content-Type"]) == (200, {}, "application/json")
        assert series_in(server) == {'load_bytes{n="0"}': 1, 'load_bytes{n="1"}': 2}
        response = await post(server, "/v1/metrics", protobuf(3, 4), headers=PROTOBUF)
        assert (response.code, response.body, response.headers["Content-Type"]) == (200, b"", "application/x-protobuf")
        assert series_in(server) == {'load_bytes{n="0"}': 3, 'load_bytes{n="1"}': 4}
        assert (series(server, 'load_bytes{n="0"}').unit, series(server, 'load_bytes{n="0"}').kind) == ("B", "gauge")


async def test_points_that_are_refused_are_told_in_a_200(tmp_path: Path) -> None:
    async with guarded(tmp_path, max_series=1) as (server, token):
        response = await post(server, "/v1/metrics", gauge(1, 2, 3), headers=JSON | bearer(token))
        told = answer(response)["partialSuccess"]
        assert (response.code, told["rejectedDataPoints"]) == (200, "2")
        assert "1 series of the token feeder" in told["errorMessage"]
        response = await post(server, "/v1/metrics", protobuf(1, 2, 3), headers=PROTOBUF | bearer(token))
        parsed = ExportMetricsServiceResponse.FromString(response.body)
        assert (response.code, parsed.partial_success.rejected_data_points) == (200, 2)
        ahead = await post(server, "/v1/metrics", gauge(1, ahead_s=10_000), headers=JSON | bearer(token))
        assert answer(ahead)["partialSuccess"]["rejectedDataPoints"] == "1"
        assert series_in(server) == {'load_bytes{n="0"}': 1}


async def test_other_types_get_415_and_faults_a_status_of_the_same_type(tmp_path: Path) -> None:
    async with guarded(tmp_path, per_s=1) as (server, token):
        me = bearer(token)
        assert (await post(server, "/v1/metrics", b"x", headers={"Content-Type": "text/plain"} | me)).code == 415
        bad = await post(server, "/v1/metrics", b"{", headers=JSON | me)
        assert (bad.code, answer(bad)["code"]) == (400, 3)
        assert (await post(server, "/v1/metrics", b"\xff\xff", headers=PROTOBUF | me)).code == 400
        for headers in ({}, bearer("wrong")):
            refused = await post(server, "/v1/metrics", gauge(1), headers=JSON | headers)
            assert (refused.code, answer(refused)["code"]) == (401, 16)
            refused = await post(server, "/v1/metrics", protobuf(1), headers=PROTOBUF | headers)
            assert (refused.code, refused.headers["Content-Type"], refused.body[:2]) == (
                401,
                PROTOBUF["Content-Type"],
                b"\x08\x10",
            )
        assert (await post(server, "/v1/metrics", gauge(*range(10)), headers=JSON | me)).code == 200
        later = await post(server, "/v1/metrics", gauge(1, 2), headers=JSON | me)
        assert (later.code, int(later.headers["Retry-After"]) in (1, 2), answer(later)["code"]) == (429, True, 8)
        for method in ("GET", "HEAD"):
            assert (await fetch(server, "/v1/metrics", method=method)).code == 200


def histograms(*names: str, resource: dict[str, str] | None = None, **attributes: str) -> dict[str, Any]:
    def pairs(given: dict[str, str]) -> list[Any]:
        return [{"key": key.replace("_", "."), "value": {"stringValue": value}} for key, value in given.items()]

    point = {
        "count": "3",
        "sum": 4,
        "bucketCounts": ["1", "1", "1"],
        "explicitBounds": [1, 2],
        "timeUnixNano": str(time.time_ns()),
    }
    metrics = [
        {
            "name": name,
            "histogram": {"aggregationTemporality": 2, "dataPoints": [{**point, "attributes": pairs(attributes)}]},
        }
        for name in names
    ]
    return {
        "resourceMetrics": [{"resource": {"attributes": pairs(resource or {})}, "scopeMetrics": [{"metrics": metrics}]}]
    }


async def test_points_are_counted_and_not_what_is_made_of_them(tmp_path: Path) -> None:
    async with guarded(tmp_path, prefixes=("app_",)) as (server, token):
        sent = histograms("app_a", "zz_a", "app_b", "zz_b")
        told = answer(await post(server, "/v1/metrics", sent, headers=JSON | bearer(token)))["partialSuccess"]
        assert told["rejectedDataPoints"] == "2"
        assert told["errorMessage"].startswith("point 1: ")
        assert not any(text.startswith("zz_") for text in series_in(server))


async def test_what_is_said_of_a_point_is_told_apart_from_what_is_said_of_its_resource() -> None:
    async with running() as server:
        sent = histograms("one", resource={"a_b": "resource", "other": "kept"}, a_b="point")
        assert answer(await post(server, "/v1/metrics", sent, headers=JSON)) == {}
        assert 'one_count{a_b="resource",exported_a_b="point",other="kept"}' in series_in(server)


async def test_the_other_name_of_protobuf_is_taken_and_answered_in_kind() -> None:
    async with running() as server:
        response = await post(server, "/v1/metrics", protobuf(1), headers={"Content-Type": "application/protobuf"})
        assert (response.code, response.headers["Content-Type"]) == (200, "application/protobuf")


@pytest.mark.parametrize("encoding", ["gzip", *ENCODINGS])
async def test_all_encodings_of_a_collector_are_unpacked(encoding: str) -> None:
    pack = {
        "gzip": gzip.compress, "zstd": cramjam.zstd.compress, "zlib": zlib.compress, "deflate": zlib.compress,
        "snappy": cramjam.snappy.compress_raw, "x-snappy-framed": cramjam.snappy.compress, "lz4": cramjam.lz4.compress,
    }[encoding]  # fmt: skip
    async with running(max_otlp_bytes=100_000) as server:
        headers = PROTOBUF | {"Content-Encoding": encoding}
        response = await post(server, "/v1/metrics", bytes(pack(protobuf(1, 2))), headers=headers)
        assert (response.code, len(series_in(server))) == (200, 2)
        assert (await post(server, "/v1/metrics", bytes(pack(bytes(100_001))), headers=headers)).code == 413
        assert (await post(server, "/v1/metrics", b"\xff" * 40, headers=headers)).code == 400
        unknown = await post(server, "/v1/metrics", b"x", headers=PROTOBUF | {"Content-Encoding": "br"})
        assert (unknown.code, unknown.headers["Content-Type"]) == (415, PROTOBUF["Content-Type"])


@pytest.mark.parametrize("signal", ["traces", "logs"])
async def test_other_signals_are_told_what_is_taken(signal: str) -> None:
    async with running() as server:
        response = await post(server, f"/v1/{signal}", b"x", headers=PROTOBUF)
        assert (response.code, response.headers["Content-Type"], response.body[:2]) == (
            404,
            PROTOBUF["Content-Type"],
            b"\x08\x0c",
        )
        assert f"OTEL_{signal.upper()}_EXPORTER=none" in response.body.decode("utf-8", "replace")
        response = await post(server, f"/v1/{signal}", {}, headers=JSON)
        assert (response.code, answer(response)["code"]) == (404, 12)
        assert (await post(server, "/v1/other", b"x", headers=PROTOBUF)).code == 404


def delta(value: int, *, timed: bool) -> dict[str, Any]:
    point = {"asInt": str(value)} | ({"timeUnixNano": str(time.time_ns() + value * 10**7)} if timed else {})
    metric = {"name": "hits", "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [point]}}
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}


@pytest.mark.parametrize("timed", [True, False])
async def test_the_same_request_with_deltas_counts_once_within_a_minute(timed: bool) -> None:
    async with running() as server:
        first, second = delta(3, timed=timed), delta(4, timed=timed)
        for sent in (first, first, second, first, second):
            assert (await post(server, "/v1/metrics", sent, headers=JSON)).code == 200
        assert series(server, "hits_total").values.tolist() == [3, 4]


async def test_no_recorded_value_ends_all_series_of_a_histogram() -> None:
    async with running() as server:
        sent = histograms("one", "two", a="b")
        await post(server, "/v1/metrics", sent, headers=JSON)
        metric = sent["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
        ended = {
            "timeUnixNano": str(time.time_ns()),
            "flags": 1,
            "attributes": metric[0]["histogram"]["dataPoints"][0]["attributes"],
        }
        metric[:] = [{"name": "one", "histogram": {"aggregationTemporality": 2, "dataPoints": [ended]}}]
        assert answer(await post(server, "/v1/metrics", sent, headers=JSON)) == {}
        rows = answer(await fetch(server, "/api/v1/series"))["series"]
        assert {row["series"][:3] for row in rows if row["freshness"] == "dead"} == {"one"}
        assert sum(row["freshness"] == "dead" for row in rows) == 5
        assert sum(row["freshness"] == "live" for row in rows) == 5


async def test_a_refused_point_is_named_in_the_answer_and_decoded_in_the_tap() -> None:
    async with running() as server:
        request = ExportMetricsServiceRequest()
        metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="my.load", unit="By")
        point = metric.gauge.data_points.add(as_double=1, time_unix_nano=time.time_ns())
        point.attributes.add(key="process.command_line").value.string_value = "x" * 4_097
        metric.gauge.data_points.add(as_double=2, time_unix_nano=5)
        response = await post(server, "/v1/metrics", request.SerializeToString(), headers=PROTOBUF)
        told = ExportMetricsServiceResponse.FromString(response.body).partial_success
        assert told.rejected_data_points == 2
        assert told.error_message.startswith(
            "point 0: labels.process_command_line: is 4097 bytes long; at most 4096 (setting max_label_value_bytes) of my_load_bytes{"
        )
        (feeder,) = answer(await fetch(server, "/api/v1/feeders"))["feeders"]
        shown = {refusal["reason"]: refusal["snippet"] for refusal in feeder["refusals"]}
        (reason,) = (reason for reason in shown if "my.load" in reason)
        assert shown[reason] == '{"timeUnixNano":5,"asDouble":2.0}'
        await post(server, "/v1/metrics", b"\xff\xff", headers=PROTOBUF)
        (feeder,) = answer(await fetch(server, "/api/v1/feeders"))["feeders"]
        assert "application/x-protobuf of 2 bytes" in {refusal["snippet"] for refusal in feeder["refusals"]}


@pytest.mark.parametrize("slice_bytes", [5_000, SLICE_BYTES])
@pytest.mark.parametrize("kind", ["protobuf", "json"])
async def test_a_body_with_more_samples_than_a_part_may_have_is_stored_whole_and_once(
    kind: str, slice_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "SLICE_BYTES", slice_bytes)
    monkeypatch.setattr(otlp, "FULL_PART", 100)
    monkeypatch.setattr(otlp, "_PIECE_BYTES", 1_000)
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="hits")
    metric.sum.aggregation_temporality, metric.sum.is_monotonic = 1, True
    began = time.time_ns()
    for n in range(1_000):
        point = metric.sum.data_points.add(as_int=n, time_unix_nano=5 if n == 700 else began + n * 1_000_000)
        point.attributes.add(key="n").value.int_value = n % 10
    body = request.SerializeToString() if kind == "protobuf" else MessageToJson(request).encode()
    async with running() as server:
        for _ in range(2):
            response = await post(server, "/v1/metrics", body, headers=PROTOBUF if kind == "protobuf" else JSON)
            if kind == "json":
                assert answer(response)["partialSuccess"]["rejectedDataPoints"] == "1"
                assert answer(response)["partialSuccess"]["errorMessage"].startswith("point 700: ")
            else:
                told = ExportMetricsServiceResponse.FromString(response.body).partial_success
                assert (told.rejected_data_points, told.error_message[:10]) == (1, "point 700:")
        for n in range(10):
            expected = [each for each in range(n, 1_000, 10) if each != 700]
            assert series(server, f'hits_total{{n="{n}"}}').values.tolist() == expected


async def test_deltas_without_a_time_in_a_later_part_count_again_in_a_later_period(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(otlp, "FULL_PART", 100)
    monkeypatch.setattr(otlp, "_PIECE_BYTES", 1_000)
    periods = [7]
    monkeypatch.setattr(SharedRequests, "period", lambda *_: periods[0])
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="hits")
    metric.sum.aggregation_temporality, metric.sum.is_monotonic = 1, True
    began = time.time_ns()
    for n in range(400):
        point = metric.sum.data_points.add(as_int=1, time_unix_nano=began + n * 1_000_000 if n < 300 else 0)
        point.attributes.add(key="n").value.string_value = "timed" if n < 300 else f"late{n}"
    body = request.SerializeToString()
    async with running() as server:
        for periods[0] in (7, 7, 8):
            assert (await post(server, "/v1/metrics", body, headers=PROTOBUF)).code == 200
        assert len(series(server, 'hits_total{n="timed"}').values) == 300
        assert {len(series(server, f'hits_total{{n="late{n}"}}').values) for n in range(300, 400)} == {2}


async def test_a_token_with_a_rate_has_a_body_of_several_parts_stored_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "FULL_PART", 100)
    monkeypatch.setattr(otlp, "_PIECE_BYTES", 1_000)
    request = ExportMetricsServiceRequest()
    gauge = request.resource_metrics.add().scope_metrics.add().metrics.add(name="load").gauge
    for n in range(500):
        gauge.data_points.add(as_int=n, time_unix_nano=time.time_ns() + n)
    async with guarded(tmp_path, per_s=2) as (server, token):
        headers = PROTOBUF | bearer(token)
        assert (await post(server, "/v1/metrics", request.SerializeToString(), headers=headers)).code == 200
        assert server.counters.samples_accepted == 500
        later = await post(server, "/v1/metrics", request.SerializeToString(), headers=headers)
        assert (later.code, int(later.headers["Retry-After"]) > 100) == (429, True)


def sums(name: str, temporality: int, *values: float, before_s: float = 20) -> dict[str, Any]:
    """Return a request with a sum and a histogram, each with these increases or totals, a second apart."""
    points: list[dict[str, Any]] = []
    for n, value in enumerate(values):
        t = str(time.time_ns() - int((before_s - n) * 1e9))
        points.append({"asDouble": value, "timeUnixNano": t, "count": str(int(value)), "sum": value})
    data = {"aggregationTemporality": temporality, "isMonotonic": True}
    counts = [{**point, "bucketCounts": [str(int(point["asDouble"])), "0"], "explicitBounds": [1]} for point in points]
    for point in counts:
        del point["asDouble"]
    metrics = [
        {
            "name": name,
            "sum": {**data, "dataPoints": [{k: p[k] for k in ("asDouble", "timeUnixNano")} for p in points]},
        },
        {"name": f"{name}_h", "histogram": {"aggregationTemporality": temporality, "dataPoints": counts}},
    ]
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}


async def test_the_increase_of_a_sum_with_delta_temporality_is_what_was_sent() -> None:
    async with running() as server:
        for _ in range(2):  # the second time, the series is known
            assert (
                answer(await post(server, "/v1/metrics", sums("work", 1, 10, 10, 5, before_s=20), headers=JSON)) == {}
            )
        await post(server, "/v1/metrics", sums("work", 1, 10, 10, 5, before_s=10), headers=JSON)

        async def ask(query: str) -> float:
            response = await fetch(server, f"/prometheus/api/v1/query?query={quote(query)}")
            (row,) = answer(response)["data"]["result"]
            return float(row["value"][1])

        stored = await ask("sum_over_time(work_total[5m])")
        assert stored >= 50
        assert await ask("increase(work_total[5m])") == stored
        assert await ask("rate(work_total[5m])") == pytest.approx(stored / 300)
        assert await ask("histogram_quantile(0.5, rate(work_h_bucket[5m]))") == pytest.approx(0.5)


async def test_increases_and_totals_of_one_name_do_not_become_one_series() -> None:
    async with running() as server:
        for temporality, rejected in ((1, False), (2, True), (1, False)):
            for _ in range(2):
                said = answer(await post(server, "/v1/metrics", sums("both", temporality, 3), headers=JSON))
                assert ("partialSuccess" in said) is rejected
                assert not rejected or "(delta temporality)" in said["partialSuccess"]["errorMessage"]


async def test_a_protobuf_body_that_is_refused_as_a_whole_is_shown_with_its_names(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, _):
        row = ({"__name__": "up", "job": "a"}, [(1.0, time.time_ns() // 1_000_000)])
        remote = snappy(encode([row]))
        for path, sent, headers in (
            ("/v1/metrics", protobuf(1), PROTOBUF),
            ("/v1/metrics", gzip.compress(protobuf(1)), PROTOBUF | {"Content-Encoding": "gzip"}),
            ("/api/v1/write", remote, {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}),
        ):
            assert (await post(server, path, sent, headers=headers)).code == 401
        shown = {each.snippet for feeder in server.stats.feeders() for each in feeder.refusals}
        assert shown == {
            f"application/x-protobuf of {len(protobuf(1))} bytes: load", f"remote write of {len(remote)} bytes: up",
        }  # fmt: skip


async def test_a_point_of_a_metric_without_a_usable_name_is_shown_decoded() -> None:
    async with running() as server:
        request = ExportMetricsServiceRequest()
        metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="温度")
        metric.gauge.data_points.add(as_double=2, time_unix_nano=5)
        await post(server, "/v1/metrics", request.SerializeToString(), headers=PROTOBUF)
        (feeder,) = answer(await fetch(server, "/api/v1/feeders"))["feeders"]
        (refusal,) = feeder["refusals"]
        assert refusal["snippet"] == '{"timeUnixNano":5,"asDouble":2.0}'
        assert "'温度'" in refusal["reason"]
