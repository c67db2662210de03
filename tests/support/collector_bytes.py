"""Encoder of OTLP in the OpenTelemetry collector's order of bytes; a test compares it with a recording of a collector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

#: Fields of each message in the order in which they are written; all others by falling numbers.
_ORDERS = {"NumberDataPoint": (8, 6, 4, 3, 2, 7)}


def collector_bytes(message: Message) -> bytes:
    """Encode a message with its fields in the collector's order; items of a repeated field keep their order."""
    descriptor = message.DESCRIPTOR
    given = {field.number: (field, value) for field, value in message.ListFields()}
    if descriptor.name == "ResourceMetrics":  # written even when it is empty
        field = descriptor.fields_by_name["resource"]
        given[field.number] = (field, message.resource)  # type: ignore[attr-defined]
    numbers = _ORDERS.get(descriptor.name) or sorted(given, reverse=True)
    return b"".join(_field(*given[number]) for number in numbers if number in given)


def _field(field: Any, value: Any) -> bytes:
    items = value if field.is_repeated else [value]
    if field.message_type is None:
        return _alone(field, value)
    return b"".join(_tagged(field.number, collector_bytes(item)) for item in items)


def _alone(field: Any, value: Any) -> bytes:
    """Encode one field that is not a message, by a message of the same type that has only this field."""
    alone = field.containing_type._concrete_class()
    if field.is_repeated:
        getattr(alone, field.name).extend(value)
    else:
        setattr(alone, field.name, value)
    encode: Callable[[], bytes] = alone.SerializeToString
    return encode()


def _tagged(number: int, data: bytes) -> bytes:
    length, size = bytearray(), len(data)
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + data
