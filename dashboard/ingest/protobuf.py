"""Decoder for protocol buffers: varints, fields, and whole messages by a schema, as dicts shaped like the JSON mapping.

Source: protobuf.dev/programming-guides/encoding.  The package ``protobuf`` is not used: remote write and OTLP look up a series by
a slice of the encoded message, and decoded messages no longer have these bytes.  The tests compare the results of this module
with those of the package.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator, Mapping
from typing import Any, NamedTuple

from dashboard.domain.errors import Invalid

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MAX_DEPTH = 100
#: Items of a repeated field, and bytes for each of which a longer message may have one more: no item with a value is shorter.
MAX_ITEMS = 200_000
ITEM_BYTES = 16
#: Fields of a body that are not read: those that are not in the protocol, and repetitions of fields that come once.
MAX_NOT_READ = 200_000
#: A longer body may have one for each of this many bytes: an exemplar, which is not read either, is longer.
_NOT_READ_BYTES = 16
#: The same of a message that is read by itself.
_MAX_NOT_READ_ALONE = 1_000
#: Fields that each message may have in addition: senders fill in some that are of no use here, such as when a counter began.
_SPARE = 4

_doubles = struct.Struct("<d").unpack_from
_fixed64 = struct.Struct("<Q").unpack_from
_fixed32 = struct.Struct("<I").unpack_from


class Field(NamedTuple):
    """Name and type of a field. ``kind``: double, fixed64, sfixed64, int, sint32, sint64, bool, text, bytes, or message."""

    name: str
    kind: str
    schema: Mapping[int, Field] | None = None
    repeated: bool = False


Schema = Mapping[int, Field]
#: A message by the names of its fields.
Message = dict[str, Any]


class TooManyFields(Invalid):
    """Fault of a body with too many fields that are not read; no single part is at fault."""


class NotRead:
    """Count of the fields of a body that are not read: they cost as much time as others, and no other limit counts them."""

    __slots__ = ("_left", "_most")

    def __init__(self, most: int) -> None:
        self._left = self._most = most

    @classmethod
    def of_body(cls, size: int) -> NotRead:
        """Return a new count for a body of ``size`` bytes, unpacked."""
        return cls(max(MAX_NOT_READ, size // _NOT_READ_BYTES))

    def add(self) -> None:
        """Count one more field; raises TooManyFields."""
        self._left -= 1
        if self._left < 0:
            raise TooManyFields(f"more than {self._most} fields that are not known here, or come twice")


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Read the unsigned varint at ``at``; return the number and the offset after it. Raises Invalid."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Invalid("a protobuf number does not end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7


def signed(value: int) -> int:
    """Convert an unsigned 64-bit number to the signed number with the same bits."""
    return value - (1 << 64) if value >= 1 << 63 else value


def read_fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield each field's number, wire type and value (bytes, or the bits as an unsigned number). Raises Invalid."""
    at, end = 0, len(data)
    while at < end:
        tag = data[at]
        at += 1
        if tag >= 0x80:
            tag, at = read_varint(data, at - 1)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise Invalid("a protobuf field has no number")
        if wire == BYTES:
            length, at = (data[at], at + 1) if at < end and data[at] < 0x80 else read_varint(data, at)
            if length > end - at:
                raise Invalid("a protobuf field is longer than its message: the body was cut off")
            yield number, wire, data[at : at + length]
            at += length
        elif wire == VARINT:
            value, at = read_varint(data, at)
            yield number, wire, value
        elif wire in (FIXED64, FIXED32):
            width, unpack = (8, _fixed64) if wire == FIXED64 else (4, _fixed32)
            if width > end - at:
                raise Invalid("a protobuf number is cut off")
            yield number, wire, unpack(data, at)[0]
            at += width
        else:
            raise Invalid(f"protobuf wire type {wire} is not understood")


