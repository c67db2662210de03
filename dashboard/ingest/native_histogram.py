"""Conversion of native histograms (remote write 1.0 and 2.0) to ``_count``, ``_sum``, and percentiles or buckets.

Source: prompb types.proto and io.prometheus.write.v2, message Histogram (the same numbers in both); "Native Histograms" of the
Prometheus documentation. The bucket of index i holds values from base**(i-1) to base**i. A histogram of custom buckets (schema
-53) is a classic histogram and gives ``_bucket{le=…}``; every other histogram gives ``_p50``, ``_p90`` and ``_p99``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from dashboard.domain.errors import Invalid
from dashboard.domain.series import SeriesKey, series_key
from dashboard.ingest.batch import check_time
from dashboard.ingest.exponential import middle, quantiles
from dashboard.ingest.otlp_values import decimal_text
from dashboard.ingest.parsed import Family, Parsed
from dashboard.ingest.protobuf import Field, Message, NotRead, Schema, read_message

#: The NaN that means: this series has ended.
STALE_BITS = 0x7FF0000000000002
_CUSTOM = -53
_MAX_BUCKETS = 10_000
_SUFFIXES = ("_count", "_sum", "_p50", "_p90", "_p99")
_SPAN: Schema = {1: Field("offset", "sint32"), 2: Field("length", "int")}
_HISTOGRAM: Schema = {
    1: Field("count", "int"), 2: Field("count", "double"), 3: Field("sum", "double"), 4: Field("schema", "sint32"),
    6: Field("zero", "int"), 7: Field("zero", "double"),
    8: Field("negative", "message", _SPAN, repeated=True), 9: Field("negativeDeltas", "sint64", repeated=True),
    10: Field("negativeCounts", "double", repeated=True),
    11: Field("positive", "message", _SPAN, repeated=True), 12: Field("positiveDeltas", "sint64", repeated=True),
    13: Field("positiveCounts", "double", repeated=True),
    15: Field("timestamp", "int"), 16: Field("bounds", "double", repeated=True),
}  # fmt: skip


def take_histogram(data: bytes, key: SeriesKey, parsed: Parsed, latest_ms: int, not_read: NotRead) -> None:
    """Add the samples of one histogram of this series, or the end of the series; raises Invalid."""
    found = read_message(data, _HISTOGRAM, not_read)
    t_ms = check_time(found.get("timestamp", 0), latest_ms, field="timestamp")
    total = found.get("sum", 0.0)
    if struct.pack("<d", total) == struct.pack("<Q", STALE_BITS):
        parsed.ended += [(_named(key, suffix), t_ms) for suffix in _SUFFIXES]
        parsed.ended_families.append(Family(SeriesKey(f"{key.name}_bucket", key.labels), "le", t_ms))
        return
    rows = [("_count", "", float(found.get("count", 0)))]
    if math.isfinite(total):
        rows.append(("_sum", "", total))
    rows += _buckets(found) if found.get("schema", 0) == _CUSTOM else _percentiles(found)
    claim = parsed.batch.claims.get(key.text)
    for suffix, le, value in rows:
        kind = "gauge" if suffix.startswith("_p") else "histogram"
        parsed.add(named := _named(key, suffix, le), t_ms, value, kind=kind)
        if claim is not None:  # a series of this name that came before it in the body keeps its own claim
            parsed.batch.claims.setdefault(named, claim)


def _named(key: SeriesKey, suffix: str, le: str = "") -> str:
    labels = dict(key.labels) | ({"le": le} if le else {})
    return series_key(key.name + suffix, labels).text


def _percentiles(found: Message) -> list[tuple[str, str, float]]:
    scale = found.get("schema", 0)
    if not -4 <= scale <= 8:
        raise Invalid(f"schema {scale} is not understood; -4 to 8 and {_CUSTOM} are", field="histograms")
    spread = [
        *reversed([(-middle(index - 1, scale), count) for index, count in _counts(found, "negative") if count]),
        (0.0, float(found.get("zero", 0))),
        *((middle(index - 1, scale), count) for index, count in _counts(found, "positive") if count),
    ]
    return [(suffix, "", value) for suffix, value in quantiles(spread)]


def _buckets(found: Message) -> list[tuple[str, str, float]]:
    bounds = found.get("bounds", [])
    if len(bounds) > _MAX_BUCKETS:
        raise Invalid(f"has more than {_MAX_BUCKETS} buckets", field="histograms")
    counts = dict(_counts(found, "positive"))
    rows, total = [], 0.0
    for index, bound in enumerate(bounds):
        total += counts.get(index, 0.0)
        if math.isfinite(bound):
            rows.append(("_bucket", decimal_text(bound), total))
    return [*rows, ("_bucket", "+Inf", float(found.get("count", 0)))]


def _counts(found: Message, side: str) -> Iterator[tuple[int, float]]:
    """Yield index and count of each bucket; integer counts are sent as differences from the bucket before."""
    given = found.get(f"{side}Counts", [])
    deltas = found.get(f"{side}Deltas", [])
    if len(given) + len(deltas) > _MAX_BUCKETS:
        raise Invalid(f"has more than {_MAX_BUCKETS} buckets", field="histograms")
    if not given:
        total = 0
        for delta in deltas:
            total += delta
            given.append(float(total))
    if any(not count >= 0 for count in given):
        raise Invalid("has a bucket with a negative count", field="histograms")
    at, index = 0, 0
    for span in found.get(side, []):
        index += span.get("offset", 0)
        length = span.get("length", 0)
        if not 0 <= length <= len(given) - at:
            raise Invalid("has spans for more buckets than it has", field="histograms")
        for count in given[at : at + length]:
            yield index, count
            index += 1
        at += length
