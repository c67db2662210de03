"""Prometheus' protobuf format, which Go's client pushes by default: length-delimited ``io.prometheus.client.MetricFamily`` messages.

Source: prometheus/client_model, metrics.proto; the Pushgateway's README.  A family gives the same samples as in the text format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import MAX_SAMPLES, Batch, check_time
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.otlp_values import decimal_text, float_text
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.prometheus_text import with_labels
from dashboard.ingest.protobuf import Field, Message, Schema, read_message, read_varint

_KINDS = {0: "counter", 1: "gauge", 2: "summary", 4: "histogram", 5: "histogram"}
_VALUE: Schema = {1: Field("value", "double")}
_QUANTILE: Schema = {1: Field("quantile", "double"), 2: Field("value", "double")}
_BUCKET: Schema = {1: Field("count", "int"), 2: Field("bound", "double"), 4: Field("count", "double")}
_METRIC: Schema = {
    1: Field("labels", "message", {1: Field("name", "text"), 2: Field("value", "text")}, repeated=True),
    2: Field("gauge", "message", _VALUE),
    3: Field("counter", "message", _VALUE),
    4: Field(
        "summary",
        "message",
        {
            1: Field("count", "int"),
            2: Field("sum", "double"),
            3: Field("quantiles", "message", _QUANTILE, repeated=True),
        },
    ),
    5: Field("untyped", "message", _VALUE),
    6: Field("timestamp", "int"),
    7: Field(
        "histogram",
        "message",
        {
            1: Field("count", "int"),
            2: Field("sum", "double"),
            3: Field("buckets", "message", _BUCKET, repeated=True),
            4: Field("count", "double"),
        },
    ),
}
_FAMILY: Schema = {1: Field("name", "text"), 3: Field("type", "int"), 4: Field("metrics", "bytes", repeated=True)}

#: (suffix of the name, further label, value)
_Row = tuple[str, tuple[str, str] | None, float]


def parse_prometheus_protobuf(body: bytes, latest_ms: int, *, labels: Mapping[str, str]) -> Parsed:
    """Parse delimited families; a refusal's index is that of its metric, from 0. Raises Invalid if the families cannot be separated."""
    places: list[int] = []
    parsed, index = Parsed(Batch(where=lambda: places)), 0
    for message in _messages(body):
        try:
            family = read_message(message, _FAMILY)
        except Invalid as invalid:
            parsed.refuse(index, invalid, f"protobuf of {len(message)} bytes")
            index += 1
            continue
        name = family.get("name", "")
        for metric in family.get("metrics", []):
            try:
                _take(parsed, name, _KINDS.get(family.get("type", 0)), read_message(metric, _METRIC), labels, latest_ms)
            except Invalid as invalid:
                parsed.refuse(index, invalid, f"{name}: protobuf of {len(metric)} bytes")
            places += [index] * (len(parsed.batch.keys) - len(places))
            index += 1
            if index > MAX_SAMPLES:
                raise Invalid(f"more than {MAX_SAMPLES} metrics in one body; send fewer at a time")
    return parsed


def _messages(body: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(body):
        length, at = read_varint(body, at)
        if length > len(body) - at:
            raise Invalid("the body ends within a metric family; send delimited protobuf")
        yield body[at : at + length]
        at += length


def _take(
    parsed: Parsed, name: str, kind: str | None, metric: Message, given: Mapping[str, str], latest_ms: int
) -> None:
    """Add the finite samples of one metric; then raise Invalid for the first value that is not finite."""
    own = {str(pair.get("name", "")): str(pair.get("value", "")) for pair in metric.get("labels", [])}
    labels = with_labels(own, given)
    t_ms = metric.get("timestamp")
    if t_ms is not None:
        t_ms = check_time(t_ms, latest_ms, field="timestamp")
    failed: Invalid | None = None
    for suffix, further, value in _rows(metric):
        try:
            pairs = labels if further is None else labels | dict([further])
            parsed.add(foreign_key(name + suffix, pairs.items()), t_ms, value, kind=kind)
        except Invalid as invalid:
            failed = failed or invalid
    if failed is not None:
        try:
            raise failed
        finally:
            del failed  # it holds this frame, which would hold it


def _rows(metric: Message) -> Iterator[_Row]:
    for shape in ("gauge", "counter", "untyped"):
        if shape in metric:
            yield "", None, metric[shape].get("value", 0.0)
    for shape in ("summary", "histogram"):
        if (found := metric.get(shape)) is not None:
            yield "_count", None, float(found.get("count", 0))
            yield "_sum", None, found.get("sum", 0.0)
            for each in found.get("quantiles", []):
                yield "", ("quantile", float_text(each.get("quantile", 0.0))), each.get("value", 0.0)
            yield from _buckets(found)


def _buckets(histogram: Message) -> Iterator[_Row]:
    """Yield the cumulative buckets; add the infinite bucket, which Go's client leaves out."""
    buckets = histogram.get("buckets", [])
    for bucket in buckets:
        bound = bucket.get("bound", 0.0)
        if bound != float("inf"):
            yield "_bucket", ("le", decimal_text(bound)), float(bucket.get("count", 0))
    if buckets:
        yield "_bucket", ("le", "+Inf"), float(histogram.get("count", 0))
