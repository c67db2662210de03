"""OpenTSDB's data points: ``POST /api/put`` in JSON, and the lines ``put METRIC TIME VALUE TAG=VALUE …`` of its telnet form.

Source: opentsdb.net/docs, "HTTP API, /api/put" and "Telnet API, put"; src/tsd/PutDataPointRpc.java.  The size of a time decides
between seconds and milliseconds; in text, ``1700000000.250`` is in seconds.  A JSON ``value`` may be a number in quotes, and the
numbers of an array become series whose names end in their index.
"""

from __future__ import annotations

import math
import re
from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import Batch, while_hopeful
from dashboard.ingest.json_values import ValueFault, leaves, not_a_number, read_leniently, written
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.origins import Origins, OwnedRecall
from dashboard.ingest.parsed import NotFinite, Parsed, check_count
from dashboard.ingest.telegraf_json import tag_text, time_of

_TIME = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,3})?")
#: Series by the metric and the tags as they stand in a line.
PointCache = OwnedRecall[tuple[str, ...], str]


def parse_opentsdb(body: bytes, latest_ms: int, *, origins: Origins) -> Parsed:
    """Parse a body; a refusal's index is that of its point, from 0. Raises Invalid."""
    origins.renew(latest_ms)
    given = read_leniently(body)
    points = given if isinstance(given, list) else [given]
    check_count(points, "data points")
    places: list[int] = []
    parsed = Parsed(Batch(where=lambda: places))
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
        raise Invalid("must be an object whose values are strings", field="tags")
    tags = {tag: tag_text(tag, each) for tag, each in tags.items() if each is not None}
    t_ms = time_of(_stated(point.get("timestamp")), latest_ms, "timestamp")
    if value is None:
        if "value" not in point:
            raise Invalid("is missing", field="value")
        return  # no value
    if isinstance(value, dict):
        raise not_a_number(value, "value")
    for leaf, number in [(leaf, _number(leaf.value)) for leaf in leaves(metric, value)]:  # all or none
        origin = ",".join([metric, *sorted(tags)]) + leaf.path
        key = origins.claim(foreign_key(leaf.name, tags.items()), origin, parsed.batch.claims)
        parsed.add(key, t_ms, number)


def parse_opentsdb_lines(data: bytes, cache: PointCache, latest_ms: int) -> Parsed:
    """Parse lines with ``put``; a refusal's index is that of its line, from 0. Other commands are left to the caller."""
    parsed = Parsed()
    cache.renew(latest_ms)
    lines = data.split(b"\n")
    for index, line in enumerate(lines):
        words = line.split()
        if words and words[0] == b"put":
            try:
                _take_words(words[1:], parsed, cache, latest_ms)
            except Invalid as invalid:
                parsed.refuse_line(index, invalid, line)
    return parsed


def _take_words(words: list[bytes], parsed: Parsed, cache: PointCache, latest_ms: int) -> None:
    if len(words) < 3:
        raise Invalid("is not: put metric time value tag=value …")
    try:
        metric, time, value, *tags = (word.decode() for word in words)
    except UnicodeDecodeError:
        raise Invalid("is not UTF-8") from None
    names = (metric, *tags)
    claims = parsed.batch.claims
    key = cache.get(names) or cache.again(names, claims)
    if key is None:
        pairs = [_tag(tag) for tag in tags]
        origin = ",".join([metric, *sorted(name for name, _ in pairs)])
        owned = cache.origins.claim(foreign_key(metric, pairs), origin, claims)
        key = cache.own(names, owned, owned, claims)
    stated = _stated(time)
    if isinstance(stated, str):
        raise Invalid(f"{time[:40]!a} is not a time", field="timestamp")
    t_ms = time_of(stated, latest_ms, "timestamp")
    parsed.add(key, t_ms, _number(value))


def _tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise Invalid(f"{text[:40]!a} is not tag=value", field="tags")
    return name, value


def _stated(time: Any) -> Any:
    """Convert a time that is a number in quotes to a number, as OpenTSDB does; return any other value unchanged."""
    if not isinstance(time, str) or _TIME.fullmatch(time) is None:
        return time
    return float(time) if "." in time else int(time)


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
        raise not_a_number(value, "value")
    return value
