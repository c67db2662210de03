"""One OTLP data point -> the samples it stands for, as (suffix of the name, further label, value). Knows JSON's shapes only.

A histogram gives ``_count``, ``_sum`` and ``_bucket{le=…}`` as Prometheus has it, and ``_min`` and ``_max`` when they are
there; an exponential one ``_p50``, ``_p90`` and ``_p99`` instead of its many buckets; a summary ``{quantile=…}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import MAX_EXACT
from dashboard.ingest.parsed import NotFinite

#: (suffix of the name, (label, value) or None) of each sample, and the values.
Shape = tuple[tuple[str, tuple[str, str] | None], ...]
Rows = tuple[Shape, list[float]]

MAX_BUCKETS = 512
MAX_QUANTILES = 64
_INT64 = 2**63
_EXTREMES = ("min", "max")


def rows_of(shape: str, point: dict[str, Any]) -> Rows:
    """The samples of a point of a gauge, sum, histogram, exponentialHistogram or summary; raises Invalid."""
    return _ROWS[shape](point)


def whole(value: Any, field: str) -> int:
    """An integer that JSON may hold as text; raises Invalid."""
    if isinstance(value, str) and len(value) <= 20:
        try:
            value = int(value)
        except ValueError:
            raise Invalid("is not an integer", field=field) from None
    if not isinstance(value, int) or isinstance(value, bool) or not -_INT64 <= value < 2 * _INT64:
        raise Invalid("is not an integer", field=field)
    return value


def number(value: Any, field: str) -> float:
    """A finite number that JSON may hold as text; raises Invalid, NotFinite."""
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            raise Invalid("is not a number", field=field) from None
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1.8e308:
        if isinstance(value, float):
            raise NotFinite(field=field)
        raise Invalid("is not a number", field=field)
    if not math.isfinite(value):
        raise NotFinite(field=field)
    return float(value)


def items(holder: dict[str, Any], name: str, most: int) -> list[Any]:
    """A list that may be missing; raises Invalid when it is none or too long."""
    found = holder.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Invalid("must be a list", field=name)
    if len(found) > most:
        raise Invalid(f"has {len(found)} items; at most {most}", field=name)
    return found


def attribute_text(value: Any) -> str:
    """An attribute's value as the text of a label; lists and maps as JSON. Raises Invalid."""
    if not isinstance(value, dict):
        raise Invalid("an attribute's value must be an object", field="attributes")
    if isinstance(text := value.get("stringValue"), str):
        return text
    if isinstance(flag := value.get("boolValue"), bool):
        return "true" if flag else "false"
    if "intValue" in value:
        return str(whole(value["intValue"], "attributes"))
    if isinstance(real := value.get("doubleValue"), int | float | str):
        return str(real)
    if isinstance(raw := value.get("bytesValue"), bytes | str):
        return raw.hex() if isinstance(raw, bytes) else raw
    if not value:
        return ""
    if not any(isinstance(value.get(name), dict) for name in ("arrayValue", "kvlistValue")):
        raise Invalid("an attribute's value is of no known type", field="attributes")
    return json.dumps(_plain(value), separators=(",", ":"))


def _plain(value: Any) -> Any:
    if not isinstance(value, dict):
        raise Invalid("an attribute's value must be an object", field="attributes")
    if isinstance(inner := value.get("arrayValue"), dict):
        return [_plain(item) for item in items(inner, "values", 100)]
    if isinstance(inner := value.get("kvlistValue"), dict):
        pairs = items(inner, "values", 100)
        return {str(pair.get("key", "")): _plain(pair.get("value", {})) for pair in pairs if isinstance(pair, dict)}
    return attribute_text(value)


def _exact(value: int) -> float:
    if not -MAX_EXACT <= value <= MAX_EXACT:
        raise Invalid("integers beyond 2^53 lose digits", field="value")
    return float(value)


def _single(point: dict[str, Any]) -> Rows:
    if "asInt" in point:
        return ((("", None),), [_exact(whole(point["asInt"], "asInt"))])
    if "asDouble" in point:
        return ((("", None),), [number(point["asDouble"], "asDouble")])
    raise Invalid("has neither asDouble nor asInt", field="value")


