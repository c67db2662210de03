from __future__ import annotations

from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from dashboard.ingest.origins import Origins
from dashboard.ingest.otlp import parse_otlp_json, parse_otlp_protobuf
from dashboard.ingest.otlp_answers import partial_success_protobuf
from dashboard.ingest.otlp_cache import PointCache
from dashboard.ingest.parsed import Parsed
from tests.support.claims import accepted
from tests.support.parsed_checks import JSON_PIECES, LATEST_MS, T, fuzz

NS = T * 1_000_000


def seeds() -> list[ExportMetricsServiceRequest]:
    made = []
    for number in range(4):
        whole = ExportMetricsServiceRequest()
        of = whole.resource_metrics.add()
        metrics = of.scope_metrics.add().metrics
        of.resource.attributes.add(key="service.name").value.string_value = "a"
        if number == 0:
            for value in (1.5, 2.5):
                point = metrics.add(name="g", unit="By").gauge.data_points.add(time_unix_nano=NS, as_double=value)
                point.attributes.add(key="k").value.int_value = 3
        elif number == 1:
            total = metrics.add(name="s").sum
            total.is_monotonic, total.aggregation_temporality = True, 2
            for value in range(3):
                point = total.data_points.add(start_time_unix_nano=NS, time_unix_nano=NS, as_int=value)
                point.attributes.add(key="k").value.string_value = str(value)
        elif number == 2:
            metrics.add(name="h").histogram.data_points.add(
                time_unix_nano=NS, count=3, sum=1, bucket_counts=[1, 2], explicit_bounds=[5]
            )
            metrics.add(name="q").summary.data_points.add(count=1).quantile_values.add(quantile=0.5, value=1)
        else:
            point = metrics.add(name="e").exponential_histogram.data_points.add(time_unix_nano=NS, count=3, scale=2)
            point.positive.bucket_counts.extend([1, 2])
            point.attributes.add(key="l").value.array_value.values.add().kvlist_value.values.add(key="x")
        made.append(whole)
    return made


PIECES = [
    b"\x0a", b"\x12", b"\x3a", b"\x11", b"\x19", b"\x21", b"\x31", b"\x00", b"\xff", b"\x80", b"\x7f", b"\xff\xff\xff\xff\x0f", b"\x40\x01",
    bytes.fromhex("000000000000f07f"), b"\x2a\x02\x0a\x00", b"\x0a\x1b\x11" + bytes(8), b"service.name",
]  # fmt: skip


def test_no_message_makes_the_parser_raise_anything_but_invalid_and_what_is_known_changes_nothing() -> None:
    origins = Origins(1_000_000)  # who owns a series is known to both
    cache = PointCache(500, origins=origins)

    def parse(data: bytes) -> Parsed:
        cache.resources._shared.clear()  # which resources must be told apart is learnt for good
        known = parse_otlp_protobuf(data, cache, LATEST_MS)
        fresh = parse_otlp_protobuf(data, PointCache(origins=origins), LATEST_MS)
        assert columns(known) == columns(fresh)
        accepted(known)
        partial_success_protobuf(known)
        return known

    fuzz(parse, [seed.SerializeToString() for seed in seeds()], PIECES, inputs=60_000)


def test_no_json_makes_the_parser_raise_anything_but_invalid() -> None:
    origins = Origins(1_000_000)  # who owns a series is known to both
    cache = PointCache(500, origins=origins)
    bodies = [MessageToJson(seed, indent=None).encode() for seed in seeds()]
    fuzz(lambda body: parse_otlp_json(body, cache, LATEST_MS), bodies, JSON_PIECES, inputs=40_000)


def columns(parsed: Parsed) -> object:
    batch = parsed.batch
    refused = sorted((r.index, r.reason) for r in batch.refused)
    return (
        sorted(zip(batch.keys, map(str, batch.times), batch.values, strict=True)),
        sorted(parsed.ended),
        refused,
        batch.kinds,
    )
