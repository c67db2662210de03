"""OTLP/HTTP metrics, protobuf and JSON: resources, scopes, metrics, data points -> samples.

Source: opentelemetry-proto 1.x and the OTLP specification. Names of series: ``otlp_names.py``, ``otlp_resources.py``. An
unreadable point, metric, scope or resource is refused, and the rest of the body is kept. A point whose attributes have the same
bytes as those of an earlier point costs one look-up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.domain.series import MAX_UNIT_BYTES, check_text, series_key
from dashboard.ingest.batch import MAX_SAMPLES, check_time
from dashboard.ingest.json_steps import read_in_steps
from dashboard.ingest.origins import origin_of
from dashboard.ingest.otlp_cache import MAX_CACHED_BYTES, PointCache
from dashboard.ingest.otlp_columns import PointColumns, attributes_of, read_columns
from dashboard.ingest.otlp_names import labels_of, metric_name
from dashboard.ingest.otlp_points import DIVIDED, SUFFIXES, Shape, rows_of
from dashboard.ingest.otlp_resources import TARGET_INFO, Origin, with_scope
from dashboard.ingest.otlp_schema import (
    METRIC,
    POINTS,
    REQUEST,
    RESOURCE_METRICS,
    SCOPE_METRICS,
    SHAPES,
    read_any,
    read_point,
    read_text,
)
from dashboard.ingest.otlp_values import MAX_ATTRIBUTES, items, pairs_of, whole
from dashboard.ingest.parsed import Family, Parsed
from dashboard.ingest.protobuf import BYTES, NotRead, TooManyFields, read_fields, read_message

_ONE: Shape = (("", None),)
#: Most bytes of the series of one point (a histogram has many); longer ones are not cached.
_MAX_CACHED_SERIES_BYTES = 16_384
_UNITS = {"": None, "1": None, "By": "B", "By/s": "B/s", "KiBy": "KiB", "MiBy": "MiB", "GiBy": "GiB", "Cel": "°C"}
_DELTA = (1, "AGGREGATION_TEMPORALITY_DELTA")
#: Flag of a point: the series has no value any more.
_NO_RECORDED_VALUE = 1
#: Most resources, scopes and metrics in one request; a larger one is refused.
_MAX_PARTS = 200_000
#: Fields of a metric that hold no data.
_DESCRIBING = {"name", "description", "unit", "metadata"}


@dataclass(slots=True, frozen=True)
class _Metric:
    """Properties shared by all points of a metric. ``sent``: the name as sent; ``raw``: bytes that identify origin and name."""

    name: str
    sent: str
    shape: str
    kind: str
    unit: str | None
    origin: Origin
    raw: bytes


def parse_otlp_protobuf(body: bytes, cache: PointCache, latest_ms: int) -> Parsed:
    """Parse an ``ExportMetricsServiceRequest``; a refusal's index is that of its data point, from 0. Raises Invalid."""
    return _Walk(cache, latest_ms, NotRead.of_body(len(body))).take(read_message(body, REQUEST))


def parse_otlp_json(body: bytes, cache: PointCache, latest_ms: int) -> Parsed:
    """Parse the request's JSON form, with field names like ``resourceMetrics`` or ``resource_metrics``. Raises Invalid."""
    request = read_in_steps(body, lambda text: read_text(text, REQUEST))
    if not isinstance(request, dict):
        raise Invalid("must be an object with resourceMetrics")
    if request and "resourceMetrics" not in request:
        passed = ", ".join(sorted(request))[:80]
        raise Invalid(f"has no resourceMetrics, only {passed}; this address takes metrics")
    return _Walk(cache, latest_ms, NotRead.of_body(len(body))).take(request)


