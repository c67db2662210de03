"""OTLP/HTTP as its exporters see it: ../shared/wire-formats.md, "Second"."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from tests.handlers.feeders import bearer, guarded, post, series, series_in
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running

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
        assert series_in(server) == {'load{n="0"}': 1, 'load{n="1"}': 2}
        response = await post(server, "/v1/metrics", protobuf(3, 4), headers=PROTOBUF)
        assert (response.code, response.body, response.headers["Content-Type"]) == (200, b"", "application/x-protobuf")
        assert series_in(server) == {'load{n="0"}': 3, 'load{n="1"}': 4}
        assert (series(server, 'load{n="0"}').unit, series(server, 'load{n="0"}').kind) == ("B", "gauge")


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
        assert series_in(server) == {'load{n="0"}': 1}


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


async def test_what_is_said_of_a_point_counts_before_what_is_said_of_its_resource() -> None:
    async with running() as server:
        sent = histograms("one", resource={"a_b": "resource", "other": "kept"}, a_b="point")
        assert answer(await post(server, "/v1/metrics", sent, headers=JSON)) == {}
        assert 'one_count{a_b="point",other="kept"}' in series_in(server)