def read_few_fields(data: bytes, usual: int, not_read: NotRead) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield the fields of a message. By the protocol it has at most ``usual`` fields; further ones are counted. Raises Invalid."""
    for number, field in enumerate(read_fields(data)):
        if number >= usual:
            not_read.add()
        yield field


def read_message(data: bytes, schema: Schema, not_read: NotRead | None = None, depth: int = 0) -> dict[str, Any]:
    """Decode a message to a dict by field names; unknown fields are skipped. Raises Invalid.

    ``not_read`` counts the fields of the whole body that are skipped, without the first few of each message.
    """
    if depth > MAX_DEPTH:
        raise Invalid(f"nested deeper than {MAX_DEPTH}")
    not_read = NotRead(_MAX_NOT_READ_ALONE) if not_read is None else not_read
    found: dict[str, Any] = {}
    spare, most = _SPARE, max(MAX_ITEMS, len(data) // ITEM_BYTES)
    for number, wire, value in read_fields(data):
        field = schema.get(number)
        if field is None:
            spare -= 1
            if spare < 0:
                not_read.add()
            continue
        if field.repeated:
            items = found.setdefault(field.name, [])
            if wire == BYTES and field.kind not in ("text", "bytes", "message"):
                items.extend(_packed(value, field))  # type: ignore[arg-type]  # wire type 2 gives bytes
            else:
                items.append(_value(wire, value, field, not_read, depth))
            if len(items) > most:
                raise _too_many(field)
        else:
            if field.name in found:
                not_read.add()
            found[field.name] = _value(wire, value, field, not_read, depth)
    return found


def pieces_of(data: bytes, repeated: Container[int], size: int) -> Iterator[bytes]:
    """Yield messages that together have the content of a message: each has about ``size`` bytes of the repeated fields
    ``repeated``, and then all other fields. Raises Invalid.

    A message of at most ``2 * size`` bytes is not divided, nor is one whose other fields are longer than ``size``.
    """
    if len(data) <= 2 * size:
        yield data
        return
    others, spans, start, at, end = list[bytes](), list[tuple[int, int]](), 0, 0, len(data)
    while at < end:
        begin, (tag, at) = at, read_varint(data, at)
        at = end_of_field(data, at, tag & 7)
        if tag >> 3 not in repeated:
            others.append(data[begin:at])
            spans.append((start, begin))
            start = at
        elif at - start >= size:
            spans.append((start, at))
            start = at
    rest = b"".join(others)
    if at > end:
        raise Invalid("a protobuf field is longer than its message: the body was cut off")
    if len(rest) > size:
        yield data
        return
    piece = b""
    for begin, stop in [*spans, (start, end)]:
        piece += data[begin:stop]
        if piece and (len(piece) >= size or stop == end):
            yield piece + rest
            piece = b""


def end_of_field(data: bytes, at: int, wire: int) -> int:
    """Return the offset after a field's value, which begins at ``at``; raises Invalid."""
    if wire == BYTES:
        length, at = read_varint(data, at)
        return at + length
    if wire == VARINT:
        return read_varint(data, at)[1]
    if wire in (FIXED64, FIXED32):
        return at + (8 if wire == FIXED64 else 4)
    raise Invalid(f"protobuf wire type {wire} is not understood")


def write_field(number: int, value: bytes) -> bytes:
    """Encode a field of bytes with a number below 16."""
    size, length = len(value), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | BYTES, *length, size]) + value


def same_in_all(rows: bytes, width: int, start: int, end: int) -> bool:
    """Return whether the bytes from ``start`` to ``end`` are equal in every row of ``width`` bytes."""
    count = len(rows) // width
    return all(rows[place::width] == rows[place : place + 1] * count for place in range(start, end))


def double(bits: int) -> float:
    """Convert 64 bits to the IEEE double that they represent."""
    value: float = _doubles(bits.to_bytes(8, "little"))[0]
    return value


def _value(wire: int, value: int | bytes, field: Field, not_read: NotRead | None, depth: int) -> Any:
    kind = field.kind
    if isinstance(value, bytes):
        if kind == "message" and field.schema is not None:
            return read_message(value, field.schema, not_read, depth + 1)
        if kind == "text":
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise Invalid("is not UTF-8", field=field.name) from None
        if kind == "bytes":
            return value
    elif wire == FIXED64 and kind in ("double", "fixed64", "sfixed64"):
        return double(value) if kind == "double" else value if kind == "fixed64" else signed(value)
    elif wire == VARINT and kind in ("int", "sint32", "sint64", "bool"):
        if kind == "sint64":
            return value >> 1 ^ -(value & 1)
        if kind == "sint32":
            return (value & 0xFFFFFFFF) >> 1 ^ -(value & 1)
        return bool(value) if kind == "bool" else signed(value)
    raise Invalid("has the wrong type", field=field.name)


def _too_many(field: Field) -> Invalid:
    return Invalid(f"has more than {MAX_ITEMS} items", field=field.name)


def _packed(data: bytes, field: Field) -> list[Any]:
    if field.kind in ("double", "fixed64", "sfixed64"):
        if len(data) > 8 * MAX_ITEMS:
            raise _too_many(field)
        if len(data) % 8:
            raise Invalid("a packed list is cut off", field=field.name)
        code = {"double": "d", "fixed64": "Q", "sfixed64": "q"}[field.kind]
        return list(struct.unpack(f"<{len(data) // 8}{code}", data))
    items, at = [], 0
    while at < len(data):
        number, at = read_varint(data, at)
        items.append(_value(VARINT, number, field, None, 0))
        if len(items) > MAX_ITEMS:
            raise _too_many(field)
    return items
