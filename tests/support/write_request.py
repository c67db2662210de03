"""Prometheus' ``WriteRequest`` as the ``protobuf`` package makes it: what our own reading is checked against."""

from __future__ import annotations

from typing import Any

import cramjam
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_TEXT, _DOUBLE, _INT64, _UINT32, _MESSAGE = 9, 1, 3, 13, 11
_MESSAGES: dict[str, list[tuple[int, str, int, bool, str]]] = {
    "Label": [(1, "name", _TEXT, False, ""), (2, "value", _TEXT, False, "")],
    "Sample": [(1, "value", _DOUBLE, False, ""), (2, "timestamp", _INT64, False, "")],
    "TimeSeries": [(1, "labels", _MESSAGE, True, "Label"), (2, "samples", _MESSAGE, True, "Sample")],
    "MetricMetadata": [(1, "type", _UINT32, False, ""), (2, "metric_family_name", _TEXT, False, "")],
    "WriteRequest": [
        (1, "timeseries", _MESSAGE, True, "TimeSeries"),
        (3, "metadata", _MESSAGE, True, "MetricMetadata"),
    ],
}


def _write_request() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="remote.proto", package="prometheus", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, kind, repeated, of in fields:
            added = message.field.add(name=field, number=number, type=kind, label=3 if repeated else 1)  # type: ignore[arg-type]
            if of:
                added.type_name = f".prometheus.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("prometheus.WriteRequest"))


WriteRequest = _write_request()


def encode(series: list[tuple[dict[str, str], list[tuple[float, int]]]], metadata: list[tuple[int, str]] = ()) -> bytes:  # type: ignore[assignment]
    """The message's bytes for (labels, [(value, t_ms)]) and (kind, family)."""
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
