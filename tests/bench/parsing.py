"""Benches of foreign formats, beside the bare decoding of the same bytes: lines, remote_write, otlp, collector, statsd.

In this process and without a server: the parser, and for lines the entry's bytes, the SQLite journal and the replica too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cramjam
from line_protocol_parser import parse_line
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.domain.position import Position
from dashboard.entries.samples import encode_samples
from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.ingest.otlp import parse_otlp_protobuf
from dashboard.ingest.otlp_cache import PointCache
from dashboard.ingest.remote_write import LabelCache, parse_remote_write
from dashboard.ingest.statsd_aggregator import Aggregator
from dashboard.intake.batches import rows_per_entry
from dashboard.journal.clock import JournalClock
from dashboard.journal.port import METRICS, Entry
from dashboard.journal.sqlite import SqliteJournal
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from tests.bench.figure import Bar, Row, bench
from tests.bench.processes import Bench
from tests.support.collector_bytes import collector_bytes
from tests.support.recorded import requests_of
from tests.support.write_request import WriteRequest, encode, snappy

_T = 1_700_000_000_000
LATEST_MS = 1_900_000_000_000


def least_us(bench: Bench, *works: Callable[[], object]) -> list[float]:
    """Return the least CPU time of each function. They run in turns, so that a machine that is slow for a while is slow
    for all of them."""
    least = [1e9] * len(works)
    for _ in range(int(bench.pick(7, 40))):
        for place, work in enumerate(works):
            began = time.process_time()
            work()
            least[place] = min(least[place], (time.process_time() - began) * 1e6)
    return least


@bench
def lines(bench: Bench) -> Iterator[Row]:
    """Measure Influx lines, 3 fields, 5,000 lines a body: parser, entries and replica, beside the C parser alone."""

    def texts_of(first_ms: int) -> list[str]:
        """Return ten samples of each of 1,500 series, a second apart."""
        return [
            f"cpu,host=server-{i % 500},region=eu usage={i * 0.1},idle={98.5 + i},sys={i}i {(first_ms + i // 500 * 1000) * 10**6}"
            for i in range(5_000)
        ]

    texts, cache = texts_of(_T), LineCache()
    body = "\n".join(texts).encode()
    bodies = iter(["\n".join(texts_of(_T + 10_000 * n)).encode() for n in range(int(bench.pick(7, 40)))])
    replica, seq = Replica(Windows(), Position("0" * 16, 0)), 0

    async def accept(journal: SqliteJournal) -> None:
        nonlocal seq
        batch = parse_line_protocol(next(bodies), cache, LATEST_MS).batch
        payloads = []
        rows = rows_per_entry(batch.keys)
        for start in range(0, len(batch.keys), rows):
            some = slice(start, start + rows)
            times: Any = batch.times[some]  # each line says its time
            payloads.append((max(times), encode_samples(batch.keys[some], times, batch.values[some])))
        await asyncio.gather(*(journal.append(METRICS, payload) for _, payload in payloads))
        for latest_ms, payload in payloads:
            seq += 1
            replica.apply(Entry(seq, latest_ms, payload))

    def floor() -> None:
        for text in texts:
            parse_line(text)

    with TemporaryDirectory() as folder, asyncio.Runner() as runner:
        clock = JournalClock(time.time, time.monotonic)
        journal = SqliteJournal(
            DataFolder(Path(folder)), clock=clock, counters=Counters(), max_age_s=900, max_bytes=256 << 20
        )
        runner.run(journal.open())
        running = runner.get_loop().create_task(journal.run())
        mine, parsed, least = least_us(
            bench,
            lambda: runner.run(accept(journal)),
            lambda: parse_line_protocol(body, cache, LATEST_MS),
            floor,
        )
        running.cancel()
        runner.run(journal.close())
    yield Row(
        "CPU per sample of Influx lines, journal and replica included",
        mine / 15_000,
        "us",
        {"the C parser": least / 15_000, "our parser": parsed / 15_000},
        (Bar("x the C parser", mine / least, 4),),
    )


@bench
def remote_write(bench: Bench) -> Iterator[Row]:
    """Measure Prometheus' remote write, 1,000 series of 5 labels a body: the parser, beside snappy and protobuf alone."""
    labels = {"__name__": "http_requests_total", "code": "200", "instance": "web-1.example.org:9090", "job": "api"}
    body = snappy(encode([(labels | {"handler": f"/api/{i}"}, [(i * 1.5, _T)]) for i in range(1_000)]))
    cache = LabelCache()
    mine, least = least_us(
        bench,
        lambda: parse_remote_write(body, cache, LATEST_MS),
        lambda: WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(body))),
    )
    yield _beside("remote write", mine, least, "snappy and protobuf")


