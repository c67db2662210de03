"""Conversion of one OTLP data point, in its JSON form, to samples: (suffix of the name, further label, value).

A histogram gives ``_count``, ``_sum`` and ``_bucket{le=…}`` as in Prometheus, and ``_min`` and ``_max`` if the point has them.
An exponential histogram gives ``_p50``, ``_p90`` and ``_p99`` instead of its many buckets; a summary gives ``{quantile=…}``.
Integers become the nearest double.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.ingest.exponential import middle, quantiles
from dashboard.ingest.json_values import not_a_number
from dashboard.ingest.otlp_values import decimal_text, items, whole
from dashboard.ingest.parsed import NotFinite

#: (suffix of the name, (label, value) or None) of each sample, and the values.
Shape = tuple[tuple[str, tuple[str, str] | None], ...]
Rows = tuple[Shape, list[float]]

MAX_BUCKETS = 2_048
MAX_QUANTILES = 64
_EXTREMES = ("min", "max")
#: Suffixes of a shape's series that have no further label.
SUFFIXES = {
    "gauge": ("",),
    "sum": ("",),
    "histogram": ("_count", "_sum", "_min", "_max"),
    "exponentialHistogram": ("_count", "_sum", "_min", "_max", "_p50", "_p90", "_p99"),
    "summary": ("_count", "_sum"),
}
#: Suffix and further label of those that have one.
DIVIDED = {"histogram": ("_bucket", "le"), "summary": ("", "quantile")}


def rows_of(shape: str, point: dict[str, Any]) -> Rows:
    """Convert a point of a gauge, sum, histogram, exponentialHistogram or summary to samples; raises Invalid."""
    return _ROWS[shape](point)


def number(value: Any, field: str) -> float:
    """Return a finite number, which JSON may hold as text; raises Invalid, NotFinite."""
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            raise not_a_number(value, field) from None
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1.8e308:
        if isinstance(value, float):
            raise NotFinite(field=field)
        raise not_a_number(value, field)
    if not math.isfinite(value):
        raise NotFinite(field=field)
    return float(value)


def _single(point: dict[str, Any]) -> Rows:
    if point.get("asInt") is not None:
        return ((("", None),), [float(whole(point["asInt"], "asInt"))])
    if point.get("asDouble") is not None:
        return ((("", None),), [number(point["asDouble"], "asDouble")])
    if "asDouble" in point:  # null: what JavaScript's JSON makes of NaN
        raise NotFinite(field="asDouble")
    raise Invalid("has neither asDouble nor asInt", field="value")


def _totals(point: dict[str, Any]) -> tuple[list[tuple[str, tuple[str, str] | None]], list[float]]:
    """Return the row of the count, and the rows of sum, min and max if these are given and finite."""
    suffixes: list[tuple[str, tuple[str, str] | None]] = [("_count", None)]
    values = [float(whole(point.get("count") or 0, "count"))]
    for name in ("sum", *_EXTREMES):
        if point.get(name) is not None:
            try:
                value = number(point[name], name)
            except NotFinite:  # only sum, min and max can be: the counts stay valid
                continue
            suffixes.append((f"_{name}", None))
            values.append(value)
    return suffixes, values


def _histogram(point: dict[str, Any]) -> Rows:
    suffixes, values = _totals(point)
    counts = [whole(c, "bucketCounts") for c in items(point, "bucketCounts", MAX_BUCKETS)]
    bounds = [_bound(b) for b in items(point, "explicitBounds", MAX_BUCKETS)]
    if bounds and bounds[-1] == math.inf:  # some senders name the last bucket's bound, which the protocol leaves out
        bounds.pop()
        counts[len(bounds) :] = [sum(counts[len(bounds) :])]
    if math.inf in bounds:
        raise Invalid("only the last may be infinite", field="explicitBounds")
    if counts and len(counts) != len(bounds) + 1:
        raise Invalid(f"{len(counts)} counts for {len(bounds)} bounds", field="bucketCounts")
    if any(low >= high for low, high in zip(bounds, bounds[1:], strict=False)):
        raise Invalid("must rise", field="explicitBounds")
    total = 0
    for count, bound in zip(counts, bounds, strict=False):
        total += count
        suffixes.append(("_bucket", ("le", decimal_text(bound))))
        values.append(float(total))
    suffixes.append(("_bucket", ("le", "+Inf")))
    values.append(max(values[0], float(sum(counts))))
    return tuple(suffixes), values


def _bound(value: Any) -> float:
    """Return the upper bound of a bucket, which may be infinite; raises Invalid."""
    try:
        return number(value, "explicitBounds")
    except NotFinite:
        if float(value) == math.inf:
            return math.inf
        raise Invalid("must be numbers", field="explicitBounds") from None


def _exponential(point: dict[str, Any]) -> Rows:
    suffixes, values = _totals(point)
    scale = whole(point.get("scale") or 0, "scale")
    if not -10 <= scale <= 20:
        raise Invalid("must be from -10 to 20", field="scale")
    spread = [
        *reversed([(-value, count) for value, count in _buckets(point, "negative", scale)]),
        (0.0, float(whole(point.get("zeroCount") or 0, "zeroCount"))),
        *_buckets(point, "positive", scale),
    ]
    for suffix, value in quantiles(spread):
        suffixes.append((suffix, None))
        values.append(_within(point, value))
    return tuple(suffixes), values


def _buckets(point: dict[str, Any], name: str, scale: int) -> list[tuple[float, float]]:
    """Return the geometric mean and the count of each bucket on the side ``name`` (positive or negative), from zero outwards."""
    side = point.get(name)
    if side is None:
        return []
    if not isinstance(side, dict):
        raise Invalid("must be an object", field=name)
    offset = whole(side.get("offset") or 0, "offset")
    counts = [whole(c, "bucketCounts") for c in items(side, "bucketCounts", MAX_BUCKETS)]
    if min(counts, default=0) < 0:
        raise Invalid("must not be negative", field="bucketCounts")
    return [(middle(offset + place, scale), float(count)) for place, count in enumerate(counts) if count]


def _within(point: dict[str, Any], value: float) -> float:
    """Clamp a value to the point's min and max, if the point has them."""
    least, most = (value if point.get(name) is None else number(point[name], name) for name in ("min", "max"))
    return max(least, min(most, value))


def _summary(point: dict[str, Any]) -> Rows:
    suffixes, values = _totals(point | {"sum": point.get("sum") or 0.0})  # protobuf leaves a sum of 0 out
    for entry in items(point, "quantileValues", MAX_QUANTILES):
        if not isinstance(entry, dict):
            raise Invalid("must be objects", field="quantileValues")
        quantile = number(entry.get("quantile") or 0.0, "quantile")
        try:
            value = number(entry.get("value") or 0.0, "value")
        except NotFinite:  # NaN: no observation in the summary's window
            continue
        suffixes.append(("", ("quantile", decimal_text(quantile))))
        values.append(value)
    return tuple(suffixes), values


_ROWS: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "gauge": _single, "sum": _single, "histogram": _histogram, "exponentialHistogram": _exponential, "summary": _summary,
}  # fmt: skip
