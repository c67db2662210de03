"""Parser for lines of StatsD and DogStatsD: metrics, events, service checks. ``statsd_aggregator.py`` aggregates them.

Source: etsy/statsd docs/metric_types.md and stats.js (several values with a type each, ``name:1|c:2|ms``; blanks around a type);
DogStatsD datagram format v1.0–v1.3 (several values of one type, ``|T`` is the time; container, external data, cardinality and
unknown fields are ignored, as in DogStatsD).  Tags may also be ``name,k=v:1|c`` (Influx) and ``name;k=v:1|c`` (Graphite).
"""

from __future__ import annotations

import math
import re
from typing import Literal, NamedTuple

from dashboard.domain.errors import Invalid
from dashboard.domain.event import EventIn, build_event, fingerprint_of
from dashboard.ingest.batch import check_time
from dashboard.ingest.naming import MAX_FOREIGN_LABELS, foreign_document, foreign_key, foreign_labels

#: The most that a datagram can have; further bytes are ignored.
MAX_DATAGRAM_BYTES = 65_536
MAX_VALUES = 1_000

MetricType = Literal["c", "g", "ms", "h", "d", "s"]
_TYPES: dict[bytes, MetricType] = {b"c": "c", b"g": "g", b"ms": "ms", b"h": "h", b"d": "d", b"s": "s"}
#: Meaning of a sign before a gauge's value.  ``delta``: a change of the gauge, as in Etsy's StatsD; ``value``: part of the value,
#: as in Datadog's.  ``auto``: value in lines with fields that only Datadog's clients write (``|#`` tags and others), else delta.
GaugeSigns = Literal["auto", "delta", "value"]
_TYPED = rb"[^|:]*\| *(?:c|g|ms|h|d|s) *(?:\|@[0-9.]+ *)?"
_PACKED = re.compile(rb"%b(?::%b)+" % (_TYPED, _TYPED))
_STATES = ("ok", "warning", "critical", "unknown")
_LEVELS = ("", "warning", "danger", "warning")  # the same as levels of a status widget


class Metric(NamedTuple):
    """Metric of one line. ``values``: strings for the members of a set, else numbers.

    A metric with ``t_ms`` is not aggregated over time. ``deltas``: True if a sign before a gauge's value means a change;
    ``signed``: True if the first value has a sign. ``origin``: the name and the tags' names as sent; two different origins may
    give the same ``key``.
    """

    key: str
    type: MetricType
    values: tuple[float, ...] | tuple[str, ...]
    rate: float = 1.0
    signed: bool = False
    t_ms: int | None = None
    deltas: bool = True
    origin: str = ""


class Check(NamedTuple):
    """A service check: its event, and the key and content of the document that holds its state. ``origin``: as in ``Metric``."""

    event: EventIn
    document: str
    body: dict[str, str]
    origin: str = ""


#: Librato's ``name#tag=v,tag=v`` and SignalFX's ``name[tag=v,tag=v]rest``, as statsd_exporter reads them.
_INSIDE = re.compile(r"([^#,;\[]+)(?:#([^=,]+=.*)|\[([^=,\]]+=[^\]]*)\]([^\[\]]*))")

Line = Metric | EventIn | Check


def parse_line(line: bytes, latest_ms: int, gauge_signs: GaugeSigns = "auto") -> Line:
    """Parse one line; raises Invalid."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Invalid("is not UTF-8") from None
    if text.startswith("_e{"):
        return _event(text, latest_ms)
    if text.startswith("_sc|"):
        return _check(text, latest_ms)
    return _metric(text, latest_ms, gauge_signs)


def single_lines(line: bytes) -> list[bytes]:
    """Split Etsy's packed line ``name:1|c:2|ms`` into lines with one value each; return any other line alone."""
    name, _, rest = line.partition(b":")
    if _PACKED.fullmatch(rest) is None:
        return [line]
    values = rest.split(b":")
    return [b"%b:%b" % (name, value) for value in values] if len(values) <= MAX_VALUES else [line]