def _points(count: int) -> ExportMetricsServiceRequest:
    """Return a sum of ``count`` points of 3 attributes."""
    request = ExportMetricsServiceRequest()
    of = request.resource_metrics.add()
    of.resource.attributes.add(key="service.name").value.string_value = "api"
    total = of.scope_metrics.add().metrics.add(name="http.requests").sum
    total.is_monotonic, total.aggregation_temporality = True, 2
    for i in range(count):
        point = total.data_points.add(start_time_unix_nano=_T * 10**6, time_unix_nano=_T * 10**6, as_double=i * 1.5)
        for key, value in (("route", f"/api/{i}"), ("method", "GET"), ("status", "200")):
            point.attributes.add(key=key).value.string_value = value
    return request


@bench
def otlp(bench: Bench) -> Iterator[Row]:
    """Measure OTLP protobuf, 1,000 points of 3 attributes: the parser, beside protobuf alone."""
    body, cache = _points(1_000).SerializeToString(), PointCache()
    mine, least = least_us(
        bench,
        lambda: parse_otlp_protobuf(body, cache, LATEST_MS),
        lambda: ExportMetricsServiceRequest.FromString(body),
    )
    yield _beside("OTLP", mine, least, "protobuf")


@bench
def collector(bench: Bench) -> Iterator[Row]:
    """Measure OTLP as the collector writes it, recorded and with 5,000 points in its order, beside the same with fields
    in ascending order."""
    recorded = max((request.body for request in requests_of("otelcol-protobuf")), key=len)
    for what, request in (
        ("a recorded request", ExportMetricsServiceRequest.FromString(recorded)),
        ("5,000 points", _points(5_000)),
    ):
        bodies = collector_bytes(request), request.SerializeToString()
        cache = PointCache()
        count = len(parse_otlp_protobuf(bodies[0], cache, LATEST_MS).batch.keys)
        theirs, ascending = least_us(bench, *(partial(parse_otlp_protobuf, body, cache, LATEST_MS) for body in bodies))
        yield Row(
            f"CPU per sample of OTLP as the collector writes it, {what}",
            theirs / count,
            "us",
            {"the same ascending": ascending / count},
            (Bar("x the same ascending", theirs / ascending, 1.1),),
            {"samples": count},
        )


def _beside(what: str, mine: float, least: float, peer: str) -> Row:
    return Row(
        f"CPU per sample of {what}, 1,000 a body",
        mine / 1_000,
        "us",
        {f"{peer} alone": least / 1_000},
        (Bar(f"x {peer} alone", mine / least, 4),),
    )


@bench
def statsd(bench: Bench) -> Iterator[Row]:
    """Measure StatsD, 50 metrics a datagram, 200 names of six types: parsing and aggregating."""
    types = ("c", "g", "ms", "c|@0.5", "h|#env:prod,host:web-1", "d")
    metrics = [f"app.req{i % 6}.{i % 200}:{i % 97 + 0.25}|{types[i % 6]}".encode() for i in range(5_000)]
    datagrams = [b"\n".join(metrics[start : start + 50]) for start in range(0, 5_000, 50)]
    aggregator = Aggregator()

    def ours() -> None:
        for datagram in datagrams:
            aggregator.feed(datagram, LATEST_MS)

    mine, flush = least_us(bench, ours, lambda: list(aggregator.flush(_T, 1.0)))
    yield Row(
        "CPU per StatsD metric",
        mine / 5_000,
        "us",
        {"a flush of all": flush},
        (Bar("us per metric (200,000 a second)", mine / 5_000, 5),),
        {"metrics_per_cpu_s": 5_000 / mine * 1e6},
    )
