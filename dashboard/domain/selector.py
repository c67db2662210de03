"""Selectors of series and documents, in Prometheus' matcher syntax: ``cpu{host=~"web.*",core!="0"}``.

Regular expressions are RE2 (linear time, so a selector cannot stall the server), anchored at both ends as in Prometheus.
Source: Prometheus, "Querying basics", time series selectors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

import re2

from dashboard.domain.errors import Invalid
from dashboard.domain.series import NAME, SeriesKey, unescape

#: Enough for a series of 64 labels and 16 KiB to be selected by its own text; longer ones are refused.
MAX_SELECTOR_BYTES = 20_480
MAX_MATCHERS = 66
MAX_PATTERN_BYTES = 1_000
#: Compilation cost of one request's regular expressions, see ``pattern_weight``: about 20 ms; more is refused.
MAX_PATTERN_WEIGHT = 10_000
#: Cost of a repetition of a repetition: the most that RE2 allows at all.
_NESTED_WEIGHT = 1_000
#: Cost of classes of Unicode characters: for compiling all, until RE2 refuses them, and for reading each.
_WIDE_WEIGHT = 3_500
_EACH_WIDE = 60
TOO_DEAR = "the regular expressions take too long to compile for one request; use fewer, or fewer counted repetitions and classes"
#: Label values whose result a pattern caches; beyond it the least recently used is dropped.
_KNOWN_VERDICTS = 256

_RE2_OPTIONS = re2.Options()
_RE2_OPTIONS.log_errors = False
_RE2_OPTIONS.max_mem = 1 << 20

_MATCHER = re.compile(
    r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')\s*(,|$)', re.DOTALL
)
#: Classes of Unicode characters, such as \\pL, and escapes, which may stand for anything in an expression's string.
_WIDE = re.compile(r"\\(?:[pPxuU]|[0-7]{3})")
#: Beginning of a group that ignores the case: each class then costs as much.
_FOLDED = re.compile(r"\(\?[a-zA-Z]*i")
_COUNTED = re.compile(r"\{(\d{1,6}),?(\d{0,6})\}")
_HEAD = re.compile(rf"({NAME.pattern})?\s*(\{{(.*)\}})?", re.DOTALL)


class Matcher(NamedTuple):
    """Condition on a label (``__name__`` is the series' name); a missing label counts as empty."""

    label: str
    operator: str
    value: str
    test: Callable[[str], bool]

    @property
    def text(self) -> str:
        """The condition as text; different conditions have different texts."""
        return f"{self.label}{self.operator}{self.value}"

    @property
    def is_pattern(self) -> bool:
        """True if the value is a regular expression."""
        return self.operator in ("=~", "!~")


class Selector:
    """A parsed selector. Two selectors are equal if their canonical texts (``text``) are equal."""

    __slots__ = ("_labels", "_name", "matchers", "text")

    def __init__(self, matchers: tuple[Matcher, ...]) -> None:
        self.matchers = matchers
        self._labels = tuple(m for m in matchers if m.label != "__name__")
        self._name = tuple(m for m in matchers if m.label == "__name__")
        self.text = _canonical(self._name, self._labels)

    def matches(self, key: SeriesKey) -> bool:
        """Return whether the selector matches the series (or the document, as a key without labels)."""
        if not all(m.test(key.name) for m in self._name):
            return False
        if not self._labels:
            return True
        labels = dict(key.labels)
        return all(m.test(labels.get(m.label, "")) for m in self._labels)

    @property
    def name(self) -> str | None:
        """Only name that the selector can match; None if it can match several names."""
        return next((m.value for m in self._name if m.operator == "="), None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Selector({self.text!r})"


def parse_selector(text: str) -> Selector:
    """Parse ``name``, ``name{…}`` or ``{…}``; raise Invalid with what is wrong and where."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_SELECTOR_BYTES:
        raise Invalid(f"is longer than {MAX_SELECTOR_BYTES} bytes; shorten it", field="selector")
    head = _HEAD.fullmatch(text.strip())
    if not head or not (head[1] or head[2]):
        raise Invalid(
            f'{text[:60]!a} is not a selector; write name, name{{label="value"}} or {{label=~"re.*"}}', field="selector"
        )
    matchers = [make_matcher("__name__", "=", head[1])] if head[1] else []
    inside, position = head[3] or "", 0
    while inside[position:].strip():
        found = _MATCHER.match(inside, position)
        if not found:
            raise Invalid(
                f'expected label="value" (or != =~ !~) at {inside[position : position + 30]!a}', field="selector"
            )
        matchers.append(make_matcher(found[1], found[2], unescape(found[3][1:-1])))
        position = found.end()
    if not matchers:
        raise Invalid('{} selects nothing; {__name__=~".+"} selects everything', field="selector")
    if len(matchers) > MAX_MATCHERS:
        raise Invalid(f"{len(matchers)} matchers; at most {MAX_MATCHERS}", field="selector")
    return Selector(tuple(matchers))


def parse_selectors(texts: Iterable[str]) -> tuple[Selector, ...]:
    """Parse the selectors of one request.

    Raises the errors of ``parse_selector``, and Invalid when all selectors together cost too much to compile.
    """
    given = list(texts)
    check_weight(given)
    return tuple(map(parse_selector, given))


def check_weight(texts: Iterable[str]) -> None:
    """Raise Invalid if the regular expressions of one request's selectors and expressions cost too much to compile in all."""
    if sum(pattern_weight(text) for text in texts if "~" in text) > MAX_PATTERN_WEIGHT:
        raise Invalid(TOO_DEAR, field="selectors")


def pattern_weight(text: str) -> int:
    """Estimate the time to compile regular expressions, in units of 2 µs. Escapes of strings may still be in the text."""
    wide = len(_WIDE.findall(text))
    most = _WIDE_WEIGHT if wide else 0
    if _FOLDED.search(text):
        wide += text.count("[")
    counts = [min(int(count or low), _NESTED_WEIGHT) for low, count in _COUNTED.findall(text)]
    nested = text.count("){") if len(counts) > 1 else 0
    return len(text) // 4 + sum(counts) + nested * _NESTED_WEIGHT + most + wide * _EACH_WIDE


def make_matcher(label: str, operator: str, value: str) -> Matcher:
    """Build a matcher of a label, which may have any name; raise Invalid when ``value`` must be a regular expression and is not valid."""
    if operator == "=":
        return Matcher(label, operator, value, value.__eq__)
    if operator == "!=":
        return Matcher(label, operator, value, value.__ne__)
    if len(value.encode("utf-8", "surrogatepass")) > MAX_PATTERN_BYTES:
        raise Invalid(f"the regular expression is longer than {MAX_PATTERN_BYTES} bytes; shorten it", field="selector")
    try:
        pattern = re2.compile(value, _RE2_OPTIONS)
    except (re2.error, UnicodeError) as error:
        raise Invalid(f"{value[:60]!a} is not a regular expression (RE2): {_reason(error)}", field="selector") from None
    is_wanted = operator == "=~"

    @lru_cache(_KNOWN_VERDICTS)
    def test(text: str) -> bool:
        return (pattern.fullmatch(text) is not None) is is_wanted

    return Matcher(label, operator, value, test)


def _reason(error: Exception) -> str:
    first = error.args[0] if error.args else error
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


def _canonical(name: tuple[Matcher, ...], labels: tuple[Matcher, ...]) -> str:
    def quoted(m: Matcher) -> str:
        value = m.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{m.label}{m.operator}"{value}"'

    plain = next((m.value for m in name if m.operator == "=" and NAME.fullmatch(m.value)), "")
    rest = [m for m in name if not (plain and m.operator == "=" and m.value == plain)]
    inside = ",".join(sorted({quoted(m) for m in (*rest, *labels)}))
    return f"{plain}{{{inside}}}" if inside else plain


#: Selector that matches nothing, since every series and document has a name. It stands for a selector that is left out.
NOTHING = Selector((make_matcher("__name__", "=", ""),))
