"""Conversion of attribute values to strings.

Source: the OpenTelemetry specification, "AnyValue representation for non-OTLP protocols": strings unchanged, numbers and
booleans as in JSON, bytes as base64, lists and maps as JSON, a missing value as an empty string.
"""

from __future__ import annotations

import base64
import binascii
import math
from decimal import Decimal

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.ingest.otlp_schema import Part
from dashboard.ingest.protobuf import Message

MAX_ATTRIBUTES = 1_024
#: Deepest nesting of lists and maps (each level takes two protobuf messages); a deeper value is refused.
MAX_NESTED = 48
_INT64 = 2**63
_MAX_ITEMS = 10_000


def attribute_text(value: Part) -> str:
    """Convert an attribute's value to the text of a label; raises Invalid."""
    if isinstance(value, dict) and isinstance(text := value.get("stringValue"), str):
        return text
    if not value:
        return ""
    kind, inner = _one_of(value)
    if kind in ("arrayValue", "kvlistValue"):
        return _json(value, 0)
    return _plain(kind, inner)


def float_text(value: float) -> str:
    """Format a number as JSON and Go do: 3, 0.5, 1e+21, NaN, Infinity."""
    if not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return decimal_text(value)
    return repr(value).replace("e-0", "e-").replace(".0e", "e")


def decimal_text(value: float) -> str:
    """Format a finite number without an exponent, as Prometheus does in ``le`` and ``quantile``."""
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def whole(value: Part, field: str) -> int:
    """Return an integer, which JSON may hold as text; raises Invalid."""
    if isinstance(value, str) and len(value) <= 20:
        try:
            value = int(value)
        except ValueError:
            raise Invalid("is not an integer", field=field) from None
    if isinstance(value, float) and value.is_integer() and abs(value) < _INT64:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -_INT64 <= value < 2 * _INT64:
        raise Invalid("is not an integer", field=field)
    return value


def items(holder: Message, name: str, most: int) -> list[Part]:
    """Return a list field, [] when it is missing; raises Invalid when it is not a list or has more than ``most`` items."""
    found = holder.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Invalid("must be a list", field=name)
    if len(found) > most:
        raise Invalid(f"has {len(found)} items; at most {most}", field=name)
    return found


def pairs_of(attributes: list[Part]) -> list[tuple[str, str]]:
    """Return the (name, string value) pairs of attributes; raises Invalid."""
    pairs = []
    for attribute in attributes:
        if not isinstance(attribute, dict) or not isinstance(key := attribute.get("key", ""), str):
            raise Invalid("an attribute must have a key that is text", field="attributes")
        pairs.append((key, attribute_text(attribute.get("value"))))
    return pairs


def _one_of(value: Part) -> tuple[str, Part]:
    if isinstance(value, dict):
        for kind, inner in value.items():
            if kind in _KINDS and inner is not None:
                return kind, inner
    raise Invalid("an attribute's value has an unknown type", field="attributes")


_KINDS = frozenset(("stringValue", "boolValue", "intValue", "doubleValue", "bytesValue", "arrayValue", "kvlistValue"))


def _plain(kind: str, value: Part) -> str:
    if kind == "stringValue" and isinstance(value, str):
        return value
    if kind == "boolValue" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "intValue":
        return str(whole(value, "attributes"))
    if kind == "doubleValue" and isinstance(value, int | float | str):
        try:
            return float_text(float(value))
        except (ValueError, OverflowError):
            pass
    if kind == "bytesValue" and isinstance(value, bytes | str):
        return base64.b64encode(value if isinstance(value, bytes) else _debased(value)).decode()
    raise Invalid(f"an attribute's {kind} is of another type than it should be", field="attributes")


def _debased(text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=None, validate=True)
    except (binascii.Error, ValueError):
        try:
            return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
        except (binascii.Error, ValueError):
            raise Invalid("an attribute's bytesValue is not base64", field="attributes") from None


def _json(value: Part, depth: int) -> str:
    """Format an element of a list or map as JSON; raises Invalid."""
    if depth > MAX_NESTED:
        raise Invalid(f"an attribute's lists and maps are nested deeper than {MAX_NESTED}", field="attributes")
    if not value:
        return "null"
    kind, inner = _one_of(value)
    if kind == "arrayValue":
        return f"[{','.join(_json(item, depth + 1) for item in _values(inner))}]"
    if kind == "kvlistValue":
        members = sorted(
            (str(pair.get("key", "")), _json(pair.get("value"), depth + 1))
            for pair in _values(inner)
            if isinstance(pair, dict)
        )
        return f"{{{','.join(f'{_quoted(key)}:{text}' for key, text in members)}}}"
    text = _plain(kind, inner)
    if kind in ("stringValue", "bytesValue") or text in ("NaN", "Infinity", "-Infinity"):
        return _quoted(text)
    return text


def _values(holder: Part) -> list[Part]:
    if not isinstance(holder, dict):
        raise Invalid("an attribute's list must be an object with values", field="attributes")
    return items(holder, "values", _MAX_ITEMS)


def _quoted(text: str) -> str:
    try:
        return msgspec.json.encode(text).decode()
    except UnicodeEncodeError:
        raise Invalid("holds a lone surrogate, which is not a character", field="attributes") from None
