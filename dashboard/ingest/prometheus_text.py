"""Parser for Prometheus' text format 0.0.4 and OpenMetrics 1.0, as lenient as Prometheus' own.

Source: prometheus.io/docs/instrumenting/exposition_formats; Prometheus' own lexers (model/textparse), which check neither the
order of families nor the suffixes of names; pushgateway README (grouping keys). An unreadable line, or a NaN or infinite sample,
is refused and the others are kept. A text without any good line, or OpenMetrics without ``# EOF``, is refused as a whole.
``_created`` samples of OpenMetrics and exemplars are ignored.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote

from dashboard.domain.errors import Invalid
from dashboard.domain.series import MAX_UNIT_BYTES, check_text
from dashboard.ingest.batch import MAX_SAMPLES, check_time
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.origins import Origins, OwnedRecall, origin_of
from dashboard.ingest.parsed import NotFinite, Parsed

#: Default limit of a line; a longer one is refused. A target may be configured with a higher one.
MAX_LINE_BYTES = 65_536
_MAX_KNOWN_CHARACTERS = 1_024
ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

_KINDS = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "gaugehistogram": "histogram",
    "summary": "summary",
    "info": "gauge",
    "stateset": "gauge",
}
#: Suffixes that a family's samples add to its name.
_SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created", "_info", "_gcount", "_gsum")
_NAME = r"[A-Za-z_:][A-Za-z0-9_:]*"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
#: A sample up to its value: the name and the labels. The name may instead be quoted among the labels.
_HEAD = re.compile(rf"[ \t]*({_NAME})?[ \t]*(\{{(?:[^\"{{}}]|{_QUOTED})*+\}})?[ \t]*", re.DOTALL)
_PAIR = re.compile(rf"[ \t]*({_QUOTED}|[A-Za-z_][A-Za-z0-9_]*)[ \t]*+(?:=[ \t]*+({_QUOTED})[ \t]*+)?(?:,|$)", re.DOTALL)
_BLANKS = re.compile(r"[ \t]*")
_COMMENT = re.compile(rf"[ \t]*#[ \t]*(TYPE|UNIT)[ \t]+({_QUOTED}|\S+)[ \t]+(\S+)[ \t]*$")
_END = re.compile(r"#[ \t]*EOF[ \t]*$")
_ESCAPE = re.compile(r'\\([\\"n])')
_PLAIN = {"\\": "\\", '"': '"', "n": "\n"}
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


#: Series and name of a sample by its text up to the value. Valid for one set of added labels.
KnownHeads = OwnedRecall[str, tuple[str, str]]
#: A sample's metadata: whether it is ignored, its kind, its unit.
_Told = tuple[bool, str | None, str | None]


@dataclass(slots=True)
class _Reader:
    """Parser state of one text. ``index``: index of the next sample; ``good``: number of good lines; ``bad``: the first fault."""

    latest_ms: int
    openmetrics: bool
    labels: Mapping[str, str]
    rename: bool
    every_s: float | None
    max_line_bytes: int
    known: KnownHeads
    parsed: Parsed = field(default_factory=Parsed)
    types: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    families: dict[str, _Told] = field(default_factory=dict)  # by the name of a sample
    index: int = 0
    good: int = 0
    bad: str = ""  # a text: an error would keep, by its traceback, the body that it came of

    def read(self, text: str) -> Parsed:
        """Parse all lines; raises Invalid."""
        ended = False
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if self.parsed.batch.is_hopeless():
                self.parsed.batch.leave_unread(self.index, _samples_in(lines, number - 1))
                ended = True
                break
            if len(line) > self.max_line_bytes:
                self._refuse(
                    Invalid(f"line {number} is longer than {self.max_line_bytes} bytes; shorten it"), line[:200]
                )
                continue
            line = line.removesuffix("\r")
            start = line.lstrip(" \t")
            if not start:
                continue
            if start[0] == "#":
                ended = self.openmetrics and _END.match(start) is not None
                if ended:
                    break
                self._comment(line)
                continue
            try:
                self._sample(line)
            except Invalid as invalid:
                self._refuse(invalid, line)
        if self.bad and not self.good:
            raise Invalid(f"the text is not in the exposition format: {self.bad}")
        if self.openmetrics and not ended:
            raise Invalid("the text is not in the exposition format: OpenMetrics must end with # EOF; it was cut off")
        return self.parsed

    def _refuse(self, why: Invalid, line: str) -> None:
        self.parsed.refuse(self.index, why, line)
        self.index += 1
        self.bad = self.bad or str(why)

    def _comment(self, line: str) -> None:
        found = _COMMENT.match(line)
        if found is None:
            return
        family = _unquoted(found[2])
        (self.types if found[1] == "TYPE" else self.units)[family] = found[3]
        self.families.clear()

    def _sample(self, line: str) -> None:
        """Parse one sample; raises Invalid when the line cannot be read.

        A readable sample with bad content is counted as refused, and nothing is raised.
        """
        head = _HEAD.match(line)
        assert head is not None  # the pattern also matches the empty text
        seen = self.known.get(head[0])
        waiting = self.known.waiting.get(head[0]) if seen is None else (seen, None)
        name, labels = (waiting[0][1], {}) if waiting is not None else _named(line, head)
        value, t_s = self._numbers(line[head.end() :])
        if self.index >= MAX_SAMPLES:
            raise Invalid(f"more than {MAX_SAMPLES} samples in one body; send fewer at a time")
        self.good += 1
        left_out, kind, unit = self.families.get(name) or self._family(name)
        if left_out:
            return
        try:
            key = seen[0] if seen is not None else self._learn(head[0], name, labels)
            self._take(key, kind, unit, value, t_s)
        except Invalid as invalid:
            self.parsed.refuse(self.index, invalid, line.strip())
        self.index += 1

    def _learn(self, head: str, name: str, labels: dict[str, str]) -> str:
        claims = self.parsed.batch.claims
        if (waiting := self.known.again(head, claims)) is not None:
            return waiting[0]
        key = foreign_key(name, _labels(labels, self.labels, self.rename).items())
        self.known.origins.claim(key, origin_of(name, labels), claims)
        if len(head) <= _MAX_KNOWN_CHARACTERS:
            self.known.own(head, (key, name), key, claims)
        return key

    def _take(self, key: str, kind: str | None, unit: str | None, value: float, t_s: float | None) -> None:
        t_ms = None if t_s is None else check_time(_whole(t_s * 1000), self.latest_ms, field="timestamp")
        try:
            self.parsed.add(key, t_ms, value, unit=unit, every_s=self.every_s, kind=kind)
        except NotFinite:
            self.parsed.silent.append(key)
            raise

    def _family(self, name: str) -> _Told:
        """Return the metadata of a sample's family."""
        family = name
        if name not in self.types:
            family = next(
                (each for suffix in _SUFFIXES if (each := name.removesuffix(suffix)) != name and each in self.types),
                name,
            )
        kind = _KINDS.get(self.types.get(family, ""))
        unit = None if name.endswith(("_count", "_bucket")) else self._unit(family)
        left_out = self.openmetrics and kind is not None and name == f"{family}_created"
        told = self.families[name] = left_out, kind, unit
        return told

    def _unit(self, family: str) -> str | None:
        unit = self.units.get(family)
        try:
            return None if unit is None else check_text(unit, field="unit", max_bytes=MAX_UNIT_BYTES)
        except Invalid:
            return None

    def _numbers(self, rest: str) -> tuple[float, float | None]:
        """Return the value and the time in seconds (None: none given); raises Invalid."""
        if self.openmetrics:
            rest = rest.partition(" # ")[0]  # an exemplar
        parts = rest.split()
        if not 1 <= len(parts) <= 2:
            raise Invalid("has no value" if not parts else "has more than a value and a time")
        value = _number(parts[0], "value")
        if len(parts) == 1:
            return value, None
        t = _number(parts[1], "timestamp")
        return value, t if self.openmetrics else t / 1000


