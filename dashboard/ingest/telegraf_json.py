"""Telegraf's ``http`` output with ``data_format = "json"``: ``{"metrics":[{"name","tags","fields","timestamp"}]}`` or one inner object.

Source: telegraf plugins/serializers/json.  As in line protocol a number or boolean becomes the series ``name_field{tags}``, a text the
document of that name.  ``timestamp`` is in seconds, or finer with ``json_timestamp_units``: its size tells.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.domain.strict_json import read_json
from dashboard.ingest.batch import check_time
from dashboard.ingest.naming import foreign_document, foreign_key
from dashboard.ingest.parsed import Parsed, check_count


def parse_telegraf_json(body: bytes, latest_ms: int) -> Parsed:
    """Body -> Parsed; a refusal's index is its metric's, from 0, its field the metric's field. Raises Invalid."""
    given = read_json(body)
    metrics = given.get("metrics", [given]) if isinstance(given, dict) else given
    if not isinstance(metrics, list):
        raise Invalid("must be an object with metrics, a list", field="metrics")
    check_count(metrics, "metrics")
    parsed, places = Parsed(), list[int]()
    parsed.batch.where = lambda: places
    for index, metric in enumerate(metrics):
        try:
            name, tags, fields, t_ms = _described(metric, latest_ms)
        except Invalid as invalid:
            parsed.refuse(index, invalid, msgspec.json.encode(metric))
            continue
        for field, value in fields.items():
            try:
                _take(f"{name}_{field}", tags, value, t_ms, parsed, index)
            except Invalid as invalid:
                why = Invalid(f"{invalid.field}: {invalid.reason}", field=f"fields.{field[:40]}")
                why.code = invalid.code
                parsed.refuse(index, why, msgspec.json.encode({field: value}))
        places += [index] * (len(parsed.batch.keys) - len(places))
    return parsed


def time_of(stated: Any, latest_ms: int, field: str) -> int | None:
    """Seconds, milliseconds, micro- or nanoseconds since 1970 as milliseconds; raises Invalid. None stays None."""
    if stated is None:
        return None
    if not isinstance(stated, int | float) or isinstance(stated, bool):
        raise Invalid("is not a number", field=field)
    for below, times_by, divide_by in ((1e11, 1_000, 1), (1e14, 1, 1), (1e17, 1, 1_000), (1e20, 1, 1_000_000)):
        if stated < below:
            return check_time(stated * times_by // divide_by, latest_ms, field=field, unit="seconds")
    raise Invalid("is not a time", field=field)


def _described(metric: Any, latest_ms: int) -> tuple[str, dict[str, str], dict[str, Any], int | None]:
    if not isinstance(metric, dict):
        raise Invalid("a metric must be an object")
    name, tags, fields = metric.get("name"), metric.get("tags") or {}, metric.get("fields")
    if not isinstance(name, str) or not name:
        raise Invalid("is missing", field="name")
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise Invalid("must be an object of texts", field="tags")
    if not isinstance(fields, dict) or not fields:
        raise Invalid("must be an object with one field at least", field="fields")
    return name, tags, fields, time_of(metric.get("timestamp"), latest_ms, "timestamp")


def _take(name: str, tags: dict[str, str], value: Any, t_ms: int | None, parsed: Parsed, place: int) -> None:
    if isinstance(value, str):
        parsed.write(foreign_document(name, tags.items()), {"text": value}, place=place)
    elif isinstance(value, int | float):
        parsed.add(foreign_key(name, tags.items()), t_ms, float(value) if isinstance(value, bool) else value)
    else:
        raise Invalid("is no number, boolean or text", field="value")
