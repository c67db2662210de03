"""Smashing's ``POST /widgets/:id``: JSON with ``auth_token`` and a widget's fields; ``POST /dashboards/:id``: a command.

Source: Smashing's lib/dashing/app.rb and its widgets.  ``current`` (Number), ``value`` (Meter) and ``points`` (Graph) become
samples of the series with the widget's name.  All other fields (title, text, items, image, status, moreinfo, prefix, suffix, …)
become the document of that name, and so does a string in place of a number.  The numbers of an array become samples of
series whose names end in their index.
"""

from __future__ import annotations

import math
from typing import Any

from dashboard.domain.document import check_depth
from dashboard.domain.errors import Invalid
from dashboard.domain.series import MAX_UNIT_BYTES, check_name, check_text
from dashboard.ingest.batch import check_time
from dashboard.ingest.events_json import read_object, text_in
from dashboard.ingest.json_values import ValueFault, as_json, leaves, not_a_number, read_leniently, written
from dashboard.ingest.naming import foreign_name
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed

MAX_POINTS = 10_000
_NUMBERS = ("current", "value")
_NOT_KEPT = frozenset({"auth_token", "api_key", "points", *_NUMBERS})
#: A smaller x of a Graph is not a time but a position, as in Smashing's own example.
_FIRST_TIME_S = 100_000_000


def parse_widget(widget: str, body: bytes, latest_ms: int, *, origins: Origins | None = None) -> Parsed:
    """Parse the fields of one widget; raises Invalid. ``widget`` is the id in the path, unquoted.

    ``origins``: the owners of names over all bodies. Without ``origins``, two ids that become one name are not noticed.
    """
    name = check_name(foreign_name(widget), field="widget")
    parsed = Parsed()
    fields = _fields(body, parsed)
    if origins is not None:
        origins.renew(latest_ms)
        origins.claim(name, widget, parsed.batch.claims)
        if (claim := parsed.batch.claims.get(name)) is not None:  # the id owns the series and the document
            parsed.batch.claims[f"{name} "] = claim
    unit = _unit(fields)
    others = _others(fields, parsed)
    for place, field in enumerate(_NUMBERS):
        if fields.get(field) is not None:
            try:
                if isinstance(fields[field], list):
                    _numbered(widget, field, fields[field], unit, parsed, origins)
                else:
                    parsed.add(name, None, _number(fields[field], field), unit=unit)
            except Invalid as invalid:
                if isinstance(fields[field], str):
                    others[field] = fields[field]
                    continue
                parsed.refuse(place, Invalid(invalid.reason, field=field), written(fields[field]))
    if fields.get("points") is not None:
        _graph(name, fields["points"], parsed, latest_ms)
    if others:
        parsed.write(name, others)
    return parsed


def _numbered(
    widget: str, field: str, values: list[Any], unit: str | None, parsed: Parsed, origins: Origins | None
) -> None:
    """Add the numbers of an array to numbered series; raises Invalid for the first other value."""
    for leaf, number in [(leaf, _number(leaf.value, field)) for leaf in leaves(widget, values)]:  # all or none
        name = foreign_name(leaf.name)
        if origins is not None:
            origins.claim(name, widget + leaf.path, parsed.batch.claims)
        parsed.add(name, None, number, unit=unit)


def parse_dashboard_event(body: bytes) -> str:
    """Parse the command in ``{"event": "reload"}``; raises Invalid."""
    return check_text(text_in(read_object(body), "event"), field="event", max_bytes=64)


def _fields(body: bytes, parsed: Parsed) -> dict[str, Any]:
    """Read the JSON object in a body. A repeated field is reported, and its last value is used, as in Ruby. Raises Invalid."""
    given = read_leniently(body)
    if not isinstance(given, dict):
        raise Invalid("must be a JSON object")
    for field, value in given.items():
        if isinstance(value, ValueFault):
            parsed.refuse(0, Invalid("appears twice; the last value is used", field=field[:40]), field)
            given[field] = value.last
    return given


def _others(fields: dict[str, Any], parsed: Parsed) -> dict[str, Any]:
    """Return the fields of the document; report and leave out values that JSON cannot represent."""
    kept: dict[str, Any] = {}
    for field, value in fields.items():
        if field in _NOT_KEPT:
            continue
        try:
            check_depth([value])
            kept[field], said = as_json(value)
            for reason in said:
                parsed.refuse(0, Invalid(reason, field=field[:40]), field)
        except Invalid as invalid:
            parsed.refuse(0, Invalid(invalid.reason, field=field[:40]), field)
    return kept


def _number(given: Any, field: str) -> float:
    """Read a number, or a string that contains a number: Smashing's own widgets accept both. Raises Invalid."""
    if isinstance(given, str) and len(given) <= 40:
        try:
            given = float(given.replace("_", "x"))
        except ValueError:
            raise not_a_number(given, field) from None
        if not math.isfinite(given):
            raise not_a_number(given, field)
    if not isinstance(given, int | float) or isinstance(given, bool):
        raise not_a_number(given, field)
    return given


def _unit(fields: dict[str, Any]) -> str | None:
    """Return the suffix as the unit; None when it is missing or not allowed as a unit."""
    suffix = fields.get("suffix")
    if not isinstance(suffix, str) or not suffix.strip():
        return None
    try:
        return check_text(suffix.strip(), field="suffix", max_bytes=MAX_UNIT_BYTES)
    except Invalid:
        return None


def _graph(name: str, points: Any, parsed: Parsed, latest_ms: int) -> None:
    """Add a Graph's points. If x is not a time, add only the last point: the other points were sent before. Raises Invalid."""
    if not isinstance(points, list) or len(points) > MAX_POINTS:
        raise Invalid(f"must be a list of at most {MAX_POINTS}", field="points")
    first = 0
    timed = any(isinstance(p, dict) and isinstance(p.get("x"), int | float) and p["x"] >= _FIRST_TIME_S for p in points)
    if not timed and points:
        first = len(points) - 1
    for place, point in enumerate(points[first:], first):
        try:
            if not isinstance(point, dict):
                raise Invalid("must be an object of x and y", field="points")
            point = {axis: value.last if isinstance(value, ValueFault) else value for axis, value in point.items()}
            if point.get("y") is None and "y" in point:
                continue  # no value, as Rickshaw draws it
            t_ms = (
                check_time(_number(point.get("x"), "x") * 1000, latest_ms, field="x", unit="seconds") if timed else None
            )
            parsed.add(name, t_ms, _number(point.get("y"), "y"))
        except Invalid as invalid:
            parsed.refuse(place, invalid, written(point))