def _metric(text: str, latest_ms: int, gauge_signs: GaugeSigns) -> Metric:
    head, colon, rest = text.rstrip().partition(":")
    stated, bar, tail = rest.partition("|")
    if not colon or not bar:
        raise Invalid("is not name:value|type")
    kind, *extras = map(str.strip, tail.split("|"))
    type_ = _TYPES.get(kind.encode("utf-8", "replace"))
    if type_ is None:
        raise Invalid(f"{kind[:20]!a} is not one of c, g, ms, h, d, s", field="type")
    name, tags = _head(head)
    rate, t_ms, is_datadog = 1.0, None, False
    for extra in extras:
        if extra.startswith("@"):
            rate = _rate(extra[1:])
            continue
        is_datadog |= extra[:1].isalnum() or extra[:1] == "#"
        if extra.startswith("#"):
            tags += _tags(extra[1:].split(","), ":")
        elif extra.startswith("T"):
            t_ms = check_time(_number(extra[1:], "t") * 1000, latest_ms, unit="seconds")
        elif extra and not extra[0].isalnum():
            raise Invalid(f"{extra[:20]!a} is not understood")
    key = foreign_key(name, _merged([_pair(tag.text, tag.mark) for tag in tags]))
    origin = _origin(name, tags)
    if type_ == "s":
        return Metric(key, type_, (stated,), rate, t_ms=t_ms, origin=origin)
    members = [member for member in stated.split(":") if member] or [stated]
    if len(members) > MAX_VALUES:
        raise Invalid(f"{len(members)} values; at most {MAX_VALUES}", field="value")
    deltas = t_ms is None and (gauge_signs == "delta" or (gauge_signs == "auto" and not is_datadog))
    signed = deltas and type_ == "g" and members[0][:1] in ("+", "-")
    values = tuple(_number(member, "value") for member in members)
    return Metric(key, type_, values, rate, signed, t_ms, deltas, origin)


class _Tag(NamedTuple):
    """A tag as sent, and the mark between its name and its value."""

    text: str
    mark: str

    @property
    def origin(self) -> str:
        """The tag's name. For a tag without a value the text says so, because it differs from a tag with the value ``true``."""
        name, found, _ = self.text.partition(self.mark)
        return name if found else f"{name} without a value"


def _origin(name: str, tags: list[_Tag]) -> str:
    """Return the name and the tags' names as sent."""
    return ",".join([name, *sorted({tag.origin for tag in tags})])


def _head(head: str) -> tuple[str, list[_Tag]]:
    """Split the name from the tags after it (InfluxDB, Graphite, Librato) or within it (SignalFX)."""
    if "=" in head and (found := _INSIDE.fullmatch(head)) is not None:
        before, librato, signalfx, after = found.groups("")
        return before + after, _tags((librato or signalfx).split(","), "=")
    for mark in (",", ";"):
        if mark in head:
            name, *pairs = head.split(mark)
            return name, _tags(pairs, "=")
    return head, []


def _tags(texts: list[str], mark: str) -> list[_Tag]:
    """Return the tags that are not empty; raises Invalid for too many tags."""
    if len(texts) > 2 * MAX_FOREIGN_LABELS:
        raise Invalid(f"more than {MAX_FOREIGN_LABELS} tags", field="labels")
    return [_Tag(text, mark) for text in texts if text]


def _pair(tag: str, mark: str) -> tuple[str, str]:
    """Split a tag into name and value; a tag without a value has the value ``true``."""
    name, found, value = tag.partition(mark)
    return name, value if found else "true"


