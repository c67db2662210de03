"""Clients from their package registries against a server that requires tokens: only address and token are changed."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from influxdb import InfluxDBClient as InfluxDB1
from influxdb.exceptions import InfluxDBClientError, InfluxDBServerError
from influxdb_client import InfluxDBClient as InfluxDB2
from influxdb_client import Point, WriteOptions
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    delete_from_gateway,
    push_to_gateway,
    pushadd_to_gateway,
)
from prometheus_client.exposition import basic_auth_handler

from tests.support.deadline import scaled, within
from tests.support.pulse import seconds_since
from tests.support.server import ServerProcess, wait_until

WRONG = "dsh_wrong"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Run one server for all tests; some tests kill it and start it again."""
    flags = ("--login", "required", "--no-host-feeder", "--no-server-feeder")
    server = ServerProcess(tmp_path_factory.mktemp("guarded"), *flags).start()
    yield server
    server.close()
    assert server.complaints() == ""


@pytest.fixture(scope="module")
def token(guarded: ServerProcess) -> str:
    return guarded.token("feeder", "--verb", "write", "--verb", "read", "--max-series", "9000")


def last(server: ServerProcess, token: str, name: str) -> dict[str, float]:
    """Return the last values of the series with this name, by the values of their labels."""
    _, _, body = server.request("GET", f"/api/v1/series?match={name}", headers={"Authorization": f"Bearer {token}"})
    return {",".join(row["labels"].values()): row["last"]["value"] for row in json.loads(body)["series"]}


def arrived(server: ServerProcess, token: str, name: str, expected: dict[str, float]) -> None:
    wait_until(lambda: last(server, token, name) == expected, 30, f"{name}: {expected}")


def over_a_kill(server: ServerProcess, send: Any) -> None:
    """Run ``send`` while the server is dead; start the server again a moment later, at the same address."""
    server.kill()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            send()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)  # the client is to meet a server that is not there
    server.start()
    wait_until(lambda: not thread.is_alive(), 30, "the client's end")
    assert failed == []


# --- InfluxDB 1 ---


def influx1(server: ServerProcess, token: str, **options: Any) -> InfluxDB1:
    return InfluxDB1("127.0.0.1", server.port, "feeder", token, "metrics", **options)


def points(count: int, measurement: str) -> list[dict[str, Any]]:
    return [{"measurement": measurement, "tags": {"n": str(n)}, "fields": {"value": n + 0.5}} for n in range(count)]


def expected(count: int) -> dict[str, float]:
    return {str(n): n + 0.5 for n in range(count)}


@pytest.mark.parametrize("packed", [False, True])
def test_influxdb_writes_points(guarded: ServerProcess, token: str, packed: bool) -> None:
    client, name = influx1(guarded, token, gzip=packed), f"influx_{packed}"
    assert client.ping() == "1.8.10"
    client.create_database("metrics")
    assert client.write_points(points(7, name), batch_size=3) is True
    arrived(guarded, token, f"{name}_value", expected(7))
    client.close()


def test_influxdb_is_refused_in_its_own_terms(guarded: ServerProcess, token: str) -> None:
    with pytest.raises(InfluxDBClientError, match="authorization failed") as refused:
        influx1(guarded, WRONG).write_points(points(1, "never"))
    assert refused.value.code == 401
    with pytest.raises(InfluxDBClientError, match="partial write: line 1") as refused:
        influx1(guarded, token).write(["kept value=1", "bad"][::-1], protocol="line")
    assert refused.value.code == 400
    arrived(guarded, token, "kept_value", {"": 1})


def test_influxdb_is_told_to_come_again(guarded: ServerProcess, token: str) -> None:
    client = influx1(guarded, guarded.token("slow1", "--per-s", "20"))
    assert client.write_points(points(200, "slow1")) is True
    with pytest.raises(InfluxDBServerError, match="20 samples a second"):
        client.write_points(points(80, "slow1_later"))  # as many as are saved up in four seconds
    wait_until(lambda: _kept(client), 30, "the limit to let it through")
    arrived(guarded, token, "slow1_later_value", expected(80))


def _kept(client: InfluxDB1) -> bool:
    try:
        return bool(client.write_points(points(80, "slow1_later")))
    except InfluxDBServerError:
        return False


def test_influxdb_tries_until_the_server_is_back(guarded: ServerProcess, token: str) -> None:
    client = influx1(guarded, token, retries=0)
    over_a_kill(guarded, lambda: client.write_points(points(20, "restart1")))
    arrived(guarded, token, "restart1_value", expected(20))


# --- InfluxDB 2 ---


def influx2(server: ServerProcess, token: str, **options: Any) -> InfluxDB2:
    return InfluxDB2(server.url, token, org="any", **options)


def points2(count: int, measurement: str) -> list[Point]:
    return [Point(measurement).tag("n", str(n)).field("value", n + 0.5) for n in range(count)]