def _totals(point: dict[str, Any]) -> tuple[list[tuple[str, tuple[str, str] | None]], list[float]]:
    """Count, sum, min and max, so far as they are there and finite."""
    suffixes: list[tuple[str, tuple[str, str] | None]] = [("_count", None)]
    values = [_exact(whole(point.get("count", 0), "count"))]
    for name in ("sum", *_EXTREMES):
        if point.get(name) is not None:
            try:
                value = number(point[name], name)
            except NotFinite:  # of what was measured, not of the counts
                continue
            suffixes.append((f"_{name}", None))
            values.append(value)
    return suffixes, values


def _histogram(point: dict[str, Any]) -> Rows:
    suffixes, values = _totals(point)
    counts = [whole(c, "bucketCounts") for c in items(point, "bucketCounts", MAX_BUCKETS)]
    bounds = [number(b, "explicitBounds") for b in items(point, "explicitBounds", MAX_BUCKETS)]
    if counts and len(counts) != len(bounds) + 1:
        raise Invalid(f"{len(counts)} counts for {len(bounds)} bounds", field="bucketCounts")
    if any(low >= high for low, high in zip(bounds, bounds[1:], strict=False)):
        raise Invalid("must rise", field="explicitBounds")
    total = 0
    for count, bound in zip(counts, [*bounds, math.inf], strict=False):
        total += count
        le = (
            "+Inf"
            if bound == math.inf
            else str(int(bound))
            if bound.is_integer() and abs(bound) < 1e15
            else repr(bound)
        )
        suffixes.append(("_bucket", ("le", le)))
        values.append(_exact(total))
    return tuple(suffixes), values


def _exponential(point: dict[str, Any]) -> Rows:
    suffixes, values = _totals(point)
    scale = whole(point.get("scale", 0), "scale")
    if not -10 <= scale <= 20:
        raise Invalid("must be from -10 to 20", field="scale")
    below = _buckets(point, "negative", scale)
    above = _buckets(point, "positive", scale)
    zero = whole(point.get("zeroCount", 0), "zeroCount")
    spread = [(-middle, count) for middle, count in reversed(below)] + [(0.0, zero)] + above
    total = sum(count for _, count in spread)
    if total > 0:
        for part, suffix in ((0.5, "_p50"), (0.9, "_p90"), (0.99, "_p99")):
            suffixes.append((suffix, None))
            values.append(_within(point, _quantile(spread, part * total)))
    return tuple(suffixes), values


def _buckets(point: dict[str, Any], name: str, scale: int) -> list[tuple[float, int]]:
    """The geometric middle and the count of each bucket of one side, from zero outwards."""
    side = point.get(name)
    if side is None:
        return []
    if not isinstance(side, dict):
        raise Invalid("must be an object", field=name)
    offset = whole(side.get("offset", 0), "offset")
    counts = [whole(c, "bucketCounts") for c in items(side, "bucketCounts", MAX_BUCKETS)]
    if min(counts, default=0) < 0:
        raise Invalid("must not be negative", field="bucketCounts")
    found = []
    for place, count in enumerate(counts):
        power = (offset + place + 0.5) * 2.0**-scale
        if count and not -1_020 < power < 1_020:
            raise Invalid("the buckets lie beyond what a number can hold", field="offset")
        if count:
            found.append((2.0**power, count))
    return found


def _within(point: dict[str, Any], value: float) -> float:
    """Not beyond the least and the greatest value, where the point says them."""
    least, most = (number(point.get(name, value), name) for name in ("min", "max"))
    return max(least, min(most, value))


def _quantile(spread: list[tuple[float, int]], rank: float) -> float:
    for middle, count in spread:
        rank -= count
        if rank <= 0:
            return middle
    return spread[-1][0]


def _summary(point: dict[str, Any]) -> Rows:
    suffixes, values = _totals(point)
    for entry in items(point, "quantileValues", MAX_QUANTILES):
        if not isinstance(entry, dict):
            raise Invalid("must be objects", field="quantileValues")
        quantile = number(entry.get("quantile", 0.0), "quantile")
        try:
            value = number(entry.get("value", 0.0), "value")
        except NotFinite:  # no observation in the window: the usual NaN of a quiet summary
            continue
        suffixes.append(("", ("quantile", repr(quantile))))
        values.append(value)
    return tuple(suffixes), values


_ROWS: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "gauge": _single, "sum": _single, "histogram": _histogram, "exponentialHistogram": _exponential, "summary": _summary,
}  # fmt: skip
