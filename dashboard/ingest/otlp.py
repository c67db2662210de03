"""OTLP/HTTP metrics, protobuf and JSON: resources, scopes, metrics, data points -> samples.

Source: opentelemetry-proto 1.x and the OTLP specification.  The attributes of a point and of its resource are its labels, but for
the resource's ``telemetry.*`` (which SDK made it).  A point whose attributes are bytes that were met before costs one look-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.domain.series import MAX_UNIT_BYTES, check_text
from dashboard.domain.strict_json import read_json
from dashboard.ingest.batch import MAX_SAMPLES, Refusal, check_time
from dashboard.ingest.naming import foreign_key, foreign_label
from dashboard.ingest.otlp_columns import Columns, read_columns
from dashboard.ingest.otlp_points import Shape, attribute_text, items, rows_of, whole
from dashboard.ingest.otlp_schema import POINTS, REQUEST, SHAPES, read_point
from dashboard.ingest.parsed import NOT_FINITE, Parsed, Recall
from dashboard.ingest.protobuf import BYTES, read_fields, read_message

_ONE: Shape = (("", None),)
_MAX_CACHED_BYTES = 4_096
#: All series of one point, which may be a histogram.
_MAX_CACHED_SERIES_BYTES = 8_192
_UNITS = {"": None, "1": None, "By": "B", "By/s": "B/s", "KiBy": "KiB", "MiBy": "MiB", "GiBy": "GiB"}
_DELTA = (1, "AGGREGATION_TEMPORALITY_DELTA")
#: The flag of a point that says: there is no value any more.
_NO_RECORDED_VALUE = 1


class PointCache:
    """Series of points met before; bounded in number and in what each takes."""

    def __init__(self, max_items: int = 20_000) -> None:
        self._max_items = max_items
        #: By resource and metric, attributes as JSON, and the shape of the point.
        self.shapes: Recall[tuple[bytes, bytes, Shape], tuple[str, ...]] = Recall(max_items)
        self._numbers: Recall[bytes, Recall[bytes, str]] = Recall(max_items)
        self._learnt = 0

    def numbers(self, raw: bytes) -> Recall[bytes, str]:
        """Series of the number points of one metric, by their attributes as protobuf."""
        found = self._numbers.get(raw)
        if found is None:
            found = Recall(self._max_items)
            if len(raw) <= _MAX_CACHED_BYTES:
                self._numbers.learn(raw, found)
        return found

    def learn_number(self, raw: bytes, attributes: bytes, key: str) -> None:
        """Remember one."""
        self._learnt += 1
        if self._learnt > self._max_items:
            self._numbers.clear()
            self._learnt = 1
        self.numbers(raw)[attributes] = key


@dataclass(slots=True, frozen=True)
class _Metric:
    """What all points of one metric share. ``raw`` tells it and its resource from all others."""

    name: str
    shape: str
    kind: str
    unit: str | None
    pairs: list[tuple[str, str]]
    raw: bytes


def parse_otlp_protobuf(body: bytes, cache: PointCache, latest_ms: int) -> Parsed:
    """``ExportMetricsServiceRequest`` -> Parsed; a refusal's index is its data point's, from 0. Raises Invalid."""
    return _walk(read_message(body, REQUEST), cache, latest_ms)


def parse_otlp_json(body: bytes, cache: PointCache, latest_ms: int) -> Parsed:
    """The same from JSON; raises Invalid."""
    request = read_json(body)
    if not isinstance(request, dict):
        raise Invalid("must be an object with resourceMetrics")
    return _walk(request, cache, latest_ms)


def partial_success(parsed: Parsed) -> dict[str, Any]:
    """The JSON answer to what was parsed: ``{}``, or how many points were refused and why the first was."""
    refused = _faults(parsed)
    if not refused:
        return {}
    return {"partialSuccess": {"rejectedDataPoints": str(_count(refused)), "errorMessage": _message(refused)}}


def partial_success_protobuf(parsed: Parsed) -> bytes:
    """The same as ``ExportMetricsServiceResponse``."""
    refused = _faults(parsed)
    if not refused:
        return b""
    said = _message(refused).encode()
    inner = b"\x08" + _varint(_count(refused)) + b"\x12" + _varint(len(said)) + said
    return b"\x0a" + _varint(len(inner)) + inner


def status_protobuf(code: int, message: str) -> bytes:
    """An error as ``google.rpc.Status``."""
    said = message.encode()
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(said)) + said


def _faults(parsed: Parsed) -> list[Refusal]:
    """Without points that have no value, which are no fault of their sender."""
    return [refusal for refusal in parsed.batch.refused if refusal.code != NOT_FINITE]


def _count(refused: list[Refusal]) -> int:
    """How many points those are: a histogram's makes several samples."""
    return len({refusal.index for refusal in refused})