def test_influxdb_client_writes_points(guarded: ServerProcess, token: str) -> None:
    with influx2(guarded, token, enable_gzip=True) as client:
        assert client.ping() is True
        with client.write_api(write_options=SYNCHRONOUS) as writing:
            writing.write("any", record=points2(9, "influx2"))
    arrived(guarded, token, "influx2_value", expected(9))


def test_influxdb_client_is_refused_in_its_own_terms(guarded: ServerProcess, token: str) -> None:
    with influx2(guarded, WRONG) as client, pytest.raises(ApiException) as refused:
        client.write_api(write_options=SYNCHRONOUS).write("any", record=points2(1, "never"))
    assert (refused.value.status, json.loads(refused.value.body)["code"]) == (401, "unauthorized")
    with influx2(guarded, token) as client, pytest.raises(ApiException) as refused:
        client.write_api(write_options=SYNCHRONOUS).write("any", record="kept2 value=1\nbad")
    assert (refused.value.status, json.loads(refused.value.body)["code"]) == (400, "invalid")
    arrived(guarded, token, "kept2_value", {"": 1})


BATCHES = WriteOptions(batch_size=10, flush_interval=100, retry_interval=300, max_retry_delay=1_000, max_retries=20)


@pytest.mark.expects_log("The retriable error occurred")
def test_influxdb_client_keeps_what_is_too_much_and_sends_it_later(guarded: ServerProcess, token: str) -> None:
    with influx2(guarded, guarded.token("slow2", "--per-s", "10")) as client, client.write_api(BATCHES) as writing:
        writing.write("any", record=points2(120, "slow2"))
        arrived(guarded, token, "slow2_value", expected(120))
    rows = json.loads(guarded.request("GET", f"/api/v1/series?match=slow2_value&token={token}")[2])["series"]
    assert len(rows) == 120


@pytest.mark.expects_log("Connection refused")
def test_influxdb_client_keeps_what_it_has_over_a_kill(guarded: ServerProcess, token: str) -> None:
    with influx2(guarded, token) as client, client.write_api(BATCHES) as writing:
        over_a_kill(guarded, lambda: writing.write("any", record=points2(55, "restart2")))
        arrived(guarded, token, "restart2_value", expected(55))


# --- Prometheus' Pushgateway ---


def pusher(token: str) -> Any:
    def handler(url: str, method: str, timeout: float | None, headers: Any, data: bytes) -> Any:
        return basic_auth_handler(url, method, timeout, headers, data, "feeder", token)

    return handler


def registry(value: float) -> CollectorRegistry:
    made = CollectorRegistry()
    Gauge("batch_last_success", "when", registry=made).set(value)
    Counter("batch_rows", "how many", ["table"], registry=made).labels("a").inc(value)
    return made


def freshness(server: ServerProcess, token: str, name: str) -> str:
    body = server.request("GET", f"/api/v1/series?match={name}&token={token}")[2]
    return str(json.loads(body)["series"][0]["freshness"])


def test_push_to_gateway_pushes_adds_and_deletes(guarded: ServerProcess, token: str) -> None:
    how: dict[str, Any] = {"job": "nightly", "handler": pusher(token)}
    push_to_gateway(guarded.url, registry=registry(3), grouping_key={"instance": "web/1"}, **how)
    arrived(guarded, token, "batch_last_success", {"web/1,nightly": 3})
    arrived(guarded, token, "batch_rows_total", {"web/1,nightly,a": 3})
    pushadd_to_gateway(guarded.url, registry=registry(4), grouping_key={"instance": "web/1"}, **how)
    arrived(guarded, token, "batch_last_success", {"web/1,nightly": 4})
    assert freshness(guarded, token, "batch_rows_total") == "live"
    delete_from_gateway(guarded.url, grouping_key={"instance": "web/1"}, **how)
    wait_until(lambda: freshness(guarded, token, "batch_rows_total") == "dead", 20)


def test_push_to_gateway_is_refused_and_told_to_come_again(guarded: ServerProcess) -> None:
    with pytest.raises(HTTPError) as refused:
        push_to_gateway(guarded.url, job="a", registry=registry(1), handler=pusher(WRONG))
    assert refused.value.code == 401
    refused.value.close()
    text = guarded.token("slow3", "--per-s", "1")
    slow, slow_header = pusher(text), f"Bearer {text}"
    guarded.request("PUT", "/metrics/job/a", "a 1\n" * 10, {"Authorization": slow_header})
    with pytest.raises(HTTPError) as refused:
        push_to_gateway(guarded.url, job="a", registry=registry(1), handler=slow)
    assert (refused.value.code, refused.value.headers["Retry-After"].isdigit()) == (429, True)
    refused.value.close()


# --- OpenTelemetry ---


