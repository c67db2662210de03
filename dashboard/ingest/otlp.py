"""OTLP/HTTP metrics, protobuf and JSON: resources, scopes, metrics, data points -> samples.

Source: opentelemetry-proto 1.x and the OTLP specification. Names of series: ``otlp_names.py``, ``otlp_resources.py``. An
unreadable point, metric, scope or resource is refused, and the rest of the body is kept. A point whose attributes have the same
bytes as those of an earlier point costs one look-up. A body with very many points is parsed in parts, of which each is stored
before the next is parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.domain.series import series_key
from dashboard.ingest.batch import FULL_PART, Batch, check_time
from dashboard.ingest.json_steps import read_in_steps
from dashboard.ingest.origins import origin_of
from dashboard.ingest.otlp_cache import MAX_CACHED_BYTES, PointCache
from dashboard.ingest.otlp_columns import PointColumns, attributes_of, read_columns
from dashboard.ingest.otlp_faults import check_others, check_point, list_in, named, shown_part
from dashboard.ingest.otlp_metric import OtlpMetric, kind_of, raw_of
from dashboard.ingest.otlp_names import metric_name, shown_unit
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
from dashboard.ingest.protobuf import BYTES, ITEM_BYTES, NotRead, TooManyFields, pieces_of, read_fields, read_message

_ONE: Shape = (("", None),)
#: Most bytes of the series of one point (a histogram has many); longer ones are not cached.
_MAX_CACHED_SERIES_BYTES = 16_384
#: Flag of a point: the series has no value any more.
_NO_RECORDED_VALUE = 1
#: Most resources, scopes and metrics in one request; a long request may have one for each ``_PART_BYTES``, which is less than a
#: metric with one point has.
_MAX_PARTS, _PART_BYTES = 200_000, 64
#: Bytes of a metric's points that are read at once.
_PIECE_BYTES = 1 << 18


def parse_otlp_protobuf(body: bytes, cache: PointCache, latest_ms: int) -> Parsed:
    """Parse an ``ExportMetricsServiceRequest``, or the first part of a long one; a refusal's index is that of its data point in
    the whole request, from 0. Raises Invalid."""
    return _Walk(cache, latest_ms, len(body)).take(read_message(body, REQUEST))


def parse_otlp_json(body: bytes, cache: PointCache, latest_ms: int) -> Parsed:
    """Parse the request's JSON form, with field names like ``resourceMetrics`` or ``resource_metrics``. Raises Invalid."""
    request = read_in_steps(body, lambda text: read_text(text, REQUEST))
    if not isinstance(request, dict):
        raise Invalid("must be an object with resourceMetrics")
    if request and "resourceMetrics" not in request:
        passed = ", ".join(sorted(request))[:80]
        raise Invalid(f"has no resourceMetrics, only {passed}; this address takes metrics")
    return _Walk(cache, latest_ms, len(body)).take(request)