def _message(refused: list[Refusal]) -> str:
    first = refused[0]
    return f"point {first.index}: {first.field + ': ' if first.field else ''}{first.reason}"[:500]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _walk(request: dict[str, Any], cache: PointCache, latest_ms: int) -> Parsed:
    parsed, places = Parsed(), list[int]()  # the point of each sample
    parsed.batch.where = lambda: places
    index = 0
    for resource in items(request, "resourceMetrics", 10_000):
        attributes = items(_inner(_object(resource), "resource"), "attributes", 256)
        about = msgspec.json.encode(attributes)
        for scope in items(resource, "scopeMetrics", 10_000):
            for metric in items(_object(scope), "metrics", 100_000):
                for shape in SHAPES:
                    data = _object(metric).get(shape)
                    if isinstance(data, bytes):
                        index += _take_bytes(
                            data, metric, shape, (attributes, about), parsed, cache, latest_ms, index, places
                        )
                    elif isinstance(data, dict):
                        points = list(enumerate(items(data, "dataPoints", MAX_SAMPLES), index))
                        found = _described(metric, shape, data, attributes, about)
                        _take(points, found, parsed, cache, latest_ms, places)
                        index += len(points)
    return parsed


def _take_bytes(
    data: bytes,
    metric: dict[str, Any],
    shape: str,
    resource: tuple[list[Any], bytes],
    parsed: Parsed,
    cache: PointCache,
    latest_ms: int,
    index: int,
    places: list[int],
) -> int:
    """The points of a gauge or sum that is still protobuf, quickly where that goes; returns how many there are."""
    raw = _raw(resource[1], metric.get("name"))
    columns = read_columns(data, cache.numbers(raw), latest_ms)
    if columns is None:
        message = read_message(data, POINTS)
        columns = Columns(others=list(enumerate(items(message, "dataPoints", MAX_SAMPLES))), rest=message)
        columns.count = len(columns.others)
    found = _described(metric, shape, columns.rest, *resource)
    if columns.keys and isinstance(found, _Metric):
        _add(columns, found, parsed)
        others = {row for row, _ in columns.others}
        places += [index + row for row in range(columns.count) if row not in others]
    _take([(index + row, point) for row, point in columns.others], found, parsed, cache, latest_ms, places)
    return columns.count


def _add(columns: Columns, metric: _Metric, parsed: Parsed) -> None:
    batch, keys = parsed.batch, columns.keys
    if len(batch.keys) + len(keys) > MAX_SAMPLES:
        raise Invalid(f"more than {MAX_SAMPLES} data points in one body")
    if metric.unit is not None:
        start = len(batch.keys)
        batch.declared += [(row, metric.unit, None) for row in range(start, start + len(keys))]
    batch.kinds.update(dict.fromkeys(keys, metric.kind))
    batch.keys += keys
    batch.times += columns.times
    batch.values += columns.values


def _raw(about: bytes, name: object) -> bytes:
    return about + b"\x00" + str(name).encode("utf-8", "replace")


def _described(
    metric: dict[str, Any], shape: str, data: dict[str, Any], attributes: list[Any], about: bytes
) -> _Metric | Invalid:
    """What the points of a metric share; or why none of them can be taken."""
    try:
        name, unit = metric.get("name", ""), metric.get("unit", "")
        if not isinstance(name, str) or not name:
            raise Invalid("the metric has no name", field="name")
        pairs = [(key, text) for key, text in _pairs(attributes) if not key.startswith("telemetry.")]
    except Invalid as invalid:
        return invalid
    kind = {"gauge": "gauge", "summary": "summary", "sum": "counter"}.get(shape, "histogram")
    if data.get("aggregationTemporality") in _DELTA:
        kind = "delta"
    elif shape == "sum" and data.get("isMonotonic") is not True:
        kind = "gauge"
    return _Metric(name, shape, kind, _unit(unit), pairs, _raw(about, name))