@dataclass(slots=True)
class _Walk:
    """Parser of one request. ``index``: index of the next data point; ``places``: for each sample, the index of its data point.

    ``sent``: maps a metric's origin and converted name to the name as sent.
    """

    cache: PointCache
    latest_ms: int
    not_read: NotRead
    parsed: Parsed = field(default_factory=Parsed)
    places: list[int] = field(default_factory=list)
    index: int = 0
    parts: int = 0
    sent: dict[tuple[bytes, str], str] = field(default_factory=dict)

    def take(self, request: dict[str, Any]) -> Parsed:
        """Parse the whole request; raises Invalid when it has too many parts."""
        self.cache.renew(self.latest_ms)
        self.parsed.batch.where = lambda: self.places
        resources = items(request, "resourceMetrics", _MAX_PARTS)
        read = [self._read(part, RESOURCE_METRICS) for part in resources]
        self.cache.resources.note_shared(part.get("resource") or {} for part in read if part is not None)
        for part in read:
            if part is not None:
                self._resource(part)
        return self.parsed

    def _read(self, part: Any, schema: Any) -> dict[str, Any] | None:
        """Decode a part; refuse an unreadable part and return None."""
        self.parts += 1
        if self.parts > _MAX_PARTS:
            raise Invalid(f"more than {_MAX_PARTS} resources, scopes and metrics in one body")
        try:
            return read_any(part, schema, self.not_read)
        except TooManyFields:
            raise
        except Invalid as invalid:
            self._refuse(invalid, part)
            return None

    def _refuse(self, invalid: Invalid, part: Any) -> None:
        """Refuse a whole part, which counts as one point."""
        if isinstance(part, dict):
            part = {name: value for name, value in part.items() if isinstance(value, str | int | float | bool)}
        self.parsed.refuse(self.index, invalid, _shown(part))
        self.index += 1

    def _resource(self, part: dict[str, Any]) -> None:
        row, index = len(self.parsed.batch.keys), self.index
        try:
            origin = self.cache.resources.origin(part.get("resource") or {})
            scopes = items(part, "scopeMetrics", _MAX_PARTS)
        except Invalid as invalid:
            self._refuse(Invalid(f"resource: {invalid.reason}", field=invalid.field), part)
            return
        for each in scopes:
            scope = self._read(each, SCOPE_METRICS)
            if scope is not None:
                self._scope(scope, origin)
        if origin.fault:
            self.parsed.refuse(index, Invalid(origin.fault), f"{TARGET_INFO}{{…}}")
        if origin.info and len(self.parsed.batch.keys) > row:
            times = [t for t in self.parsed.batch.times[row:] if t is not None]
            self.parsed.add(origin.info, max(times, default=None), 1.0, kind="gauge")
            self.places.append(index)

    def _scope(self, scope: dict[str, Any], origin: Origin) -> None:
        try:
            origin = with_scope(origin, scope.get("scope"), scope.get("schemaUrl"))
            metrics = items(scope, "metrics", _MAX_PARTS)
        except Invalid as invalid:
            self._refuse(Invalid(f"scope: {invalid.reason}", field=invalid.field), scope)
            return
        for each in metrics:
            metric = self._read(each, METRIC)
            if metric is None:
                continue
            self._check_shape(metric)
            for shape in SHAPES:
                data = metric.get(shape)
                if data is not None:
                    try:
                        self._metric(metric, shape, data, origin)
                    except (_TooMany, TooManyFields):
                        raise
                    except Invalid as invalid:
                        self._refuse(_named(invalid, str(metric.get("name", ""))), data)

    def _check_shape(self, metric: dict[str, Any]) -> None:
        """Refuse a metric whose data has an unknown kind, which only the JSON form shows: in protobuf, unknown fields are skipped."""
        if metric.keys().isdisjoint(SHAPES) and (unknown := sorted(metric.keys() - _DESCRIBING)):
            known = f"has no {', '.join(SHAPES)}, only {', '.join(unknown)[:80]}"
            self._refuse(_named(Invalid(known), str(metric.get("name", ""))), metric)

    def _metric(self, metric: dict[str, Any], shape: str, data: Any, origin: Origin) -> None:
        """Parse a metric's points; parse a gauge or sum in protobuf by columns if its layout allows that."""
        columns = None
        if isinstance(data, bytes) and shape in ("gauge", "sum"):
            known = self.cache.numbers(_raw(origin, metric.get("name")))
            columns = read_columns(data, known, self.latest_ms)
        if columns is None:
            columns = _all_others(data, self.not_read)
        found = self._described(metric, shape, columns.rest, origin)
        if columns.keys and isinstance(found, _Metric) and known.name != found.name:
            columns = _all_others(data, self.not_read)
        if columns.keys and isinstance(found, _Metric):
            self._add(columns, found)
        self._take([(self.index + row, point) for row, point in columns.others], found)
        self.index += columns.count

    def _add(self, columns: PointColumns, metric: _Metric) -> None:
        batch, keys = self.parsed.batch, columns.keys
        if len(batch.keys) + len(keys) > MAX_SAMPLES:
            raise _TooMany(f"more than {MAX_SAMPLES} samples in one body")
        if metric.unit is not None:
            start = len(batch.keys)
            batch.declared += [(row, metric.unit, None) for row in range(start, start + len(keys))]
        batch.kinds.update(dict.fromkeys(keys, metric.kind))
        batch.keys += keys
        batch.times += columns.times
        batch.values += columns.values
        rows: Iterable[int] = range(self.index, self.index + columns.count)
        if columns.others:
            others = {self.index + row for row, _ in columns.others}
            rows = (row for row in rows if row not in others)
        self.places.extend(rows)

    def _described(self, metric: dict[str, Any], shape: str, data: dict[str, Any], origin: Origin) -> _Metric | Invalid:
        """Return the properties that all points of a metric share, or the reason why all points are refused."""
        sent, unit = metric.get("name") or "", metric.get("unit") or ""
        if not isinstance(sent, str) or not sent:
            return Invalid("the metric has no name", field="name")
        kind = {"gauge": "gauge", "summary": "summary", "sum": "counter"}.get(shape, "histogram")
        monotonic = shape == "sum" and data.get("isMonotonic") is True
        if data.get("aggregationTemporality") in _DELTA:
            kind = "delta"
        elif shape == "sum" and not monotonic:
            kind = "gauge"
        try:
            name = metric_name(
                sent,
                unit if isinstance(unit, str) else "",
                monotonic=monotonic,
                gauge=shape == "gauge",
                names=self.cache.options.names,
            )
        except Invalid as invalid:
            return invalid
        other = self.sent.setdefault((origin.raw, name), sent)
        if other != sent:
            return Invalid(f"{sent[:80]} and {other[:80]} would both be called {name} here; rename one", field="name")
        return _Metric(name, sent, shape, kind, _unit(unit), origin, _raw(origin, sent))

    def _take(self, points: list[tuple[int, Any]], metric: _Metric | Invalid) -> None:
        """Parse points of one metric; each is accepted or refused as a whole."""
        for row, (place, point) in enumerate(points):
            if self.parsed.batch.is_hopeless():
                self.parsed.batch.leave_unread(place, len(points) - row)
                return
            try:
                if isinstance(metric, Invalid):
                    raise metric
                self._point(point, metric)
            except (_TooMany, TooManyFields):
                raise
            except Invalid as invalid:
                if isinstance(metric, _Metric):
                    named = _named(invalid, metric.sent)
                    self.parsed.refuse(place, named, _shown(point, metric.shape))
                else:
                    self.parsed.refuse(place, invalid, _shown(point))
            self.places += [place] * (len(self.parsed.batch.keys) - len(self.places))

    def _point(self, point: Any, metric: _Metric) -> None:
        """Parse one point of any shape; raises Invalid."""
        found = read_point(metric.shape, point, self.not_read)
        attributes = items(found, "attributes", MAX_ATTRIBUTES)
        t_ns = whole(found.get("timeUnixNano") or 0, "timeUnixNano")
        t_ms = None
        if t_ns:
            t_ms = check_time(t_ns // 1_000_000, self.latest_ms, field="timeUnixNano", unit="nanoseconds")
        if whole(found.get("flags") or 0, "flags") & _NO_RECORDED_VALUE:
            self._end(metric, attributes, t_ms)
            return
        shape, values = rows_of(metric.shape, found)
        seen = (metric.raw + b"\x00" + metric.name.encode(), msgspec.json.encode(attributes), shape)
        keys = self.cache.shapes.get(seen)
        if keys is None:
            keys = _keys(metric, attributes, shape)
            self.cache.claim(keys, origin_of(metric.sent, dict(pairs_of(attributes))))
            if len(seen[0]) + len(seen[1]) <= MAX_CACHED_BYTES and sum(map(len, keys)) <= _MAX_CACHED_SERIES_BYTES:
                self.cache.shapes.learn(seen, keys)
        if len(self.parsed.batch.keys) + len(keys) > MAX_SAMPLES:
            raise _TooMany(f"more than {MAX_SAMPLES} samples in one body")
        for key, value, (suffix, _) in zip(keys, values, shape, strict=True):
            unit = None if suffix in ("_count", "_bucket") else metric.unit
            kind = "gauge" if suffix in ("_min", "_max", "_p50", "_p90", "_p99") else metric.kind
            self.parsed.add(key, t_ms, value, unit=unit, kind=kind)
        if isinstance(point, bytes) and shape == _ONE:
            _learn(point, metric, keys, self.cache)

    def _end(self, metric: _Metric, attributes: list[Any], t_ms: int | None) -> None:
        """End all series with these attributes, whatever their ``le`` or ``quantile`` is: the point does not name these two labels."""
        labels = _labels(metric, attributes)
        suffixes = SUFFIXES[metric.shape]
        self.parsed.ended += [(series_key(metric.name + suffix, labels).text, t_ms) for suffix in suffixes]
        if metric.shape in DIVIDED:
            suffix, label = DIVIDED[metric.shape]
            key = series_key(metric.name + suffix, labels)
            self.parsed.ended_families.append(Family(key, label, t_ms))


def _all_others(data: Any, not_read: NotRead) -> PointColumns:
    """Return columns with all points in ``others``: the caller reads those points one by one."""
    message = read_any(data, POINTS, not_read)
    points = items(message, "dataPoints", MAX_SAMPLES)
    return PointColumns(others=list(enumerate(points)), count=len(points), rest=message)


class _TooMany(Invalid):
    """Fault of a body with more than ``MAX_SAMPLES`` samples; no single part is at fault."""


def _raw(origin: Origin, name: object) -> bytes:
    return origin.raw + str(name).encode("utf-8", "replace")


def _named(invalid: Invalid, name: str) -> Invalid:
    """Return the same error with the metric's name in its reason."""
    invalid.reason = f"{invalid.reason} (metric {name[:120]})"
    return invalid


def _shown(part: Any, shape: str = "") -> bytes:
    """Return a part as readable text, for a refusal's snippet."""
    if isinstance(part, bytes):
        try:
            part = read_point(shape, part) if shape else f"protobuf of {len(part)} bytes"
        except Invalid:
            part = f"protobuf of {len(part)} bytes"
    return msgspec.json.encode(part)


def _unit(unit: Any) -> str | None:
    """Return the unit to show; return None for an invalid unit, because that is no reason to refuse the sample."""
    if not isinstance(unit, str) or unit.startswith("{"):
        return None
    try:
        return _UNITS[unit] if unit in _UNITS else check_text(unit, field="unit", max_bytes=MAX_UNIT_BYTES)
    except Invalid:
        return None


def _learn(point: bytes, metric: _Metric, keys: tuple[str, ...], cache: PointCache) -> None:
    """Cache the series of a number point by the bytes of its attributes, if these are the end of the point."""
    tail = attributes_of(point)
    if tail is None or len(metric.raw) + len(tail) > MAX_CACHED_BYTES:
        return
    try:
        plain = all(number == 7 and wire == BYTES for number, wire, _ in read_fields(tail))
    except Invalid:
        return
    if plain:
        cache.learn_number(metric.raw, metric.name, tail, keys[0])


def _labels(metric: _Metric, attributes: list[Any], *others: str) -> dict[str, str]:
    """Return a point's labels without ``le`` and ``quantile``; an attribute with a name in ``others`` is renamed."""
    own = metric.origin.labels
    return labels_of(pairs_of(attributes), own if not others else own | dict.fromkeys(others, "")) | own


def _keys(metric: _Metric, attributes: list[Any], shape: Shape) -> tuple[str, ...]:
    further = {label[0] for _, label in shape if label}
    labels = _labels(metric, attributes, *further)
    return tuple(
        series_key(metric.name + suffix, labels if label is None else labels | {label[0]: label[1]}).text
        for suffix, label in shape
    )
