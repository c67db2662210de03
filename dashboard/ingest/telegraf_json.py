"""Telegraf's ``data_format = "json"``, by HTTP or MQTT: ``{"metrics":[{"name","tags","fields","timestamp"}]}`` or one inner object.

Source: telegraf plugins/serializers/json. As in line protocol, a number or boolean becomes the series ``name_field{tags}``, a
string the document of that name; in an array the index follows the name; nulls are ignored. ``timestamp`` is in seconds or, with
``json_timestamp_units``, in a smaller unit; the size of the number decides which. It may also be text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import Batch, check_time, while_hopeful
from dashboard.ingest.events_json import moment
from dashboard.ingest.json_values import Leaf, ValueFault, leaves, not_a_number, read_leniently, written
from dashboard.ingest.naming import foreign_document, foreign_key, with_labels
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed, check_count, finite


def parse_telegraf_json(body: bytes, latest_ms: int, *, origins: Origins | None = None) -> Parsed:
    """Parse a body; a refusal names the index of the metric, from 0, and the metric's field. Raises Invalid.

    ``origins``: the owners of series over all bodies. Without ``origins``, two names that become one series are noticed only if
    one body contains both.
    """
    origins = Origins() if origins is None else origins
    origins.renew(latest_ms)
    return take_metrics(read_leniently(body), latest_ms, origins=origins)


def take_metrics(
    given: Any, latest_ms: int, *, origins: Origins, labels: Mapping[str, str] | None = None, topic: str = ""
) -> Parsed:
    """Parse decoded JSON like ``parse_telegraf_json``.

    ``labels``: the labels of the topic; ``topic``: the topic's name, which is a part of each origin.
    """
    metrics = given.get("metrics", [given]) if isinstance(given, dict) else given
    if not isinstance(metrics, list):
        raise Invalid("must be an object with metrics, a list", field="metrics")
    check_count(metrics, "metrics")
    places: list[int] = []
    parsed = Parsed(Batch(where=lambda: places))
    for index, metric in while_hopeful(metrics, parsed.batch):
        try:
            name, tags, fields, t_ms = _described(metric, latest_ms)
        except Invalid as invalid:
            parsed.refuse(index, invalid, written(metric))
            continue
        beside = with_labels(tags, labels or {})
        for field, value in fields.items():
            try:
                for leaf in leaves(f"{name}_{field}", value):
                    _take(leaf, (f"{topic}{name}", field), beside, t_ms, parsed, index, origins)
            except Invalid as invalid:
                parsed.refuse(index, _of_field(field, invalid), written({field: value}))
        places += [index] * (len(parsed.batch.keys) - len(places))
    return parsed


def is_metric(given: Any) -> bool:
    """Return whether decoded JSON has the form of Telegraf's JSON: one metric or a batch of metrics."""
    if not isinstance(given, dict):
        return False
    metrics = given.get("metrics")
    if isinstance(metrics, list) and metrics:
        return is_metric(metrics[0])
    return isinstance(given.get("name"), str) and isinstance(given.get("fields"), dict)


def time_of(stated: Any, latest_ms: int, field: str) -> int | None:
    """Convert seconds, milliseconds, micro- or nanoseconds since 1970 to milliseconds; None stays None. Raises Invalid."""
    if stated is None:
        return None
    if not isinstance(stated, int | float) or isinstance(stated, bool):
        raise not_a_number(stated, field)
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
    if not isinstance(tags, dict):
        raise Invalid("must be an object whose values are strings", field="tags")
    if not isinstance(fields, dict) or not fields:
        raise Invalid("must be an object with one field at least", field="fields")
    texts = {tag: tag_text(tag, value) for tag, value in tags.items() if value is not None}
    return name, texts, fields, time_of(_stated(metric.get("timestamp")), latest_ms, "timestamp")


def _stated(time: Any) -> Any:
    """Return a time as a number. Telegraf can also write it as text: ISO 8601 and numbers are understood."""
    if not isinstance(time, str):
        return time
    try:
        return float(time)
    except ValueError:
        pass
    return moment(time, "timestamp")


def tag_text(tag: str, value: Any) -> str:
    """Return a tag's value as text; numbers and booleans as in JSON."""
    if isinstance(value, str):
        return value
    if not isinstance(value, int | float):
        raise Invalid(value.reason if isinstance(value, ValueFault) else "is no text", field=f"tags.{tag[:40]}")
    return written(value)


def _take(
    leaf: Leaf,
    said: tuple[str, str],
    tags: Mapping[str, str],
    t_ms: int | None,
    parsed: Parsed,
    place: int,
    origins: Origins,
) -> None:
    """Add one value, or refuse it.

    ``said``: the metric's and the field's names as sent; ``place``: the metric's index in the body.
    """
    try:
        if isinstance(leaf.value, ValueFault):
            raise Invalid(leaf.value.reason, field="value")
        origin = f"{','.join([said[0], *sorted(tags)])} {said[1]}{leaf.path}"
        if isinstance(leaf.value, str):
            document = foreign_document(leaf.name, tags.items())
            origins.claim(f"{document} ", origin, parsed.batch.claims)
            parsed.write(document, {"text": leaf.value}, place=place)
        else:
            value = finite(leaf.value)
            key = origins.claim(foreign_key(leaf.name, tags.items()), origin, parsed.batch.claims)
            parsed.add(key, t_ms, value)
    except Invalid as invalid:
        parsed.refuse(place, _of_field(said[1], invalid), written({said[1]: leaf.value}))


def _of_field(field: str, invalid: Invalid) -> Invalid:
    why = Invalid(
        f"{invalid.field}: {invalid.reason}" if invalid.field else invalid.reason, field=f"fields.{field[:40]}"
    )
    why.code = invalid.code
    return why
