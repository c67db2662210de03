"""Fast path for the points of an OTLP gauge or sum in the protobuf layouts that senders write: they are read as columns.

Such a point is: its numbers, in any order, and then its attributes (field 7).  The numbers are the start time (2, optional), the time
(3), and a double (4) or an integer (6).  SDKs write fields by rising numbers; the collector, which fills its buffer from the end, writes
6, 3, 2, 7, and a sum's other fields before its points.  The bytes of the attributes are looked up without being parsed.  Only bytes
that were parsed as whole attributes are in the cache, so a hit is always right.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from math import isfinite
from typing import Any, NamedTuple

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import check_time
from dashboard.ingest.otlp_schema import POINTS
from dashboard.ingest.protobuf import read_message, same_in_all

#: Tags of a point's numbers: start, time, double, integer. Each is followed by 8 bytes.
_START, _TIME, _DOUBLE, _INTEGER = 0x11, 0x19, 0x21, 0x31
_NUMBER_BYTES = 9
#: Tags of a sum's temporality and monotonicity, which some senders write before the points.
_SUM_TAGS = (0x10, 0x18)


class _Layout(NamedTuple):
    """Order of the number fields at the start of an encoded point; these bytes are the point's head.

    ``tags``: the fields' protobuf tags, one byte each.  ``time``, ``value``: offsets of these two numbers in the head.
    ``both``: struct that unpacks the time and the value; ``value_only`` unpacks only the value.
    """

    tags: bytes
    time: int
    value: int
    both: struct.Struct
    value_only: struct.Struct

    @property
    def width(self) -> int:
        """Number of bytes before the attributes."""
        return _NUMBER_BYTES * len(self.tags)


def _layout(tags: tuple[int, ...]) -> _Layout:
    codes = {_START: "8x", _TIME: "8s", _DOUBLE: "d", _INTEGER: "q"}
    value_tag = next(tag for tag in tags if tag in (_DOUBLE, _INTEGER))
    both = struct.Struct("<" + "".join(f"x{codes[tag]}" for tag in tags))
    value_only = struct.Struct("<" + "".join(f"x{codes[tag] if tag == value_tag else '8x'}" for tag in tags))
    offsets = {tag: _NUMBER_BYTES * place + 1 for place, tag in enumerate(tags)}
    return _Layout(bytes(tags), offsets[_TIME], offsets[value_tag], both, value_only)


_LAYOUTS = {
    bytes(tags): _layout(tags)
    for value_tag in (_DOUBLE, _INTEGER)
    for numbers in ((_TIME, value_tag), (_START, _TIME, value_tag))
    for tags in permutations(numbers)
}


def _layout_at(data: bytes, begin: int, end: int) -> _Layout | None:
    """Return the layout of the point between two offsets; None if the point has a layout that is not expected."""
    tags = bytearray()
    while len(tags) < 3 and begin + _NUMBER_BYTES <= end and data[begin] in (_START, _TIME, _DOUBLE, _INTEGER):
        tags.append(data[begin])
        begin += _NUMBER_BYTES
    return _LAYOUTS.get(bytes(tags))


def attributes_of(point: bytes) -> bytes | None:
    """Return the bytes after the numbers of a point; None if its layout is not one of the expected layouts."""
    layout = _layout_at(point, 0, len(point))
    return point[layout.width :] if layout is not None else None


@dataclass(slots=True)
class PointColumns:
    """Parsed points as columns. ``others``: (row, bytes) of points that need the slow path; ``rest``: the message's other fields."""

    keys: list[str] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    others: list[tuple[int, bytes]] = field(default_factory=list)
    count: int = 0
    rest: dict[str, Any] = field(default_factory=dict)


def read_columns(data: bytes, known: Mapping[bytes, str], latest_ms: int) -> PointColumns | None:
    """Read a ``Gauge`` or ``Sum`` message; return None for an unexpected layout of its bytes.

    ``known`` maps the encoded attributes of a data point to its series.
    """
    first = 0
    while len(data) > first + 4 and data[first] in _SUM_TAGS and data[first + 1] < 0x80:
        first += 2
    at = first + (2 if len(data) > first + 1 and data[first + 1] < 0x80 else 3)
    layout = _layout_at(data, at, len(data))
    split = _split(data, first, layout.width) if layout is not None else None
    if layout is None or split is None:
        return None
    heads, tails, at = split
    try:
        rest = read_message(data[:first] + data[at:], POINTS)
    except Invalid:
        return None
    if "dataPoints" in rest:
        return None
    return _columns(layout, heads, tails, rest, known, latest_ms)


def _split(data: bytes, at: int, width: int) -> tuple[list[bytes], list[bytes], int] | None:
    """Split the points from the offset ``at`` on. Return the ``width`` bytes before each point's attributes, each
    point's attributes, and the offset after the last point.

    Return None if a point is too short.
    """
    heads, tails = list[bytes](), list[bytes]()
    end = len(data)
    try:
        while True:
            if data[at] != 0x0A:
                break
            length = data[at + 1]
            begin = at + 2
            if length >= 0x80:
                begin += 1
                length += (data[at + 2] << 7) - 0x80
                if data[at + 2] >= 0x80:
                    return None
            if length < width:
                return None
            at = begin + length
            heads.append(data[begin : (begin := begin + width)])
            tails.append(data[begin:at])
    except IndexError:  # the end, most often
        pass
    if at > end:
        return None
    return (heads, tails, at) if heads else None


def _columns(
    layout: _Layout,
    heads: list[bytes],
    tails: list[bytes],
    rest: dict[str, Any],
    known: Mapping[bytes, str],
    latest_ms: int,
) -> PointColumns:
    keys = list(map(known.get, tails))
    joined, width, tags = b"".join(heads), layout.width, layout.tags
    if same_in_all(joined, width, layout.time, layout.time + 8):
        given: Sequence[float] = [value for (value,) in layout.value_only.iter_unpack(joined)]
        stamps: Sequence[bytes] = [joined[layout.time : layout.time + 8]] * len(given)
    else:
        columns = list(zip(*layout.both.iter_unpack(joined), strict=True))
        stamps, given = columns if layout.time < layout.value else reversed(columns)
    is_whole = _INTEGER in tags  # any integer has a nearest double
    values = list(map(float, given)) if is_whole else given
    moments: dict[bytes, int | None] = {}
    distinct = set(stamps)
    for stamp in distinct:
        try:
            moments[stamp] = check_time(int.from_bytes(stamp, "little") // 1_000_000, latest_ms)
        except Invalid:
            continue
    count = len(heads)
    found = PointColumns(rest=rest, count=count)
    if (
        None not in keys
        and len(moments) == len(distinct)
        and all(joined[_NUMBER_BYTES * place :: width] == tags[place : place + 1] * count for place in range(len(tags)))
        and (is_whole or all(map(isfinite, given)))
    ):
        found.keys, found.times, found.values = keys, list(map(moments.__getitem__, stamps)), list(values)  # type: ignore[assignment]  # no None left
        return found
    for row, (key, stamp, value) in enumerate(zip(keys, stamps, values, strict=True)):
        head = heads[row]
        if key is None or head[::_NUMBER_BYTES] != tags or stamp not in moments or not (is_whole or isfinite(value)):
            found.others.append((row, head + tails[row]))
            continue
        found.keys.append(key)
        found.times.append(moments[stamp])
        found.values.append(value)
    return found