def _unit(unit: Any) -> str | None:
    """The unit as it is shown; one that cannot be shown is left out, for the number is worth more than it."""
    if not isinstance(unit, str) or unit.startswith("{"):
        return None
    try:
        return _UNITS[unit] if unit in _UNITS else check_text(unit, field="unit", max_bytes=MAX_UNIT_BYTES)
    except Invalid:
        return None


def _take(
    points: list[tuple[int, Any]],
    metric: _Metric | Invalid,
    parsed: Parsed,
    cache: PointCache,
    latest_ms: int,
    places: list[int],
) -> None:
    """All points of one metric, each wholly or not at all. ``places`` gets the point of each sample."""
    for place, point in points:
        try:
            if isinstance(metric, Invalid):
                raise metric
            _point(point, metric, parsed, cache, latest_ms)
        except Invalid as invalid:
            parsed.refuse(place, invalid, point if isinstance(point, bytes) else msgspec.json.encode(point))
        places += [place] * (len(parsed.batch.keys) - len(places))


def _point(point: Any, metric: _Metric, parsed: Parsed, cache: PointCache, latest_ms: int) -> None:
    """One point of any shape; raises Invalid."""
    found = read_point(metric.shape, point)
    attributes = items(found, "attributes", 256)
    t_ns = whole(found.get("timeUnixNano", 0), "timeUnixNano")
    t_ms = check_time(t_ns // 1_000_000, latest_ms, field="timeUnixNano", unit="nanoseconds") if t_ns else None
    if whole(found.get("flags", 0), "flags") & _NO_RECORDED_VALUE:
        parsed.ended += [(key, t_ms) for key in _keys(metric, attributes, _ONE)]
        return
    shape, values = rows_of(metric.shape, found)
    seen = (metric.raw, msgspec.json.encode(attributes), shape)
    keys = cache.shapes.get(seen)
    if keys is None:
        keys = _keys(metric, attributes, shape)
        if len(seen[0]) + len(seen[1]) <= _MAX_CACHED_BYTES and sum(map(len, keys)) <= _MAX_CACHED_SERIES_BYTES:
            cache.shapes.learn(seen, keys)
    if len(set(keys)) < len(keys):
        raise Invalid("two samples of the point would be one series", field="attributes")
    for key, value, (suffix, _) in zip(keys, values, shape, strict=True):
        unit = None if suffix in ("_count", "_bucket") else metric.unit
        kind = "gauge" if suffix in ("_min", "_max", "_p50", "_p90", "_p99") else metric.kind
        parsed.add(key, t_ms, value, unit=unit, kind=kind)
    if isinstance(point, bytes) and shape == _ONE:
        _learn(point, metric, keys, cache)


def _learn(point: bytes, metric: _Metric, keys: tuple[str, ...], cache: PointCache) -> None:
    """Remember a number point's attributes by their bytes, when nothing else is behind its value."""
    at = 27 if point[0] == 0x11 else 18
    tail = point[at:]
    if len(metric.raw) + len(tail) > _MAX_CACHED_BYTES:
        return
    try:
        numbers = [number for number, _, _ in read_fields(point)]
        plain = all(number == 7 and wire == BYTES for number, wire, _ in read_fields(tail))
    except Invalid:
        return
    head = numbers[: len(numbers) - numbers.count(7)]
    if plain and head in ([2, 3, 4], [2, 3, 6], [3, 4], [3, 6]):
        cache.learn_number(metric.raw, tail, keys[0])


def _keys(metric: _Metric, attributes: list[Any], shape: Shape) -> tuple[str, ...]:
    own = _pairs(attributes)
    names = {foreign_label(name) for name, _ in own}  # what is said of the point itself counts
    pairs = [*(pair for pair in metric.pairs if foreign_label(pair[0]) not in names), *own]
    return tuple(foreign_key(metric.name + suffix, [*pairs, label] if label else pairs) for suffix, label in shape)


def _pairs(attributes: list[Any]) -> list[tuple[str, str]]:
    pairs = []
    for attribute in attributes:
        key = _object(attribute).get("key", "")
        if not isinstance(key, str):
            raise Invalid("an attribute's key must be text", field="attributes")
        pairs.append((key, attribute_text(attribute.get("value", {}))))
    return pairs


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid("must hold objects", field="resourceMetrics")
    return value


def _inner(holder: dict[str, Any], name: str) -> dict[str, Any]:
    return _object(holder.get(name) or {})
