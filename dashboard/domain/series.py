"""Identity of a series: a name, labels, and the one canonical text ``name{label="value"}`` of both.

Source: Prometheus data model and exposition format (names, label names, escapes), widened by ``.``, ``-`` and ``/`` in
names because StatsD, Graphite and Smashing feeders use them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from sys import intern
from typing import NamedTuple

from dashboard.domain.errors import Invalid


class SeriesLimits(NamedTuple):
    """Limits of a series' name and labels. The defaults are those of the settings in ``SETTING_OF``."""

    labels: int = 64
    label_name_bytes: int = 256
    label_value_bytes: int = 4_096
    name_bytes: int = 512
    text_bytes: int = 16_384


#: The highest limits that settings may allow, and those for journals and selectors, so that parsing stays bounded.
CEILING = SeriesLimits(256, 2_048, 65_536, 2_048, 262_144)
#: The longest name of a document, and the longest prefix of a token.
MAX_NAME_BYTES = SeriesLimits().name_bytes
MAX_UNIT_BYTES = 32
#: Labels, also empty ones, that are looked at; a name with more is refused at once.
_MAX_GIVEN_LABELS = 4 * CEILING.labels

NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:./\-]*")
LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NAMED_ESCAPES = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\\": "\\", '"': '"'}
#: Control characters are escaped as in Go's string literals, which Prometheus' expressions can read.
_ESCAPES = str.maketrans(
    {chr(code): f"\\x{code:02x}" for code in (*range(0x20), 0x7F)}
    | {chr(code): f"\\u{code:04x}" for code in range(0x80, 0xA0)}
    | {char: f"\\{letter}" for char, letter in _NAMED_ESCAPES.items()}
)


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


def check_name(name: str, *, field: str = "series", max_bytes: int = MAX_NAME_BYTES) -> str:
    """Return ``name`` when it may name a series or a document, else raise Invalid."""
    if not NAME.fullmatch(name):
        shown = ascii(name[:40])
        raise Invalid(
            f"{shown} is not a name; use letters, digits, _ : . - / and begin with a letter, _ or :", field=field
        )
    if len(name) > max_bytes:
        raise Invalid(f"is {len(name)} bytes long; at most {max_bytes}", field=field)
    return name


def check_text(value: str, *, field: str, max_bytes: int) -> str:
    """Return ``value`` when it is printable text of bounded size, else raise Invalid."""
    if len(value.encode("utf-8", "surrogatepass")) > max_bytes:
        raise Invalid(f"is longer than {max_bytes} bytes", field=field)
    if _CONTROL.search(value):
        raise Invalid("contains a control character", field=field)
    return check_characters(value, field=field)


def check_characters(value: str, *, field: str) -> str:
    """Return ``value`` when it can be written as UTF-8, else raise Invalid."""
    if _SURROGATE.search(value):
        raise Invalid("contains a lone surrogate, which is not a character", field=field)
    return value


def series_key(name: str, labels: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> SeriesKey:
    """Build a valid key; raise Invalid naming the field that breaks a rule. An empty label value means no label.

    Sizes are checked against ``CEILING`` only; the settings' limits are for incoming samples (``check_limits``).
    """
    check_name(name, max_bytes=CEILING.name_bytes)
    given = dict(labels)
    if len(given) > _MAX_GIVEN_LABELS:
        raise _beyond(f"{name[:80]} has {len(given)} labels", CEILING.labels, "labels", "labels")
    pairs = tuple(sorted((intern(str(n)), v) for n, v in given.items() if v != ""))  # few names, many series
    for label, value in pairs:
        if not LABEL_NAME.fullmatch(label) or label.startswith("__"):
            shown = ascii(label[:40])
            raise Invalid(
                f"{shown} is not a label name; use letters, digits and _, not beginning with a digit or __",
                field="labels",
            )
        check_characters(value, field=f"labels.{label[:40]}")
    key = SeriesKey(name, pairs)
    check_limits(key, CEILING)
    return key


def check_limits(key: SeriesKey, limits: SeriesLimits) -> None:
    """Raise Invalid, with the setting that allows more, when the key exceeds the limits."""
    if len(key.name) > limits.name_bytes:
        raise _beyond(f"{key.name[:40]}… is {len(key.name)} bytes long", limits.name_bytes, "name_bytes", "series")
    if len(key.labels) > limits.labels:
        raise _beyond(f"{key.name[:80]} has {len(key.labels)} labels", limits.labels, "labels", "labels")
    for label, value in key.labels:
        if len(label) > limits.label_name_bytes:
            raise _beyond(
                f"the label's name is {len(label)} bytes long",
                limits.label_name_bytes,
                "label_name_bytes",
                f"labels.{label[:40]}",
            )
        if 4 * len(value) > limits.label_value_bytes and (size := len(value.encode())) > limits.label_value_bytes:
            field = f"labels.{label[:40]}"
            raise _beyond(f"is {size} bytes long", limits.label_value_bytes, "label_value_bytes", field)
    if (size := len(key.text.encode())) > limits.text_bytes:
        raise _beyond(f"{key.name[:80]} with its labels has {size} bytes", limits.text_bytes, "text_bytes", "labels")


def surely_within(text: str, limits: SeriesLimits) -> bool:
    """Return True only if a series with this canonical text is within the limits; the text is not parsed.

    False means that the series may or may not be within the limits.
    """
    short = min(limits.label_name_bytes, limits.label_value_bytes, limits.name_bytes, limits.text_bytes)
    return len(text) <= short and text.isascii() and text.count("=") <= limits.labels


def _beyond(what: str, most: int, limit: str, field: str) -> Invalid:
    return Invalid(f"{what}; at most {most} (setting {SETTING_OF[limit]})", field=field)


#: The setting of each limit.
SETTING_OF = {
    "labels": "max_labels",
    "label_name_bytes": "max_label_name_bytes",
    "label_value_bytes": "max_label_value_bytes",
    "name_bytes": "max_series_name_bytes",
    "text_bytes": "max_series_bytes",
}


_LABEL_PAIR = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)', re.DOTALL)
_UNESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_MEANING = {letter: char for char, letter in _NAMED_ESCAPES.items()}


def parse_series(text: str) -> SeriesKey:
    """Parse ``name`` or ``name{label="value",…}``: the inverse of ``SeriesKey.text``; raise Invalid."""
    if len(text) > CEILING.text_bytes:
        raise Invalid(f"is longer than {CEILING.text_bytes} characters", field="series")
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
            raise Invalid(f"label {found[1]} appears twice", field="series")
        labels[found[1]] = unescape(found[2])
        position = found.end()
    return series_key(name.strip(), labels)


def unescape(text: str) -> str:
    r"""Undo the escapes of a quoted label value: ``\\``, ``\"``, ``\n``, ``\x1b``, ``\u0085``.

    Of any other escape, only the backslash is removed.
    """
    return _UNESCAPE.sub(_meant, text) if "\\" in text else text


def _meant(escape: re.Match[str]) -> str:
    if code := escape[1] or escape[2]:
        return chr(int(code, 16))
    return _MEANING.get(escape[3], escape[3])
