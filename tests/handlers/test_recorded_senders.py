"""Requests of real senders, byte for byte as they were recorded: how they are answered, and what arrives."""

from __future__ import annotations

import json
import zlib

import cramjam
import pytest

from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.ingest.otlp import parse_otlp_json, parse_otlp_protobuf
from dashboard.ingest.otlp_cache import PointCache
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.remote_write import LabelCache, parse_remote_write
from dashboard.ingest.statsd_aggregator import Aggregator
from dashboard.ingest.telegraf_json import parse_telegraf_json
from tests.handlers.feeders import fed, post
from tests.support.inprocess import running
from tests.support.recorded import datagrams_of, requests_of

pytestmark = pytest.mark.gen_test
LATEST_MS = 4_000_000_000_000
TELEGRAF = (
    "telegraf-influxdb",
    "telegraf-influxdb-v2",
    "telegraf-http-json",
    "telegraf-http-influx",
    "telegraf-remote-write",
)
OTELCOL = (
    "otelcol-protobuf",
    "otelcol-protobuf-gzip",
    "otelcol-protobuf-zstd",
    "otelcol-protobuf-snappy",
    "otelcol-json",
    "otelcol-remote-write",
)
DOCKER = 13  # tags of a container under Compose, with the host


@pytest.mark.parametrize("name", [*TELEGRAF, *OTELCOL, "prometheus-remote-write", "node-otel"])
async def test_every_request_is_taken_whole(name: str) -> None:
    async with running() as server:
        for sent in requests_of(name):
            headers = {key: value for key, value in sent.headers.items() if key != "Host"}
            response = await post(server, sent.address, sent.body, method=sent.method, headers=headers)
            assert response.code in (200, 204), response.body
            assert b"refused" not in response.body
            assert b"partialSuccess" not in response.body
        assert set(server.counters.samples_refused) <= {"not_finite"}  # of Prometheus' summaries without an observation
        assert sum(count for (_, _, outcome), count in fed(server).items() if outcome == "accepted") > 20


def values_of(parsed: Parsed) -> dict[str, float]:
    assert parsed.batch.refused == []
    return dict(zip(parsed.batch.keys, parsed.batch.values, strict=True))


def test_telegraf_writes_the_same_by_each_of_its_outputs() -> None:
    """Each output was recorded in a run of its own, so the series are compared, and the values that a file gave."""
    found = {}
    for name in TELEGRAF:
        values: dict[str, float] = {}
        for sent in requests_of(name):
            body = zlib.decompress(sent.body, 47) if sent.headers.get("Content-Encoding") == "gzip" else sent.body
            if name.endswith("json"):
                parsed = parse_telegraf_json(body, LATEST_MS)
            elif name.endswith("remote-write"):
                parsed = parse_remote_write(body, LabelCache(), LATEST_MS)
            else:
                parsed = parse_line_protocol(body, LineCache(), LATEST_MS)
            values |= values_of(parsed)
        found[name] = values
    series = {name: {text.partition("{")[0] for text in values} for name, values in found.items()}
    assert all(each == series["telegraf-influxdb"] for each in series.values())
    for values in found.values():
        docker = {text: value for text, value in values.items() if text.startswith("docker_container_mem_")}
        assert sorted(docker.values()) == [12.5, 104_857_600, 838_860_800]
        assert {text.count('="') for text in docker} == {DOCKER + 1}


def test_a_collector_sends_the_same_in_each_encoding() -> None:
    found = []
    for name in OTELCOL[:-1]:
        (sent,) = requests_of(name)
        body, encoding = sent.body, sent.headers.get("Content-Encoding", "")
        if encoding == "gzip":
            body = zlib.decompress(body, 47)
        elif encoding == "zstd":
            body = bytes(cramjam.zstd.decompress(body))
        elif encoding == "snappy":
            body = bytes(cramjam.snappy.decompress_raw(body))
        parse = parse_otlp_json if name.endswith("json") else parse_otlp_protobuf
        found.append(values_of(parse(body, PointCache(), LATEST_MS)))
    (sent,) = requests_of("otelcol-remote-write")
    found.append(values_of(parse_remote_write(sent.body, LabelCache(), LATEST_MS)))
    assert all({*each} == {*found[0]} for each in found[:-1])
    names = [{text.partition("{")[0] for text in each} for each in found]
    assert names[-1] - {"target_info"} == names[0]
    assert len(found[0]) > 60


def test_a_collectors_json_arrives_to_the_last_value() -> None:
    (sent,) = requests_of("otelcol-json")
    points = [
        float(point.get("asInt", point.get("asDouble")))
        for resource in json.loads(sent.body)["resourceMetrics"]
        for scope in resource["scopeMetrics"]
        for metric in scope["metrics"]
        for point in (metric.get("sum") or metric["gauge"])["dataPoints"]
    ]
    assert parse_otlp_json(sent.body, PointCache(), LATEST_MS).batch.values == points


def test_hot_shots_means_what_it_sends() -> None:
    aggregator = Aggregator(gauge_signs="value")
    for datagram in datagrams_of("hot-shots"):
        aggregator.feed(datagram, LATEST_MS)
    (parsed,) = aggregator.flush(LATEST_MS - 1, 1.0)
    values = values_of(parsed)
    assert (values["shop.queue"], values["shop.balance"], values['t{env="test",region="eu west"}']) == (7, -7, -7)
    assert values["shop.visits_count"] % 6 == 0
    assert values['hits_count{beta="true",env="test",page="start"}'] == 1
    assert [event.title for event in parsed.events] == ["Deploy", "db"]


def test_a_sdk_s_first_increases_in_protobuf_are_its_totals_in_json() -> None:
    deltas, _, totals, _ = requests_of("node-otel")
    increases = values_of(parse_otlp_protobuf(deltas.body, PointCache(), LATEST_MS))
    sums = values_of(parse_otlp_json(totals.body, PointCache(), LATEST_MS))
    assert {key.replace('"deltas"', '"totals"'): value for key, value in increases.items()} == sums
    scope = 'otel_scope_name="shop",otel_scope_schema_url="https://example.org/1",otel_scope_version="1.2.3"'
    labels = f'instance="1",job="totals",{scope}'
    assert (
        sums[
            f'orders_total{{code="200",instance="1",job="totals",list="[\\"a\\",\\"b\\"]",ok="true",{scope},route="/a",sizes="[1,2.5]"}}'
        ]
        == 3
    )
    assert sums[f"queue_bytes{{{labels}}}"] == -2
    assert sums[f"large_total{{{labels}}}"] == 2**53 + 2
    assert sums[f"spread_seconds_count{{{labels}}}"] == 4
    assert sums[f"spread_seconds_p50{{{labels}}}"] == pytest.approx(0.1, rel=0.2)
    assert sums[f'room_celsius{{caf_="ö\\n\\"",{labels}}}'] == -3.25
    assert sums['target_info{instance="1",job="totals",process_command_args="[\\"node\\",\\"a b\\"]"}'] == 1
