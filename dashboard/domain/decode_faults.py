"""Faults of a decoded value in plain words: where the fault is, and what the value must be there.

msgspec describes a fault in the terms of Python's types, such as ``Expected `int`, got `str` - at `$.limit```, and Python's
own decoder in those of its grammar. Users see the texts of this module instead. Pure.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import NamedTuple

_KINDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "an object", "null": "null",
}  # fmt: skip
_FOUND = _KINDS | {"float": "a fraction"}
_PARTS = {"str": "characters", "array": "entries", "object": "fields"}
_BOUNDS = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}
_EXPECTED = re.compile(
    r"Expected `(?P<kinds>[^`]+)`(?:, got `(?P<found>[^`]+)`| (?P<sign>[<>]=?) (?P<bound>\S+)"
    r"| of (?:(?P<least>at least|at most) )?length (?P<length_sign>[<>]=? )?(?P<length>\d+(?: to \d+)?)(?:, got \d+)?"
    r"| matching regex (?P<pattern>.*))?",
    re.DOTALL,
)
#: Characters of a wrong value that are shown, and of a description that is remembered: a value may be as long as a body.
_MAX_SHOWN, _MAX_REMEMBERED = 100, 200
#: Reason of a field that its object may not have.
UNKNOWN = "is not known here"
_FIELD = re.compile(r"Object (?P<fault>missing required|contains unknown) field `(?P<name>[^`]*)`")
_CHOICE = re.compile(r"Invalid (?:enum )?value (?P<value>.*)", re.DOTALL)
_WHOLE = (
    ("Input data was truncated", "is not complete JSON, or has half a character (a lone surrogate)"),
    ("JSON is malformed: ", "is not JSON: "),
    ("Invalid UTF-8 encoded string", "is not UTF-8"),
    ("Number out of range", "is larger than any number that can be stored"),
    ("Integer value out of range", "is larger than any number that can be stored"),
    ("Invalid base64 encoded string", "is not base64"),
)
#: What Python's decoder says, by the beginning of its text.
_GRAMMAR = (
    ("Expecting value", "no JSON value begins"),
    ("Expecting property name", "no name in double quotes begins"),
    ("Expecting ':'", "the colon after a name is missing"),
    ("Expecting ','", "a comma or the closing bracket is missing"),
    ("Extra data", "more text follows the value"),
    ("Unterminated string", "a text has no closing quote; it begins"),
    ("Invalid \\u", "\\u is not followed by four hexadecimal digits"),
    ("Invalid \\escape", "a backslash is followed by a character that it cannot escape"),
    ("Invalid control character", "a text has a control character that is not escaped"),
    ("Illegal trailing comma", "a comma is followed by no value"),
)
_MAX_NEAR = 20


class DecodeFault(NamedTuple):
    """Fault of a value. ``place``: path from the outermost value, such as ``widgets[0].title``; "" for the whole value."""

    place: str
    reason: str

    def said(self, whole: str) -> str:
        """Return the fault as a text. ``whole``: what the outermost value is called, such as "the body"."""
        return f"{self.place}: {self.reason}" if self.place else f"{whole} {self.reason}"


def fault_of(error: Exception) -> DecodeFault:
    """Return the fault that an error of msgspec, a RecursionError or a UnicodeDecodeError of its decoder describes."""
    if isinstance(error, RecursionError):
        return DecodeFault("", "is nested too deep; use fewer levels")
    if isinstance(error, UnicodeDecodeError):
        return DecodeFault("", "is not UTF-8")
    said = str(error)
    return _remembered(said) if len(said) <= _MAX_REMEMBERED else _fault(said)


def json_fault_of(error: Exception) -> str:
    """Return what is wrong with a text that Python's decoder of JSON refuses with a ValueError or RecursionError."""
    if not isinstance(error, json.JSONDecodeError):
        return fault_of(error).reason
    if not error.doc.strip():
        return "is empty; send JSON"
    said = next((ours for theirs, ours in _GRAMMAR if error.msg.startswith(theirs)), error.msg)
    near = error.doc[error.pos : error.pos + _MAX_NEAR]
    at = f"before {near!a}" if near else "where it ends"
    return f"is not JSON: {said} at line {error.lineno}, character {error.colno}, {at}"


def _fault(said: str) -> DecodeFault:
    what, _, where = said.partition(" - at ")
    where = where.replace("`", "")
    place = where.removeprefix("key in ").removeprefix("$").lstrip(".").replace("[...]", "")
    if field := _FIELD.fullmatch(what):
        reason = "is missing" if field["fault"] == "missing required" else UNKNOWN
        return DecodeFault(f"{place}.{field['name']}".lstrip("."), reason)
    if choice := _CHOICE.fullmatch(what):
        value = choice["value"]
        return DecodeFault(place, f"cannot be {value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + '…'}")
    if expected := _EXPECTED.fullmatch(what):
        return DecodeFault(place, f"{'a key ' if where.startswith('key in ') else ''}{_rule(expected)}")
    for theirs, ours in _WHOLE:
        what = what.replace(theirs, ours)
    return DecodeFault(place, what.replace("`", "'"))


_remembered = lru_cache(maxsize=1_000)(_fault)


def _rule(expected: re.Match[str]) -> str:
    """Return what the value must be."""
    kinds = expected["kinds"].split(" | ")
    if expected["bound"]:
        return f"must be {_BOUNDS[expected['sign']]} {expected['bound']}"
    if expected["length"]:
        sign = (expected["length_sign"] or "").strip()
        parts = next((_PARTS[kind] for kind in kinds if kind in _PARTS), "entries")
        bound = expected["least"] or _BOUNDS.get(sign, "" if " to " in expected["length"] else "exactly")
        return " ".join(filter(None, ("must have", bound, expected["length"], parts)))
    if expected["pattern"]:
        return f"must match {expected['pattern']}"
    if "float" in kinds:
        kinds = [kind for kind in kinds if kind != "int"]
    *first, last = (_KINDS.get(kind, kind) for kind in kinds)
    wanted = f"{', '.join(first)} or {last}" if first else last
    found = f", not {_FOUND.get(expected['found'], expected['found'])}" if expected["found"] else ""
    return f"must be {wanted}{found}"
