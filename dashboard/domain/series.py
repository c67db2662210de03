"""What a series is called: a name, labels, and the one canonical text ``name{label="value"}`` of both.

Source: Prometheus data model and exposition format (names, label names, escapes), widened by ``.``, ``-`` and ``/`` in
names because StatsD, Graphite and Smashing feeders use them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from dashboard.domain.errors import Invalid

MAX_NAME_BYTES = 200
MAX_LABELS = 8
MAX_LABEL_VALUE_BYTES = 200
MAX_UNIT_BYTES = 32
#: The longest canonical text that the other bounds allow, with every character of every value escaped.
MAX_KEY_CHARACTERS = MAX_NAME_BYTES + MAX_LABELS * (MAX_NAME_BYTES + 2 * MAX_LABEL_VALUE_BYTES + 4) + 2

NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:./\-]*")
LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"'})


class SeriesKey(NamedTuple):
    """A valid name with its labels sorted by label name; equal keys are the same series."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The canonical text, for example ``cpu{core="0",host="web-1"}``; a plain name when there are no labels."""
        if not self.labels:
            return self.name
        inside = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in self.labels)
        return f"{self.name}{{{inside}}}"


def check_name(name: str, *, field: str = "series") -> str:
    """Return ``name`` when it may name a series or a document, else raise Invalid."""
    if not NAME.fullmatch(name):
        shown = ascii(name[:40])
        raise Invalid(
            f"{shown} is not a name; use letters, digits, _ : . - / and begin with a letter, _ or :", field=field
        )
    if len(name) > MAX_NAME_BYTES:
        raise Invalid(f"is {len(name)} bytes long; at most {MAX_NAME_BYTES}", field=field)
    return name


def check_text(value: str, *, field: str, max_bytes: int) -> str:
    """Return ``value`` when it is printable text of bounded size, else raise Invalid."""
    if len(value.encode("utf-8", "surrogatepass")) > max_bytes:
        raise Invalid(f"is longer than {max_bytes} bytes", field=field)
    if _CONTROL.search(value):
        raise Invalid("holds a control character", field=field)
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise Invalid("holds a lone surrogate, which is not a character", field=field)
    return value


def series_key(name: str, labels: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> SeriesKey:
    """Build a valid key; raise Invalid naming the field that breaks a rule. An empty label value means no label."""
    check_name(name)
    pairs = tuple(sorted((n, v) for n, v in dict(labels).items() if v != ""))
    if len(pairs) > MAX_LABELS:
        raise Invalid(f"{len(pairs)} labels; at most {MAX_LABELS}", field="labels")
    for label, value in pairs:
        if not LABEL_NAME.fullmatch(label) or label.startswith("__"):
            shown = ascii(label[:40])
            raise Invalid(
                f"{shown} is not a label name; use letters, digits and _, not beginning with a digit or __",
                field="labels",
            )
        check_text(label, field="labels", max_bytes=MAX_NAME_BYTES)
        check_text(value, field=f"labels.{label}", max_bytes=MAX_LABEL_VALUE_BYTES)
    return SeriesKey(name, pairs)


_LABEL_PAIR = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)', re.DOTALL)
_UNESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse_series(text: str) -> SeriesKey:
    """Parse ``name`` or ``name{label="value",…}``: the inverse of ``SeriesKey.text``; raise Invalid."""
    if len(text) > MAX_KEY_CHARACTERS:
        raise Invalid(f"is longer than {MAX_KEY_CHARACTERS} characters", field="series")
    name, brace, rest = text.partition("{")
    if not brace:
        return series_key(name.strip())
    if not rest.rstrip().endswith("}"):
        raise Invalid(f"{text[:60]!a} has no closing }}", field="series")
    inside = rest.rstrip()[:-1]
    labels: dict[str, str] = {}
    position = 0
    while inside[position:].strip():
        found = _LABEL_PAIR.match(inside, position)
        if not found:
            raise Invalid(f'expected label="value" at {inside[position : position + 30]!a}', field="series")
        if found[1] in labels:
            raise Invalid(f"label {found[1]} stands twice", field="series")
        labels[found[1]] = unescape(found[2])
        position = found.end()
    return series_key(name.strip(), labels)


def unescape(text: str) -> str:
    r"""Undo ``\\``, ``\"`` and ``\n`` inside a quoted label value."""
    return _UNESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], text)
