"""Prometheus' messages as the ``protobuf`` package encodes them, to compare the product's decoder with."""

from __future__ import annotations

from typing import Any

import cramjam
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_TEXT, _DOUBLE, _INT64, _UINT64, _UINT32, _SINT32, _SINT64, _MESSAGE = 9, 1, 3, 4, 13, 17, 18, 11
_Fields = dict[str, list[tuple[int, str, int, bool, str]]]
_POINTS: _Fields = {
    "Sample": [(1, "value", _DOUBLE, False, ""), (2, "timestamp", _INT64, False, "")],
    "BucketSpan": [(1, "offset", _SINT32, False, ""), (2, "length", _UINT32, False, "")],
    "Histogram": [
        (1, "count_int", _UINT64, False, ""),
        (2, "count_float", _DOUBLE, False, ""),
        (3, "sum", _DOUBLE, False, ""),
        (4, "schema", _SINT32, False, ""),
        (5, "zero_threshold", _DOUBLE, False, ""),
        (6, "zero_count_int", _UINT64, False, ""),
        (8, "negative_spans", _MESSAGE, True, "BucketSpan"),
        (9, "negative_deltas", _SINT64, True, ""),
        (10, "negative_counts", _DOUBLE, True, ""),
        (11, "positive_spans", _MESSAGE, True, "BucketSpan"),
        (12, "positive_deltas", _SINT64, True, ""),
        (13, "positive_counts", _DOUBLE, True, ""),
        (15, "timestamp", _INT64, False, ""),
        (16, "custom_values", _DOUBLE, True, ""),
    ],
}
_MESSAGES: _Fields = _POINTS | {
    "Label": [(1, "name", _TEXT, False, ""), (2, "value", _TEXT, False, "")],
    "TimeSeries": [
        (1, "labels", _MESSAGE, True, "Label"),
        (2, "samples", _MESSAGE, True, "Sample"),
        (4, "histograms", _MESSAGE, True, "Histogram"),
    ],
    "MetricMetadata": [(1, "type", _UINT32, False, ""), (2, "metric_family_name", _TEXT, False, "")],
    "WriteRequest": [
        (1, "timeseries", _MESSAGE, True, "TimeSeries"),
        (3, "metadata", _MESSAGE, True, "MetricMetadata"),
    ],
}
_MESSAGES_2: _Fields = _POINTS | {
    "Metadata": [
        (1, "type", _UINT32, False, ""),
        (3, "help_ref", _UINT32, False, ""),
        (4, "unit_ref", _UINT32, False, ""),
    ],
    "TimeSeries": [
        (1, "labels_refs", _UINT32, True, ""),
        (2, "samples", _MESSAGE, True, "Sample"),
        (3, "histograms", _MESSAGE, True, "Histogram"),
        (5, "metadata", _MESSAGE, False, "Metadata"),
    ],
    "Request": [(4, "symbols", _TEXT, True, ""), (5, "timeseries", _MESSAGE, True, "TimeSeries")],
}
_LABELLED = [(1, "label", _MESSAGE, True, "LabelPair"), (6, "timestamp_ms", _INT64, False, "")]
_MESSAGES_CLIENT: _Fields = {
    "LabelPair": [(1, "name", _TEXT, False, ""), (2, "value", _TEXT, False, "")],
    "Value": [(1, "value", _DOUBLE, False, "")],
    "Quantile": [(1, "quantile", _DOUBLE, False, ""), (2, "value", _DOUBLE, False, "")],
    "Summary": [
        (1, "sample_count", _UINT64, False, ""),
        (2, "sample_sum", _DOUBLE, False, ""),
        (3, "quantile", _MESSAGE, True, "Quantile"),
    ],
    "Bucket": [(1, "cumulative_count", _UINT64, False, ""), (2, "upper_bound", _DOUBLE, False, "")],
    "Histogram": [
        (1, "sample_count", _UINT64, False, ""),
        (2, "sample_sum", _DOUBLE, False, ""),
        (3, "bucket", _MESSAGE, True, "Bucket"),
    ],
    "Metric": [
        *_LABELLED,
        (2, "gauge", _MESSAGE, False, "Value"),
        (3, "counter", _MESSAGE, False, "Value"),
        (4, "summary", _MESSAGE, False, "Summary"),
        (5, "untyped", _MESSAGE, False, "Value"),
        (7, "histogram", _MESSAGE, False, "Histogram"),
    ],
    "MetricFamily": [
        (1, "name", _TEXT, False, ""),
        (3, "type", _UINT32, False, ""),
        (4, "metric", _MESSAGE, True, "Metric"),
    ],
}


def _made(messages: _Fields, package: str, wanted: str) -> Any:
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, field, kind, repeated, of in fields:
            added = message.field.add(name=field, number=number, type=kind, label=3 if repeated else 1)  # type: ignore[arg-type]
            if of:
                added.type_name = f".{package}.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{wanted}"))


WriteRequest = _made(_MESSAGES, "prometheus", "WriteRequest")
Request2 = _made(_MESSAGES_2, "io.prometheus.write.v2", "Request")
MetricFamily = _made(_MESSAGES_CLIENT, "io.prometheus.client", "MetricFamily")


def encode(series: list[tuple[dict[str, str], list[tuple[float, int]]]], metadata: list[tuple[int, str]] = ()) -> bytes:  # type: ignore[assignment]
    """Return the bytes of a message for (labels, [(value, t_ms)]) and (kind, family)."""
    request = WriteRequest()
    for labels, samples in series:
        added = request.timeseries.add()
        for name, value in labels.items():
            added.labels.add(name=name, value=value)
        for number, t_ms in samples:
            added.samples.add(value=number, timestamp=t_ms)
    for kind, family in metadata:
        request.metadata.add(type=kind, metric_family_name=family)
    return bytes(request.SerializeToString())


def snappy(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(data))


def add_series2(
    request: Any, labels: dict[str, str], *samples: tuple[float, int], kind: int = 0, unit: str = ""
) -> Any:
    """Add a series to a ``Request2``; return the series."""

    def symbol(text: str) -> int:
        if text not in request.symbols:
            request.symbols.append(text)
        return list(request.symbols).index(text)

    symbol("")
    added = request.timeseries.add()
    for name, value in labels.items():
        added.labels_refs.extend([symbol(name), symbol(value)])
    for number, t_ms in samples:
        added.samples.add(value=number, timestamp=t_ms)
    added.metadata.type, added.metadata.unit_ref = kind, symbol(unit)
    return added


def varint(value: int) -> bytes:
    """Encode an unsigned number."""
    out = b""
    while value > 0x7F:
        out += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return out + bytes((value,))


def field(number: int, data: bytes) -> bytes:
    """Encode a field of bytes."""
    return varint(number << 3 | 2) + varint(len(data)) + data