def _merged(tags: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Merge tags with the same name, which DogStatsD allows, into one tag with the value ``a,b``. Raises Invalid for too many tags."""
    if len(tags) > MAX_FOREIGN_LABELS:
        raise Invalid(f"more than {MAX_FOREIGN_LABELS} tags", field="labels")
    values: dict[str, dict[str, None]] = {}
    for name, value in tags:
        values.setdefault(name, {})[value] = None
    return [(name, ",".join(sorted(all_of))) for name, all_of in values.items()]


def _number(text: str, field: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise Invalid(f"{text[:40]!a} is not a number", field=field) from None
    if not math.isfinite(value) or "_" in text or not text.isascii():
        raise Invalid(f"{text[:40]!a} is not a finite number", field=field)
    return value


def _rate(text: str) -> float:
    rate = _number(text, "rate")
    if not 1e-9 <= rate <= 1:
        raise Invalid("must be more than 0 and at most 1", field="rate")
    return rate


def _event(text: str, latest_ms: int) -> EventIn:
    """Parse ``_e{title bytes,text bytes}:title|text|d:time|h:host|p:priority|t:alert type|k:key|s:source|#tags``. Raises Invalid."""
    lengths, brace, rest = text[3:].partition("}:")
    sizes = lengths.split(",")
    if not brace or len(sizes) != 2 or not all(size.isascii() and size.isdigit() and len(size) < 6 for size in sizes):
        raise Invalid("an event begins with _e{title length,text length}:")
    title, said, after = _cut(rest, *map(int, sizes))
    given, tags = _extras(after[1:])
    if "h" in given:
        tags.append(f"host:{given['h']}")
    return build_event(
        _stated(given, latest_ms),
        title.replace("\\n", " "),
        text=said.replace("\\n", "\n"),
        tags=tags,
        state=given.get("t", ""),
        fingerprint=fingerprint_of("statsd", given.get("k") or title, *sorted(tags)),
    )


def _cut(rest: str, title_length: int, text_length: int) -> tuple[str, str, str]:
    """Split an event into its title, its text, and what follows. Raises Invalid.

    The lengths count bytes of UTF-8. Some clients count characters, so that is tried, too.
    """
    end = title_length + 1 + text_length
    for encoding in ("latin-1", "utf-8"):  # in Latin-1 each byte is one character
        text = rest.encode().decode(encoding)
        parts = text[:title_length], text[title_length + 1 : end], text[end:]
        if (
            parts[0]
            and text[title_length : title_length + 1] == "|"
            and len(parts[1]) == text_length
            and parts[2][:1] in ("", "|")
        ):
            title, said, after = (part.encode(encoding).decode("utf-8", "replace") for part in parts)
            return title, said, after
    raise Invalid("the lengths of an event's title and text do not fit")


def _check(text: str, latest_ms: int) -> Check:
    """Parse ``_sc|name|0..3|d:time|h:host|#tags|m:message``; the message comes last and may contain any character. Raises Invalid."""
    _, name, *rest = text.split("|", 3)
    if len(rest) == 0 or rest[0] not in ("0", "1", "2", "3"):
        raise Invalid("a check is _sc|name|0..3", field="status")
    after, _, message = f"|{rest[1] if len(rest) > 1 else ''}".partition("|m:")
    given, tags = _extras(after[1:])
    if "h" in given:
        tags.append(f"host:{given['h']}")
    pairs = [_pair(tag, ":") for tag in tags]
    state, level = _STATES[int(rest[0])], _LEVELS[int(rest[0])]
    key = foreign_document(name, foreign_labels(_merged(pairs)).items())
    said = message.replace("m\\:", "m:").replace("\\n", "\n")
    event = build_event(
        _stated(given, latest_ms),
        name,
        text=said,
        tags=[f"{n}:{v}" for n, v in pairs],
        kind="check",
        state=state,
        fingerprint=fingerprint_of("check", key),
    )
    body = {"title": event.title, "text": event.text or state, "status": level, "state": state}
    return Check(event, key, body, _origin(name, [_Tag(tag, ":") for tag in tags]))


def _extras(text: str) -> tuple[dict[str, str], list[str]]:
    given: dict[str, str] = {}
    tags: list[str] = []
    for extra in text.split("|") if text else []:
        if extra.startswith("#"):
            tags += [tag for tag in extra[1:].split(",") if tag]
        else:
            name, colon, value = extra.partition(":")
            if colon:
                given.setdefault(name, value)
    return given, tags


def _stated(given: dict[str, str], latest_ms: int) -> int | None:
    """Return the time of an event or check; None for a time that cannot be read, which Datadog's agent ignores, too."""
    if not given.get("d"):
        return None
    try:
        return check_time(_number(given["d"], "t") * 1000, latest_ms, unit="seconds")
    except Invalid:
        return None
