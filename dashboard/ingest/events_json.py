"""Readers for the objects, strings and times in the JSON of events, shared by all formats of events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import MIN_T_MS
from dashboard.ingest.json_values import as_json, read_leniently


def read_events(body: bytes) -> Any:
    """Decode JSON leniently; raises Invalid. A repeated key gets its last value; NaN and infinite numbers become None."""
    try:
        given, _ = as_json(read_leniently(body))
    except RecursionError:
        raise Invalid("nested too deep") from None
    return given


def read_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object as ``read_events`` does; raises Invalid."""
    given = read_events(body)
    if not isinstance(given, dict):
        raise Invalid("must be a JSON object")
    return given


def text_in(given: dict[str, Any], name: str) -> str:
    """Return a field as text, "" when it is missing; format numbers and booleans as JSON. Raises Invalid for lists and objects."""
    return _text(given.get(name), name)


def any_text_in(given: dict[str, Any], name: str) -> str:
    """Return a field as text, "" when it is missing; format lists and objects as JSON too."""
    found = given.get(name)
    return found if isinstance(found, str) else "" if found is None else msgspec.json.encode(found).decode()


def texts_in(given: dict[str, Any], name: str) -> dict[str, str]:
    """Return a field that is an object with string values, {} when it is missing; raises Invalid."""
    found = given.get(name) or {}
    if not isinstance(found, dict):
        raise Invalid("must be an object whose values are strings", field=name)
    return {key: _text(value, name) for key, value in found.items() if value is not None}


def tags_in(given: dict[str, Any], name: str = "tags") -> list[str]:
    """Return tags from a list of strings, or from one string with spaces or commas between; [] when missing. Raises Invalid."""
    found = given.get(name) or []
    if isinstance(found, str):
        return found.replace(",", " ").split()
    if not isinstance(found, list):
        raise Invalid("must be a list of strings", field=name)
    return [_text(tag, name) for tag in found if tag is not None]


def _text(value: Any, name: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, int | float):
        raise Invalid("must be text", field=name)
    return msgspec.json.encode(value).decode()


def moment(text: str, field: str) -> int | None:
    """Parse an RFC 3339 time to milliseconds; None for "" and the year 1, which mean unknown. Raises Invalid."""
    if not text or text.startswith("0001-"):
        return None
    try:
        stated = datetime.fromisoformat(text)
        t_ms = int(stated.replace(tzinfo=stated.tzinfo or UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid(f"{text[:40]!a} is not a time as in 2026-01-31T12:00:00Z", field=field) from None
    if t_ms < MIN_T_MS:
        raise Invalid("is before 1973", field=field)
    return t_ms
