"""OpenTSDB's ``POST /api/put``: one data point, ``{"metric", "timestamp", "value", "tags"}``, or a list of them.

Source: opentsdb.net/docs, "HTTP API, /api/put".  The size of ``timestamp`` decides between seconds and milliseconds; ``value``
may be a number in quotes.
"""

from __future__ import annotations

import math
from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import while_hopeful
from dashboard.ingest.json_values import ValueFault, read_leniently, written
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import NotFinite, Parsed, check_count
from dashboard.ingest.telegraf_json import tag_text, time_of


def parse_opentsdb(body: bytes, latest_ms: int, *, origins: Origins) -> Parsed:
    """Parse a body; a refusal's index is that of its point, from 0. Raises Invalid."""
    origins.renew(latest_ms)
    given = read_leniently(body)
    points = given if isinstance(given, list) else [given]
    check_count(points, "data points")
    parsed, places = Parsed(), list[int]()
    parsed.batch.where = lambda: places
    for index, point in while_hopeful(points, parsed.batch):
        try:
            _take(point, parsed, latest_ms, origins)
        except Invalid as invalid:
            parsed.refuse(index, invalid, written(point))
        places += [index] * (len(parsed.batch.keys) - len(places))
    return parsed


def _take(point: Any, parsed: Parsed, latest_ms: int, origins: Origins) -> None:
    if not isinstance(point, dict):
        raise Invalid("a data point must be an object")
    metric, tags, value = point.get("metric"), point.get("tags") or {}, point.get("value")
    if not isinstance(metric, str) or not metric:
        raise Invalid("is missing", field="metric")
    if not isinstance(tags, dict):
        raise Invalid("must be an object of texts", field="tags")
    tags = {tag: tag_text(tag, each) for tag, each in tags.items() if each is not None}
    t_ms = time_of(_stated(point.get("timestamp")), latest_ms, "timestamp")
    if value is None:
        return  # no value
    key = origins.claim(foreign_key(metric, tags.items()), ",".join([metric, *sorted(tags)]))
    parsed.add(key, t_ms, _number(value))


def _stated(time: Any) -> Any:
    """Convert a time that is a number in quotes to a number, as OpenTSDB does; return any other value unchanged."""
    return int(time) if isinstance(time, str) and time.isascii() and time.isdigit() and len(time) <= 13 else time


def _number(value: Any) -> float:
    if isinstance(value, str) and len(value) <= 400 and "_" not in value:
        try:
            number = float(value)
        except ValueError:
            raise Invalid(f"{value[:40]!a} is not a number", field="value") from None
        if not math.isfinite(number):
            raise NotFinite
        return number
    if isinstance(value, ValueFault):
        raise Invalid(value.reason, field="value")
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Invalid("is not a number", field="value")
    return value