def telemetry(server: ServerProcess, token: str, **options: Any) -> MeterProvider:
    exporter = OTLPMetricExporter(f"{server.url}/v1/metrics", headers={"Authorization": f"Bearer {token}"}, **options)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=60_000)
    return MeterProvider([reader], resource=Resource({"service.name": "shop"}))


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_opentelemetry_exports_what_it_has(guarded: ServerProcess, token: str, compression: Compression) -> None:
    provider, name = telemetry(guarded, token, compression=compression), f"otel_{compression.value}"
    meter = provider.get_meter("tests")
    counter = meter.create_counter(f"{name}_orders", unit="1")
    for n in range(5):
        counter.add(n, {"n": str(n)})
    meter.create_histogram(f"{name}_seconds", unit="s").record(0.3)
    meter.create_up_down_counter(f"{name}_depth").add(-2)
    assert provider.force_flush()
    provider.shutdown()
    arrived(guarded, token, f"{name}_orders_total", {f"shop,{n},tests": float(n) for n in range(5)})
    arrived(guarded, token, f"{name}_depth", {"shop,tests": -2})
    arrived(guarded, token, f"{name}_seconds_count", {"shop,tests": 1})


@pytest.mark.expects_log("Failed to export metrics batch code: 401")
def test_opentelemetry_is_refused_and_does_not_try_again(guarded: ServerProcess) -> None:
    provider = telemetry(guarded, WRONG)
    provider.get_meter("tests").create_counter("never").add(1)
    began = time.monotonic()
    provider.force_flush()
    within(seconds_since(began), 5, "it gives up")
    provider.shutdown()


@pytest.mark.expects_log("Transient error")
def test_opentelemetry_keeps_what_is_too_much_and_sends_it_later(guarded: ServerProcess, token: str) -> None:
    slow = guarded.token("slow4", "--per-s", "1")
    guarded.request("POST", "/write", "\n".join(["filler value=1"] * 10), {"Authorization": f"Bearer {slow}"})
    provider = telemetry(guarded, slow)
    provider.get_meter("tests").create_counter("otel_slow").add(7)
    assert provider.force_flush()
    provider.shutdown()
    arrived(guarded, token, "otel_slow_total", {"shop,tests": 7})


@pytest.mark.expects_log("Transient error")
def test_opentelemetry_keeps_what_it_has_over_a_kill(guarded: ServerProcess, token: str) -> None:
    provider = telemetry(guarded, token)
    provider.get_meter("tests").create_counter("otel_restart").add(9)
    over_a_kill(guarded, provider.force_flush)
    provider.shutdown()
    arrived(guarded, token, "otel_restart_total", {"shop,tests": 9})


# --- curl ---


def curl(*arguments: str, said: bytes = b"") -> tuple[int, str, str]:
    """Run curl; return status, headers and body."""
    done = subprocess.run(
        ["curl", "-sS", "-i", *arguments], input=said, capture_output=True, timeout=scaled(90), check=True
    )
    head, _, body = done.stdout.decode().rpartition("\r\n\r\n")
    return int(head.rpartition("HTTP/1.1 ")[2][:3]), head.lower(), body


def test_curl_by_every_way_to_show_a_token(guarded: ServerProcess, token: str) -> None:
    write = f"{guarded.url}/write"
    for n, arguments in enumerate(
        (
            [write, "-u", f"any:{token}"],
            [write, "-H", f"Authorization: Token {token}"],
            [f"{write}?u=any&p={token}"],
            [f"{write}?auth_token={token}"],
        )
    ):
        status, _, body = curl(*arguments, "-d", f"curl,n={n} value={n}.5")
        assert (status, body) == (204, "")
    arrived(guarded, token, "curl_value", {str(n): n + 0.5 for n in range(4)})
    widget = json.dumps({"auth_token": token, "current": 5})
    assert curl(f"{guarded.url}/widgets/karma", "-d", widget)[0] == 204
    assert curl(f"{guarded.url}/ping/{token}", "-m", "10")[2] == "OK"
    assert curl("-I", f"{guarded.url}/api/push/{token}?status=up")[0] == 200
    arrived(guarded, token, "karma", {"": 5})
    arrived(guarded, token, "feeder_up", {"": 1})


def test_curl_in_chunks_packed_and_refused(guarded: ServerProcess, token: str, tmp_path: Path) -> None:
    me, write = ["-u", f"any:{token}"], f"{guarded.url}/api/v2/write"
    body = b"\n".join(b"chunks,n=%d value=%d.5" % (n, n) for n in range(500))
    assert curl(write, *me, "-H", "Transfer-Encoding: chunked", "--data-binary", "@-", said=body)[0] == 204
    arrived(guarded, token, "chunks_value", expected(500))
    packed = gzip.compress(body.replace(b"chunks", b"packed"))
    assert curl(write, *me, "-H", "Content-Encoding: gzip", "--data-binary", "@-", said=packed)[0] == 204
    arrived(guarded, token, "packed_value", expected(500))
    status, head, said = curl(write, "-d", "a value=1")
    assert (status, json.loads(said)["code"]) == (401, "unauthorized")
    assert 'www-authenticate: basic realm="dashboard"' in head


def test_what_was_answered_well_is_there_after_a_kill(guarded: ServerProcess, token: str) -> None:
    for n in range(20):
        assert curl(f"{guarded.url}/write", "-u", f"any:{token}", "-d", f"kept_over,n={n} value={n}.5")[0] == 204
    guarded.kill()
    guarded.start()
    arrived(guarded, token, "kept_over_value", expected(20))
