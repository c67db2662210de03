"""Bench of the fast paths with the bytes of real senders (``tests/data/senders``): recorded."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from functools import partial

import cramjam
from line_protocol_parser import parse_line

from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.ingest.remote_write import LabelCache, parse_remote_write
from dashboard.ingest.statsd_aggregator import Aggregator
from tests.bench.figure import Bar, Row, bench
from tests.bench.parsing import LATEST_MS, least_us
from tests.bench.processes import Bench
from tests.support.recorded import Recorded, datagrams_of, requests_of
from tests.support.write_request import WriteRequest

#: Each recording is small: a round parses it so often.
_TIMES = 20


def _longest(name: str) -> Recorded:
    return max(requests_of(name), key=lambda request: len(request.body))


def _lines(request: Recorded) -> bytes:
    is_packed = request.headers.get("Content-Encoding") == "gzip"
    return gzip.decompress(request.body) if is_packed else request.body


def _often(work: Callable[[], object]) -> None:
    for _ in range(_TIMES):
        work()


def _row(
    bench: Bench, what: str, samples: int, ours: Callable[[], object], peer: Callable[[], object], name: str
) -> Row:
    both = least_us(bench, partial(_often, ours), partial(_often, peer))
    mine, least = (us / _TIMES / samples for us in both)
    return Row(
        f"CPU per sample of {what}, recorded",
        mine,
        "us",
        {f"{name} alone": least},
        (Bar(f"x {name} alone", mine / least, 10),),
        {"samples": samples},
    )


def _unpacked(body: bytes) -> object:
    return WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(body)))


def _parsed(lines: list[str]) -> object:
    return [parse_line(line) for line in lines]


@bench
def recorded(bench: Bench) -> Iterator[Row]:
    """Measure requests as Prometheus, the collector and Telegraf sent them, and hot-shots' datagrams: this server's
    parsers, beside bare decoding."""
    for sender in ("prometheus-remote-write", "otelcol-remote-write", "telegraf-remote-write"):
        body, labels = _longest(sender).body, LabelCache()
        count = len(parse_remote_write(body, labels, LATEST_MS).batch.keys)
        yield _row(
            bench,
            sender.replace("-", " "),
            count,
            partial(parse_remote_write, body, labels, LATEST_MS),
            partial(_unpacked, body),
            "snappy and protobuf",
        )
    for sender in ("telegraf-influxdb", "telegraf-http-influx"):
        text, lines = _lines(_longest(sender)), LineCache()
        count = len(parse_line_protocol(text, lines, LATEST_MS).batch.keys)
        each = text.decode().splitlines()
        yield _row(
            bench,
            sender.replace("-", " "),
            count,
            partial(parse_line_protocol, text, lines, LATEST_MS),
            partial(_parsed, each),
            "the C parser",
        )
    datagrams, aggregator = datagrams_of("hot-shots"), Aggregator()

    def feed() -> None:
        for datagram in datagrams:
            aggregator.feed(datagram, LATEST_MS)

    (mine,) = least_us(bench, partial(_often, feed))
    metrics = _TIMES * sum(len(datagram.split(b"\n")) for datagram in datagrams)
    yield Row(
        "CPU per StatsD metric of hot-shots, recorded",
        mine / metrics,
        "us",
        bars=(Bar("us per metric", mine / metrics, 10),),
        notes={"metrics": metrics / _TIMES},
    )
