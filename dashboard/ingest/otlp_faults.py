"""Faults of OTLP's resources, scopes, metrics and points: names that are not known, and what a refusal shows."""

from __future__ import annotations

from difflib import get_close_matches

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.ingest.otlp_schema import SHAPES, Part, fields_read, point_fields, read_point
from dashboard.ingest.otlp_values import items
from dashboard.ingest.protobuf import Message

#: The other fields of a message that has this list, or one of the shapes of a metric.
_BESIDE = {
    "scopeMetrics": {"resource", "schemaUrl"},
    "metrics": {"scope", "schemaUrl"},
    "dataPoints": {"aggregationTemporality", "isMonotonic"},
    ", ".join(SHAPES): {"name", "description", "unit", "metadata"},
}

#: Likeness from which on a name is another one, misspelt: ``attribute`` and ``attributes``, not ``sum`` and ``min``.
_SURELY_ALIKE = 0.85
#: Unknown fields of a point that are compared; a comparison takes 20 us, and a body has room for a million fields.
_MOST_COMPARED = 20
#: Fields of which a point has one at least, unless it has no observation.
_CONTENT = {
    "histogram": ("bucketCounts",),
    "exponentialHistogram": ("positive", "negative"),
    "summary": ("quantileValues",),
}


def list_in(message: Message, name: str, most: int) -> list[Part]:
    """Return the list ``name`` of a message; raises Invalid, also if the list is missing beside a field that is not known."""
    if name not in message:
        check_others(message, name)
    return items(message, name, most)


def check_others(message: Message, missing: str) -> None:
    """Raise Invalid for a field that is not known: the missing one may be misspelt. Only JSON shows it; protobuf has no names."""
    if unknown := sorted(message.keys() - _BESIDE[missing]):
        raise Invalid(f"has no {missing}, only {', '.join(unknown)[:80]}")


def check_point(point: Message, shape: str) -> None:
    """Raise Invalid if a point has an unknown field whose name is like that of a field that the point lacks: it is misspelt.

    Other unknown fields are passed over, as the protocol wants it; a point may have a count and a sum alone.
    """
    unknown = sorted(point.keys() - point_fields(shape))[:_MOST_COMPARED]
    if not unknown:
        return
    content = _CONTENT.get(shape, ())
    if point.keys().isdisjoint(content):
        alike = [each.lower() for each in content]
        if misspelt := [each for each in unknown if get_close_matches(each[:80].lower(), alike)]:
            raise Invalid(f"has no {' or '.join(content)}, only {', '.join(misspelt)[:80]}", field="dataPoints")
    lacking = {each.lower(): each for each in sorted(fields_read(shape) - point.keys())}
    for each in unknown:
        for alike_name in get_close_matches(each[:80].lower(), lacking, 1, _SURELY_ALIKE):
            raise Invalid(f"has no {lacking[alike_name]}, only {each[:80]}", field="dataPoints")


def named(invalid: Invalid, name: str) -> Invalid:
    """Return the same error with the metric's name in its reason."""
    invalid.reason = f"{invalid.reason} (metric {name[:120]})"
    return invalid


def shown_part(part: Part, shape: str = "") -> bytes:
    """Return a part as readable text, for a refusal's snippet."""
    if isinstance(part, bytes):
        try:
            part = read_point(shape, part) if shape else f"protobuf of {len(part)} bytes"
        except Invalid:
            part = f"protobuf of {len(part)} bytes"
    return msgspec.json.encode(part)
