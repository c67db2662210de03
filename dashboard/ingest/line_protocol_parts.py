"""Lenient parser for one line of Influx line protocol; each fault names its tag or field, and a faulty field does not affect the others.

For lines that the C parser refuses. Unlike the C parser, it accepts ``+1`` and repeated equal tags, and ignores empty tags.
Source: the InfluxDB line protocol reference; ``models/points.go`` of InfluxDB 1.8.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from dashboard.domain.errors import Invalid
from dashboard.ingest.parsed import NotFinite

Value = float | int | bool | str

_HEAD = re.compile(r" *((?:[^\\ ]|\\.|\\$)*)(?: +|$)", re.DOTALL)
_FIELDS = re.compile(r'((?:[^\\ "]|\\.|\\$|"(?:[^"\\]|\\.)*")*)(?: +|$)', re.DOTALL)
_TAG = re.compile(r"(?:[^\\,]|\\.|\\$)+", re.DOTALL)
_FIELD = re.compile(r'(?:[^\\,"]|\\.|\\$|"(?:[^"\\]|\\.)*")+', re.DOTALL)
_NAMED = re.compile(r"((?:[^\\=]|\\.)+)=(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,5})?", re.ASCII)
_WHOLE = re.compile(r"([+-]?\d{1,20})([iu])", re.ASCII)
_TIME = re.compile(r"-?\d{1,19}", re.ASCII)
_ESCAPED = re.compile(r"\\([,= ])")
_ESCAPED_IN_TEXT = re.compile(r'\\(["\\])')
_BOOLEANS = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}


@dataclass(slots=True)
class Line:
    """A parsed line. ``faults``: the faults of single fields; the line's other fields are valid."""

    measurement: str
    tags: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Value] = field(default_factory=dict)
    time: int | None = None
    faults: list[Invalid] = field(default_factory=list)


def take_apart(text: str) -> Line:
    """Parse one line; raises Invalid when the measurement, a tag or the time makes the whole line unreadable."""
    head = _HEAD.match(text)
    assert head is not None  # the pattern also matches the empty text
    measurement, *tags = _TAG.findall(head[1]) if not head[1].startswith(",") else [""]
    if not measurement:
        raise Invalid("has no measurement")
    rest = text[head.end() :].rstrip("\r\n\t ")
    if not rest:
        raise Invalid(f"has no fields after {head[1][:40]!a}")
    line = Line(_plain(measurement), _tags(tags))
    fields = _FIELDS.match(rest)
    if fields is None or not fields[1]:
        raise Invalid(f"the text in quotes in {rest[:40]!a} has no end, or other characters follow it")
    line.time = _time(rest[fields.end() :].strip())
    before = ""
    for part in _FIELD.findall(fields[1]):
        try:
            found = _NAMED.fullmatch(part)
            if found is None:
                raise _cut_off(part, before, line)
            before = part
            _take(_plain(found[1]), found[2], line)
        except Invalid as invalid:
            line.faults.append(invalid)
    return line


def _tags(parts: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for part in parts:
        found = _NAMED.fullmatch(part)
        if found is None:
            raise Invalid(f"the tag {part[:40]!a} is not name=value", field="tags")
        name, value = _plain(found[1]), _plain(found[2])
        if tags.setdefault(name, value) != value:
            raise Invalid(f"the tag {name[:40]!a} appears twice", field="tags")
    return {name: value for name, value in tags.items() if value}


def _cut_off(part: str, before: str, line: Line) -> Invalid:
    """Return why ``part``, which has no name, is refused; remove the field in ``before`` if its number continues in ``part``.

    Some senders write numbers with a decimal comma: the number before the comma would be a false value.
    """
    found = _NAMED.fullmatch(before)
    is_number = found is not None and (_NUMBER.fullmatch(found[2]) or _WHOLE.fullmatch(found[2])) is not None
    if found is None or not is_number or not ("0" <= part[0] <= "9"):
        return Invalid("is not name=value", field=_plain(part)[:40])
    name = _plain(found[1])
    line.fields.pop(name, None)
    whole = f"{found[2]},{part}"[:40]
    return Invalid(f"{whole!a} contains a comma; write a decimal point", field=name[:40])


def _take(name: str, given: str, line: Line) -> None:
    value = _value(given, name[:40])
    if name in line.fields:
        line.faults.append(Invalid("appears twice in the line; the last value is used", field=name[:40]))
    line.fields[name] = value


def _value(text: str, name: str) -> Value:
    """Return a field's value; raises Invalid with the field's name."""
    if text.startswith('"'):
        if len(text) < 2 or not text.endswith('"'):
            raise Invalid(f"other characters follow the text {text[:40]!a}", field=name)
        return _ESCAPED_IN_TEXT.sub(r"\1", text[1:-1])
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if whole := _WHOLE.fullmatch(text):
        if whole[2] == "u" and text.startswith("-"):
            raise Invalid(f"{text[:40]!a} is below 0; write {text[:-1]}i", field=name)
        return int(whole[1])
    if not _NUMBER.fullmatch(text):
        if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
            raise NotFinite(field=name)
        if not text:
            raise Invalid("has no value", field=name)
        raise Invalid(f"{text[:40]!a} is neither a number nor a boolean; write text in quotes", field=name)
    value = float(text)
    if not math.isfinite(value):
        raise NotFinite(field=name)
    return value


def _time(text: str) -> int | None:
    if not text:
        return None
    if not _TIME.fullmatch(text):
        raise Invalid(f"{text[:40]!a} is not a whole number, which a time must be", field="timestamp")
    return int(text)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
