from __future__ import annotations

import struct

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.protobuf import (
    BYTES,
    FIXED32,
    FIXED64,
    MAX_DEPTH,
    VARINT,
    Field,
    Schema,
    double,
    pieces_of,
    read_fields,
    read_message,
    read_varint,
    same_in_all,
    signed,
)
from tests.support.write_request import field

INNER: Schema = {1: Field("name", "text")}
SCHEMA: Schema = {
    1: Field("count", "int"),
    2: Field("value", "double"),
    3: Field("inner", "message", INNER, repeated=True),
    4: Field("numbers", "int", repeated=True),
    5: Field("flag", "bool"),
    6: Field("step", "sint32"),
    7: Field("raw", "bytes"),
}


@pytest.mark.parametrize(
    ("data", "value"), [(b"\x00", 0), (b"\x7f", 127), (b"\xac\x02", 300), (b"\xff" * 9 + b"\x01", 2**64 - 1)]
)
def test_a_varint_is_read_to_its_end(data: bytes, value: int) -> None:
    assert read_varint(b"x" + data + b"y", 1) == (value, 1 + len(data))


def test_bits_are_signed_numbers_and_doubles() -> None:
    assert (signed(5), signed(2**64 - 1)) == (5, -1)
    assert double(int.from_bytes(struct.pack("<d", -2.5), "little")) == -2.5


def test_fields_come_with_number_type_and_value() -> None:
    data = b"\x08\x05" + b"\x11" + struct.pack("<Q", 7) + b"\x1a\x02hi" + b"\x25" + struct.pack("<I", 9)
    assert list(read_fields(data)) == [(1, VARINT, 5), (2, FIXED64, 7), (3, BYTES, b"hi"), (4, FIXED32, 9)]


def test_a_message_is_read_by_its_schema() -> None:
    data = (
        b"\x08" + b"\xff" * 9 + b"\x01" + b"\x11" + struct.pack("<d", 1.5) + b"\x1a\x03\x0a\x01a" + b"\x1a\x03\x0a\x01b"
        + b"\x22\x02\x01\x02" + b"\x20\x03" + b"\x28\x01" + b"\x30\x03" + b"\x3a\x01\xff" + b"\x50\x09"
    )  # fmt: skip
    assert read_message(data, SCHEMA) == {
        "count": -1, "value": 1.5, "inner": [{"name": "a"}, {"name": "b"}], "numbers": [1, 2, 3], "flag": True, "step": -2,
        "raw": b"\xff",
    }  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\x08\xff",
        b"\x11\x00",
        b"\x1a\x05a",
        b"\x00\x01",
        b"\x0b",
        b"\x0a\x01a",
        b"\x1a\x03\x0a\x01\xff",
        b"\x08" + b"\x80" * 20,
    ],
)
def test_what_is_cut_off_or_of_another_type_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        read_message(data, SCHEMA)


def _length(data: bytes) -> bytes:
    return bytes([len(data)]) if len(data) < 0x80 else bytes([len(data) & 0x7F | 0x80, len(data) >> 7])


def test_a_message_in_a_message_without_end_is_refused() -> None:
    endless: dict[int, Field] = {}
    endless[1] = Field("inner", "message", endless)
    data = b""
    for _ in range(MAX_DEPTH + 2):
        data = b"\x0a" + _length(data) + data
    with pytest.raises(Invalid, match="deeper"):
        read_message(data, endless)


def test_columns_of_rows_are_compared() -> None:
    assert same_in_all(b"abXabYabZ", 3, 0, 2)
    assert not same_in_all(b"abXabYacZ", 3, 0, 2)


@pytest.mark.parametrize("order", ["before", "between", "behind"])
def test_a_long_message_is_divided_between_repeated_fields_and_each_piece_has_the_others(order: str) -> None:
    points = [field(1, bytes([n]) * 20) for n in range(50)]
    rest = field(2, b"rest") + b"\x18\x05" + b"\x25" + bytes(4) + b"\x29" + bytes(8)
    place = {"before": 0, "between": 25, "behind": 50}[order]
    data = b"".join([*points[:place], rest, *points[place:]])
    pieces = list(pieces_of(data, (1,), 100))
    assert len(pieces) > 5
    assert all(piece.endswith(rest) and len(piece) < 200 for piece in pieces)
    assert b"".join(piece.removesuffix(rest) for piece in pieces) == b"".join(points)


def test_a_message_is_not_divided_if_it_is_short_or_has_long_other_fields() -> None:
    short, long_rest = field(1, b"x") * 10, field(1, b"x") * 100 + field(2, b"y" * 101)
    assert list(pieces_of(short, (1,), 100)) == [short]
    assert list(pieces_of(long_rest, (1,), 100)) == [long_rest]
    for bad in (b"\x0a\x7f", b"\x0b", b"\x0a", b"\x09"):
        with pytest.raises(Invalid):
            list(pieces_of(field(1, b"x") * 100 + bad, (1,), 100))
