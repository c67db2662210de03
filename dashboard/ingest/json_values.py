"""Lenient decoder of JSON from foreign senders, and iterator over the numbers and strings in nested values.

``domain/strict_json.py`` refuses a whole body for a NaN or a repeated key.  A sender cannot always choose what it sends, so this
decoder keeps bad values, and the caller can refuse only these.  A NaN stays a number.  The value of a repeated key becomes a
``ValueFault``, which contains the key's last value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from dashboard.domain.decode_faults import json_fault_of
from dashboard.domain.errors import Invalid
from dashboard.domain.strict_json import BYTE_ORDER_MARK
from dashboard.ingest.json_words import with_words

#: Deepest nesting of objects and arrays; only deeper values are refused.
MAX_DEPTH = 16
#: Most values in a nested one.
MAX_LEAVES = 1_000
_MAX_DIGITS = 400
_LONE = re.compile(
    r"\\u[dD][89abAB][\dA-Fa-f]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][\dA-Fa-f]{2}"
)


class ValueFault(NamedTuple):
    """An unusable value, with the reason. ``last``: the last value of a repeated key, which most receivers use."""

    reason: str
    last: Any = None


class Leaf(NamedTuple):
    """A value within nested objects or arrays. ``name``: the keys on its path, joined by ``_``; ``path``: unique, unlike ``name``."""

    name: str
    path: str
    value: float | int | bool | str | ValueFault


def read_leniently(body: bytes) -> Any:
    """Decode JSON of any shape; raises Invalid when it is not JSON. ``nan`` and ``inf`` are numbers, as ``NaN`` and ``Infinity`` are."""
    text = body.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace")
    if "\\u" in text:
        text = _LONE.sub(r"\\ufffd", text)
    try:
        return _loads(text)
    except RecursionError:
        raise Invalid("nested too deep") from None
    except ValueError as error:
        fault = f"the body {json_fault_of(error)}"
    words = with_words(text)
    if words == text:
        raise Invalid(fault)
    try:
        return _loads(words)
    except (RecursionError, ValueError):
        raise Invalid(fault) from None


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once, parse_int=_whole, strict=False)


def leaves(name: str, value: Any) -> Iterator[Leaf]:
    """Yield the numbers, booleans and strings in a value, in order, without nulls. Raises Invalid when there are too many.

    A value in an object is named ``name_key``; in an array the index follows the name.
    """
    waiting, count = [(name, "", value, 0)], 0
    while waiting:
        name, path, value, depth = waiting.pop()
        if isinstance(value, dict | list):
            if count + len(waiting) + len(value) > MAX_LEAVES:
                raise Invalid(f"has more than {MAX_LEAVES} values; send fewer in one")
            if depth >= MAX_DEPTH:
                yield Leaf(name, path, ValueFault("nested too deep"))
                continue
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [(f"{name}_{key}", f"{path} {key}", each, depth + 1) for key, each in reversed(list(inner))]
        elif value is not None:
            count += 1
            yield Leaf(name, path, value)


def not_a_number(value: Any, field: str) -> Invalid:
    """Return the refusal of a value that should be a number; it shows the beginning of the value."""
    return Invalid(f"{written(value)[:40]} is not a number", field=field)


def written(value: Any) -> str:
    """Return a value as JSON text, for showing it."""
    return json.dumps(value, ensure_ascii=False, default=lambda fault: fault.reason)[:400]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                last = found[name]
                found[name] = last if isinstance(last, ValueFault) else ValueFault("appears twice in one object", last)
            seen.add(name)
    return found


def as_json(value: Any) -> tuple[Any, list[str]]:
    """Convert a leniently read value to a value that JSON can represent; return the result, and a list of what was changed.

    A repeated key gets its last value; a number that is not finite becomes null.
    """
    said: list[str] = []

    def convert(each: Any) -> Any:
        if isinstance(each, ValueFault):
            said.append(each.reason)
            return convert(each.last)
        if isinstance(each, dict):
            return {name: convert(inner) for name, inner in each.items()}
        if isinstance(each, list):
            return [convert(inner) for inner in each]
        if isinstance(each, float) and not math.isfinite(each):
            said.append("is not a finite number")
            return None
        return each

    return convert(value), said


def _whole(digits: str) -> float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def encoded(value: dict[str, Any]) -> bytes:
    """Return an object as JSON, without its faulty values; numbers that are not finite become null."""
    return msgspec.json.encode({name: each for name, each in value.items() if not isinstance(each, ValueFault)})