def _samples_in(lines: list[str], first: int) -> int:
    """Count the lines from the line ``first`` on that are neither empty nor comments."""
    begins = (line.lstrip(" \t\r")[:1] for line in islice(lines, first, None))
    return sum(begin not in ("", "#") for begin in begins)


def is_openmetrics(content_type: str) -> bool:
    """Return whether a Content-Type is OpenMetrics."""
    return content_type.split(";")[0].strip().lower() == "application/openmetrics-text"


def parse_prometheus(
    body: bytes,
    latest_ms: int,
    *,
    openmetrics: bool = False,
    labels: Mapping[str, str] | None = None,
    rename: bool = False,
    every_s: float | None = None,
    max_line_bytes: int = MAX_LINE_BYTES,
    known: KnownHeads | None = None,
) -> Parsed:
    """Parse a text; a refusal's index is that of its sample, from 0. Raises Invalid when no line can be read.

    ``labels`` are added to every sample. A sample's own label of the same name is dropped or, with ``rename``, becomes
    ``exported_…``, as in a scrape.  ``every_s``: the samples' cadence.  ``known``: cache of earlier calls with the same ``labels``.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    seen = KnownHeads(1, origins=Origins()) if known is None else known
    seen.renew(latest_ms)
    return _Reader(latest_ms, openmetrics, labels or {}, rename, every_s, max_line_bytes, seen).read(text)


def with_labels(own: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Merge a sample's labels with the labels of its group; the group's labels take precedence."""
    return _labels(own, given, rename=False)


