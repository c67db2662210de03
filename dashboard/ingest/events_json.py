"""Readers for the objects, strings and times in the JSON of events, shared by all formats of events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.domain.strict_json import read_json
from dashboard.ingest.batch import MIN_T_MS


def read_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; raises Invalid."""
    given = read_json(body)
    if not isinstance(given, dict):
        raise Invalid("must be a JSON object")
    return given


def text_in(given: dict[str, Any], name: str) -> str:
    """Return a string field, "" when it is missing; raises Invalid when it is not a string."""
    found = given.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise Invalid("must be text", field=name)
    return found


def texts_in(given: dict[str, Any], name: str) -> dict[str, str]:
    """Return a field that is an object with string values, {} when it is missing; raises Invalid."""
    found = given.get(name) or {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Invalid("must be an object of texts", field=name)
    return found


def tags_in(given: dict[str, Any], name: str = "tags") -> list[str]:
    """Return tags from a list of strings, or from one string with spaces or commas between; [] when missing. Raises Invalid."""
    found = given.get(name) or []
    if isinstance(found, str):
        return found.replace(",", " ").split()
    if not isinstance(found, list) or not all(isinstance(tag, str) for tag in found):
        raise Invalid("must be a list of texts", field=name)
    return found


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
