from __future__ import annotations

from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.prometheus_protobuf import parse_prometheus_protobuf
from dashboard.ingest.remote_write import LabelCache, parse_remote_write, parse_write_request
from dashboard.ingest.remote_write2 import SymbolCache, parse_request2
from tests.support.claims import accepted
from tests.support.parsed_checks import LATEST_MS, T, fuzz
from tests.support.write_request import MetricFamily, Request2, WriteRequest, add_series2, encode, snappy

UP = {"__name__": "up", "instance": "web-1:9100", "job": "node"}
SEEDS = [
    encode([(UP, [(1.5, T)]), ({"__name__": "b"}, [(0.0, T)])]),
    encode([(UP, [(float("nan"), T), (3, T + 1)]), ({"__name__": "c.d é"}, [(-2, T)])], [(1, "up")]),
    encode([({"__name__": "m"} | {f"l{i}": "1" for i in range(9)}, [(1, T)]), (UP, [(2, T)])]),
]
PIECES = [
    b"\x0a", b"\x12", b"\x12\x10\x09", b"\x10", b"\x00", b"\xff", b"\x80", b"\x7f", b"\x12\x07\x10", b"\xff\xff\xff\xff\x0f", b"\x09",
    bytes.fromhex("020000000000f07f"), bytes.fromhex("000000000000f07f"), b"__name__", b"\x1a\x04\x08\x01\x12\x00", SEEDS[0],
]  # fmt: skip


def test_no_message_makes_the_parser_raise_anything_but_invalid_and_the_known_labels_change_nothing() -> None:
    cache = LabelCache(500, origins=Origins(1_000_000))

    def parse(data: bytes) -> Parsed:
        known = parse_write_request(data, cache, LATEST_MS)
        fresh = parse_write_request(data, LabelCache(origins=cache.origins), LATEST_MS)
        assert columns(known) == columns(fresh)
        return accepted(known)

    fuzz(parse, SEEDS, PIECES, inputs=80_000)
    assert len(cache) <= 500


def test_no_snappy_block_makes_the_parser_raise_anything_but_invalid() -> None:
    cache = LabelCache(500)
    fuzz(
        lambda body: parse_remote_write(body, cache, LATEST_MS), [snappy(seed) for seed in SEEDS], PIECES, inputs=20_000
    )


def seeds2() -> list[bytes]:
    request = Request2()
    add_series2(request, UP, (1.5, T), (2.0, T + 1), kind=2, unit="s")
    add_series2(request, {"__name__": "gone"}, (float("nan"), T))
    histogram = add_series2(request, {"__name__": "h"}).histograms.add(timestamp=T, count_int=4, sum=2, schema=1)
    histogram.positive_spans.add(offset=-2, length=2)
    histogram.positive_deltas.extend([2, -1])
    histogram.negative_counts.extend([1])
    histogram.negative_spans.add(length=1)
    custom = add_series2(request, {"__name__": "c"}).histograms.add(timestamp=T, schema=-53, custom_values=[1, 2])
    custom.positive_spans.add(length=1)
    custom.positive_deltas.append(3)
    return [request.SerializeToString()]


def test_no_request_of_version_2_makes_the_parser_raise_anything_but_invalid() -> None:
    cache = SymbolCache(500, origins=Origins(1_000_000))

    def parse(data: bytes) -> Parsed:
        known, fresh = (
            parse_request2(data, cache, LATEST_MS),
            parse_request2(data, SymbolCache(origins=cache.origins), LATEST_MS),
        )
        assert columns(known) == columns(fresh)
        return accepted(known)

    fuzz(parse, seeds2(), PIECES, inputs=30_000)


def test_no_histogram_of_version_1_makes_the_parser_raise_anything_but_invalid() -> None:
    request = WriteRequest()
    series = request.timeseries.add()
    series.labels.add(name="__name__", value="h")
    histogram = series.histograms.add(timestamp=T, count_float=4, sum=2, schema=8)
    histogram.positive_spans.add(offset=5, length=2)
    histogram.positive_counts.extend([2, 1])
    fuzz(
        lambda data: parse_write_request(data, LabelCache(), LATEST_MS),
        [request.SerializeToString()],
        PIECES,
        inputs=20_000,
    )


def test_no_family_makes_the_parser_raise_anything_but_invalid() -> None:
    family = MetricFamily(name="f", type=4)
    metric = family.metric.add(timestamp_ms=T)
    metric.label.add(name="a", value="b")
    metric.histogram.sample_count = 2
    metric.histogram.bucket.add(cumulative_count=1, upper_bound=1)
    metric.summary.quantile.add(quantile=0.5, value=1)
    metric.gauge.value = 1
    data = family.SerializeToString()
    fuzz(
        lambda body: parse_prometheus_protobuf(body, LATEST_MS, labels={"job": "a"}),
        [bytes([len(data)]) + data],
        PIECES,
        inputs=20_000,
    )


def columns(parsed: Parsed) -> object:
    batch = parsed.batch
    refused = sorted((r.index, r.reason) for r in batch.refused)
    return sorted(zip(batch.keys, batch.times, batch.values, strict=True)), sorted(parsed.ended), refused