def group_labels(path: str) -> dict[str, str]:
    """Parse the grouping key ``job/<job>{/<label>/<value>}``, the part of a push's path after ``/metrics/``. Raises Invalid.

    If a name ends in ``@base64``, its value is in base64 (URL alphabet); ``=`` stands for an empty value.  An empty value
    means no label; a trailing slash is ignored.
    """
    parts = [unquote(part) for part in path.lstrip("/").split("/")]
    if len(parts) % 2 and not parts[-1]:
        parts.pop()
    if len(parts) % 2 or not parts or parts[0] not in ("job", "job@base64"):
        raise Invalid("a push goes to /metrics/job/JOB{/LABEL/VALUE}", field="path")
    labels: dict[str, str] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        if name.endswith("@base64"):
            name, value = name.removesuffix("@base64"), _debased(value)
        if name in labels or not name:
            raise Invalid(f"label {name[:40]!a} appears twice, or has no name", field="path")
        labels[name] = value
    if not labels["job"]:
        raise Invalid("the job is empty", field="path")
    foreign_key("a", labels.items())
    return {name: value for name, value in labels.items() if value}


def _debased(value: str) -> str:
    try:
        plain = value.rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Invalid(f"{value[:40]!a} is not base64", field="path") from None


def _named(line: str, head: re.Match[str]) -> tuple[str, dict[str, str]]:
    """Parse the name and the labels at the beginning of a line; raises Invalid."""
    if _NOT_UTF8.search(line):
        raise Invalid("is not UTF-8")
    name, own = head[1] or "", _pairs(head[2][1:-1]) if head[2] else []
    if not name and own and own[0][1] is None:
        name, own = own[0][0], own[1:]
    if not name:
        raise Invalid("does not begin with the name of a metric")
    labels = {label: value for label, value in own if value is not None}
    if len(labels) < len(own):
        raise Invalid("a label appears twice, or has no value", field="labels")
    return name, labels


def _pairs(inside: str) -> list[tuple[str, str | None]]:
    """Return the labels and their values. A first name without a value is the metric's name, and its value is None."""
    pairs: list[tuple[str, str | None]] = []
    at = 0
    while not _BLANKS.fullmatch(inside, at):
        found = _PAIR.match(inside, at)
        if found is None:
            raise Invalid(f'expected label="value" at {inside[at : at + 30]!a}', field="labels")
        pairs.append((_unquoted(found[1]), None if found[2] is None else _unquoted(found[2])))
        at = found.end()
    return pairs


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    return _ESCAPE.sub(lambda escape: _PLAIN[escape[1]], text[1:-1]) if "\\" in text else text[1:-1]


def _labels(own: Mapping[str, str], given: Mapping[str, str], rename: bool) -> dict[str, str]:
    if not given:
        return dict(own)
    kept = {
        (f"exported_{name}" if name in given else name): value
        for name, value in own.items()
        if rename or name not in given
    }
    return {**kept, **given}


def _number(text: str, name: str) -> float:
    """Parse a number in Go's syntax; raises Invalid."""
    try:
        if "_" in text or not text.isascii():
            raise ValueError
        return float(text)
    except ValueError:
        raise Invalid(f"{text[:40]!a} is not a number", field=name) from None


def _whole(t_ms: float) -> int:
    try:
        return round(t_ms)
    except (OverflowError, ValueError):
        raise Invalid("is not a time", field="timestamp") from None