@dataclass(slots=True)
class _Walk:
    """Parser of one request of ``size`` bytes. ``parsed``: the part that is being filled.

    ``index``: index of the next data point; ``places``: for each sample of the part, the index of its data point.
    ``sent``: maps a metric's origin and converted name to the name as sent.  ``row``: first row of the resource in this part;
    ``newest_ms``: latest time of the resource's samples in earlier parts; None: there are none; 0: they have no time.
    """

    cache: PointCache
    latest_ms: int
    size: int
    parsed: Parsed = field(default_factory=Parsed)
    places: list[int] = field(default_factory=list)
    index: int = 0
    parts: int = 0
    row: int = 0
    newest_ms: int | None = None
    sent: dict[tuple[bytes, str], str] = field(default_factory=dict)
    not_read: NotRead = field(init=False)
    most: int = field(init=False)
    most_parts: int = field(init=False)
    is_whole: bool = False

    def __post_init__(self) -> None:
        self.not_read, self.most = NotRead.of_body(self.size), max(_MAX_PARTS, self.size // ITEM_BYTES)
        self.most_parts = max(_MAX_PARTS, self.size // _PART_BYTES)

    def take(self, request: dict[str, Any]) -> Parsed:
        """Parse the request, or its first part; raises Invalid when it has too many resources, scopes and metrics."""
        parts = self._parts(request)
        parsed = next(parts)
        parsed.rest = None if self.is_whole else self._rest(parts)
        return parsed

    def _rest(self, parts: Iterator[Parsed]) -> Iterator[Parsed]:
        """Yield the further parts. The first ones are stored, so a fault that ends the parsing is refused like a point."""
        try:
            yield from parts
        except Invalid as invalid:
            self._refuse(invalid, {})
            yield self.parsed

    def _parts(self, request: dict[str, Any]) -> Iterator[Parsed]:
        self._begin()
        self.cache.renew(self.latest_ms)
        resources = items(request, "resourceMetrics", self.most_parts)
        read = [self._read(part, RESOURCE_METRICS) for part in resources]
        self.cache.resources.note_shared(part.get("resource") or {} for part in read if part is not None)
        for part in read:
            if part is not None:
                yield from self._resource(part)
        self.is_whole = True
        yield self.parsed

    def _begin(self) -> None:
        self.places = places = list[int]()
        self.parsed = Parsed(Batch(where=lambda: places))

    def _cut(self) -> Parsed:
        """Return the part and begin a new one."""
        full, self.newest_ms, self.row = self.parsed, self._newest_ms(), 0
        self._begin()
        return full

    def _newest_ms(self) -> int | None:
        """Return the latest time of the resource's samples so far; 0 if none has a time, None if there is no sample."""
        times = self.parsed.batch.times[self.row :]
        if not times:
            return self.newest_ms
        return max((t for t in (*times, self.newest_ms) if t is not None), default=0)

    def _read(self, part: Any, schema: Any) -> dict[str, Any] | None:
        """Decode a part; refuse an unreadable part and return None."""
        self.parts += 1
        if self.parts > self.most_parts:
            raise Invalid(
                f"more than {self.most_parts} resources, scopes and metrics in one body; send fewer at a time"
            )
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
        self.parsed.refuse(self.index, invalid, shown_part(part))
        self.index += 1

    def _resource(self, part: dict[str, Any]) -> Iterator[Parsed]:
        self.row, self.newest_ms, index = len(self.parsed.batch.keys), None, self.index
        try:
            origin = self.cache.resources.origin(part.get("resource") or {})
            scopes = list_in(part, "scopeMetrics", self.most_parts)
        except Invalid as invalid:
            self._refuse(Invalid(f"resource: {invalid.reason}", field=invalid.field), part)
            return
        for each in scopes:
            scope = self._read(each, SCOPE_METRICS)
            if scope is not None:
                yield from self._scope(scope, origin)
        if origin.fault:
            self.parsed.refuse(index, Invalid(origin.fault), f"{TARGET_INFO}{{…}}")
        if origin.info and (newest_ms := self._newest_ms()) is not None:
            self.parsed.add(origin.info, newest_ms or None, 1.0, kind="gauge")
            self.places.append(index)

    def _scope(self, scope: dict[str, Any], origin: Origin) -> Iterator[Parsed]:
        try:
            origin = with_scope(origin, scope.get("scope"), scope.get("schemaUrl"))
            metrics = list_in(scope, "metrics", self.most_parts)
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
                        for piece in pieces_of(data, (1,), _PIECE_BYTES) if isinstance(data, bytes) else (data,):
                            yield from self._metric(metric, shape, piece, origin)
                    except TooManyFields:
                        raise
                    except Invalid as invalid:
                        self._refuse(named(invalid, str(metric.get("name", ""))), data)

    def _check_shape(self, metric: dict[str, Any]) -> None:
        """Refuse a metric whose data has an unknown kind."""
        if metric.keys().isdisjoint(SHAPES):
            try:
                check_others(metric, ", ".join(SHAPES))
            except Invalid as invalid:
                self._refuse(named(invalid, str(metric.get("name", ""))), metric)

    def _metric(self, metric: dict[str, Any], shape: str, data: Any, origin: Origin) -> Iterator[Parsed]:
        """Parse points of a metric; parse a gauge or sum in protobuf by columns if its layout allows that."""
        if self.parsed.is_full(FULL_PART):
            yield self._cut()
        columns, by_columns = None, isinstance(data, bytes) and shape in ("gauge", "sum")
        if by_columns:
            known = self.cache.numbers(raw_of(origin, metric.get("name")))
            columns = read_columns(data, known, self.latest_ms)
        if columns is None:
            columns = self._all_others(data)
        found = self._described(metric, shape, columns.rest, origin)
        if columns.keys and isinstance(found, OtlpMetric) and known.name != found.cached_as:
            columns = self._all_others(data)
        if columns.keys and isinstance(found, OtlpMetric):
            self._add(columns, found)
        # which points are read by columns depends on the cache; where a repeated body is divided must not
        others = [(self.index + row, point) for row, point in columns.others]
        yield from self._take(others, found, shape, may_cut=not by_columns)
        self.index += columns.count

    def _add(self, columns: PointColumns, metric: OtlpMetric) -> None:
        batch, keys = self.parsed.batch, columns.keys
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

    def _all_others(self, data: Any) -> PointColumns:
        """Return columns with all points in ``others``: the caller reads those points one by one."""
        message = read_any(data, POINTS, self.not_read)
        points = list_in(message, "dataPoints", self.most)
        return PointColumns(others=list(enumerate(points)), count=len(points), rest=message)

    def _described(
        self, metric: dict[str, Any], shape: str, data: dict[str, Any], origin: Origin
    ) -> OtlpMetric | Invalid:
        """Return the properties that all points of a metric share, or the reason why all points are refused."""
        sent, unit = metric.get("name") or "", metric.get("unit") or ""
        if not isinstance(sent, str) or not sent:
            return Invalid("the metric has no name", field="name")
        monotonic = shape == "sum" and data.get("isMonotonic") is True
        kind = kind_of(shape, data, monotonic=monotonic)
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
        return OtlpMetric(name, sent, shape, kind, shown_unit(unit), origin, raw_of(origin, sent))

    def _take(
        self, points: list[tuple[int, Any]], metric: OtlpMetric | Invalid, shape: str, *, may_cut: bool
    ) -> Iterator[Parsed]:
        """Parse points of one metric; each is accepted or refused as a whole. ``may_cut``: whether a part may end between two."""
        for row, (place, point) in enumerate(points):
            if may_cut and self.parsed.is_full(FULL_PART):
                yield self._cut()
            if self.parsed.batch.is_hopeless():
                self.parsed.batch.leave_unread(place, len(points) - row)
                return
            try:
                if isinstance(metric, Invalid):
                    raise metric
                self._point(point, metric)
            except TooManyFields:
                raise
            except Invalid as invalid:
                if isinstance(metric, OtlpMetric):
                    self.parsed.refuse(place, named(invalid, metric.sent), shown_part(point, shape))
                else:
                    self.parsed.refuse(place, invalid, shown_part(point, shape))
            self.places += [place] * (len(self.parsed.batch.keys) - len(self.places))

    def _point(self, point: Any, metric: OtlpMetric) -> None:
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
        check_point(found, metric.shape)
        shape, values = rows_of(metric.shape, found)
        seen = (metric.raw + b"\x00" + metric.cached_as.encode(), msgspec.json.encode(attributes), shape)
        keys, is_owned = self.cache.shapes.get(seen), True
        if keys is None:
            keys, is_owned = self._claim(seen, metric, attributes)
        for key, value, (suffix, _) in zip(keys, values, shape, strict=True):
            unit = None if suffix in ("_count", "_bucket") else metric.unit
            kind = "gauge" if suffix in ("_min", "_max", "_p50", "_p90", "_p99") else metric.kind
            self.parsed.add(key, t_ms, value, unit=unit, kind=kind)
        if is_owned and isinstance(point, bytes) and shape == _ONE:
            _learn(point, metric, keys, self.cache)

    def _claim(
        self, seen: tuple[bytes, bytes, Shape], metric: OtlpMetric, attributes: list[Any]
    ) -> tuple[tuple[str, ...], bool]:
        """Return a point's series, and whether its sender owns all of them; cache them. Raises Invalid."""
        cache, waiting = self.cache, self.cache.waiting.get(seen)
        if waiting is None:
            labels = dict(pairs_of(attributes))
            waiting = (
                metric.keys(attributes, seen[2]),
                origin_of(metric.owner, labels),
                origin_of(metric.former, labels),
            )
        keys = waiting[0]
        is_owned = cache.claim(*waiting, self.parsed.batch.claims)
        is_short = len(seen[0]) + len(seen[1]) <= MAX_CACHED_BYTES
        if is_short and sum(map(len, keys)) <= _MAX_CACHED_SERIES_BYTES:
            if is_owned:
                cache.shapes.learn(seen, keys)
                cache.waiting.pop(seen, None)
            elif seen not in cache.waiting:
                cache.waiting.learn(seen, waiting)
        return keys, is_owned

    def _end(self, metric: OtlpMetric, attributes: list[Any], t_ms: int | None) -> None:
        """End all series with these attributes, whatever their ``le`` or ``quantile`` is: the point does not name these two labels."""
        labels = metric.labels(attributes)
        suffixes = SUFFIXES[metric.shape]
        self.parsed.ended += [(series_key(metric.name + suffix, labels).text, t_ms) for suffix in suffixes]
        if metric.shape in DIVIDED:
            suffix, label = DIVIDED[metric.shape]
            key = series_key(metric.name + suffix, labels)
            self.parsed.ended_families.append(Family(key, label, t_ms))


def _learn(point: bytes, metric: OtlpMetric, keys: tuple[str, ...], cache: PointCache) -> None:
    """Cache the series of a number point by the bytes of its attributes, if these are the end of the point."""
    tail = attributes_of(point)
    if tail is None or len(metric.raw) + len(tail) > MAX_CACHED_BYTES:
        return
    try:
        plain = all(number == 7 and wire == BYTES for number, wire, _ in read_fields(tail))
    except Invalid:
        return
    if plain:
        cache.learn_number(metric.raw, metric.cached_as, tail, keys[0])
