"""Division of a long remote write body (version 1) into pieces of whole series.

A series that is itself long is divided between its samples; each piece then has all its labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import MAX_SAMPLES
from dashboard.ingest.protobuf import ITEM_BYTES, end_of_field, pieces_of, read_varint, write_field

#: Fields of a body that are not series; a longer body may have one for each ``ITEM_BYTES``.
MAX_METADATA = 20_000
#: Bytes of a piece; it has not more samples than fit into a part beside those that fill it.
PIECE_BYTES = 1 << 17
#: Fields of a series that hold its samples, exemplars and native histograms.
POINTS = (2, 3, 4)
_SERIES, _METADATA = 0x0A, 0x1A


class Piece(NamedTuple):
    """A message with some of a body's series; ``first``: the index of the first of them in the body."""

    first: int
    data: bytes


def is_long(data: bytes) -> bool:
    """Return whether a body is so long that it is divided."""
    return len(data) > 4 * PIECE_BYTES


class Divided(NamedTuple):
    """Pieces of a body, the number of its series, and its metadata."""

    pieces: Iterator[Piece]
    series: int
    metadata: list[bytes]


def divided(data: bytes) -> Divided:
    """Divide a body. Raises Invalid if the body is malformed or has too many fields; the pieces, too, of a malformed series."""
    most, most_others = max(MAX_SAMPLES, len(data) // ITEM_BYTES), max(MAX_METADATA, len(data) // ITEM_BYTES)
    spans, metadata = list[tuple[int, int, int]](), list[bytes]()
    at = start = first = count = others = 0
    while at < len(data):
        begin, (tag, at) = at, read_varint(data, at)
        value, at = at, end_of_field(data, at, tag & 7)
        if at - begin >= PIECE_BYTES and begin > start:  # a piece of its own, which may be divided
            spans.append((first, start, begin))
            first, start = count, begin
        if tag == _SERIES:
            count += 1
        else:
            others += 1
            if tag == _METADATA:
                metadata.append(data[read_varint(data, value)[1] : at])
        if count > most or others > most_others:
            raise Invalid(f"more than {most} series or {most_others} other fields in one body; send fewer at a time")
        if at - start >= PIECE_BYTES:
            spans.append((first, start, at))
            first, start = count, at
    if at > len(data):
        raise Invalid("a protobuf field is longer than its message: the body was cut off")
    spans.append((first, start, at))
    return Divided(_pieces(data, spans), count, metadata)


def _pieces(data: bytes, spans: list[tuple[int, int, int]]) -> Iterator[Piece]:
    for first, start, end in spans:
        if end - start > 2 * PIECE_BYTES and data[start] == _SERIES:
            series = data[read_varint(data, start + 1)[1] : end]
            yield from (Piece(first, write_field(1, each)) for each in pieces_of(series, POINTS, PIECE_BYTES))
        else:
            yield Piece(first, data[start:end])
