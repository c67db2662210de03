"""Fast path for the points of an OTLP gauge or sum in the protobuf layout that SDKs write: they are read as columns.

Such a point is: start time (field 2, optional), time (3), a double (4) or an integer (6), attributes (7).  The bytes after the
value are looked up without being parsed.  Only bytes that were parsed as whole attributes are in the cache, so a hit is always
right.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import check_time
from dashboard.ingest.otlp_schema import POINTS
from dashboard.ingest.protobuf import read_message, same_in_all

#: Layout of time and value in the bytes before the attributes, by their length and the tag of the value.
_LAYOUTS = {
    (27, 0x21): struct.Struct("<10x8sxd"), (27, 0x31): struct.Struct("<10x8sxq"),
    (18, 0x21): struct.Struct("<x8sxd"), (18, 0x31): struct.Struct("<x8sxq"),
}  # fmt: skip


#: The same with the value alone.
_VALUES = {
    (27, 0x21): struct.Struct("<19xd"), (27, 0x31): struct.Struct("<19xq"),
    (18, 0x21): struct.Struct("<10xd"), (18, 0x31): struct.Struct("<10xq"),
}  # fmt: skip


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
    """Read a ``Gauge`` or ``Sum`` message; return None if its bytes do not have one of the expected layouts.

    ``known`` maps the encoded attributes of a data point to its series.
    """
    at = 2 if len(data) > 1 and data[1] < 0x80 else 3
    width = 27 if len(data) > at and data[at] == 0x11 else 18
    layout = _LAYOUTS.get((width, data[at + width - 9])) if len(data) >= at + width else None
    split = _split(data, width) if layout is not None else None
    if layout is None or split is None:
        return None
    heads, tails, at = split
    try:
        rest = read_message(data[at:], POINTS)
    except Invalid:
        return None
    if "dataPoints" in rest:
        return None
    return _columns(layout, heads, tails, rest, known, latest_ms)


def _split(data: bytes, width: int) -> tuple[list[bytes], list[bytes], int] | None:
    """Return each point's bytes before its attributes, each point's attributes, and the offset after the last point.

    Return None if a point is too short.
    """
    heads, tails = list[bytes](), list[bytes]()
    at, end = 0, len(data)
    try:
        while data[at] == 0x0A:
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
    layout: struct.Struct,
    heads: list[bytes],
    tails: list[bytes],
    rest: dict[str, Any],
    known: Mapping[bytes, str],
    latest_ms: int,
) -> PointColumns:
    keys = list(map(known.get, tails))
    joined, width, value_tag = b"".join(heads), layout.size, heads[0][-9]
    if same_in_all(joined, width, width - 17, width - 9):
        given: Sequence[float] = [value for (value,) in _VALUES[width, value_tag].iter_unpack(joined)]
        stamps: Sequence[bytes] = [joined[width - 17 : width - 9]] * len(given)
    else:
        stamps, given = zip(*layout.iter_unpack(joined), strict=True)
    values = given if value_tag == 0x21 else list(map(float, given))
    is_whole = value_tag == 0x31  # any integer has a nearest double
    moments: dict[bytes, int | None] = {}
    distinct = set(stamps)
    for stamp in distinct:
        try:
            moments[stamp] = check_time(int.from_bytes(stamp, "little") // 1_000_000, latest_ms)
        except Invalid:
            continue
    count = len(heads)
    found = PointColumns(rest=rest, count=count)
    tags = joined[::width], joined[width - 18 :: width], joined[width - 9 :: width]
    if (
        None not in keys
        and len(moments) == len(distinct)
        and tags == (heads[0][:1] * count, b"\x19" * count, bytes([value_tag]) * count)
        and (is_whole or all(map(isfinite, given)))
    ):
        found.keys, found.times, found.values = keys, list(map(moments.__getitem__, stamps)), list(values)  # type: ignore[assignment]  # no None left
        return found
    marks = heads[0][0], 0x19, value_tag
    for row, (key, stamp, value) in enumerate(zip(keys, stamps, values, strict=True)):
        head = heads[row]
        if (
            key is None
            or (head[0], head[-18], head[-9]) != marks
            or stamp not in moments
            or not (is_whole or isfinite(value))
        ):
            found.others.append((row, head + tails[row]))
            continue
        found.keys.append(key)
        found.times.append(moments[stamp])
        found.values.append(value)
    return found
