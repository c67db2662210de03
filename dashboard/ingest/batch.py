"""Batch, the common result of all sample parsers: columns of samples, and refusals with place and reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from msgspec import Raw, Struct

from dashboard.domain.errors import Invalid
from dashboard.domain.series import MAX_UNIT_BYTES, check_text, parse_series, series_key
from dashboard.ingest.claims import Claims

#: Larger integers lose digits as IEEE doubles.
MAX_EXACT = 2**53
#: 1973. A smaller number of milliseconds is taken for a time in seconds, and refused.
MIN_T_MS = 100_000_000_000
MAX_T_MS = 253_402_300_799_999  # the end of the year 9999
MAX_EVERY_S = 31_536_000.0
#: The items of a body after so many refusals are refused unread: a refusal costs ten times as much as a good sample.
MAX_REFUSALS = 10_000
#: Bad lines that are listed of a datagram, or of one read of a connection.
MAX_BAD_LINES = 1_000
#: Up to this number, NaN and infinite values do not count as such refusals: idle summaries of an exporter send thousands of NaN.
MAX_NOT_FINITE = 100_000
#: The ``code`` of items that are refused unread.
UNREAD = "unread"
T = TypeVar("T")
#: Units of senders' times; each is a thousand of the next.
_UNITS = ("seconds", "milliseconds", "microseconds", "nanoseconds")


class Refusal(Struct, frozen=True):
    """Refused sample: its index in the body, the faulty field, and the reason.

    In line formats the index is that of the line, from 0.  ``snippet``: the beginning of the offending bytes, as text.
    """

    index: int
    field: str
    reason: str
    code: str = "invalid"
    snippet: str = ""


#: Names with labels that take more bytes are not cached; no sensible encoder writes such.
_MAX_CACHED_BYTES = 4_096
#: Most cached lists of rows (beyond it the cache is emptied), and most bytes of one (a longer one is not cached).
_MAX_LISTS = 64
_MAX_LIST_BYTES = 262_144
#: Most samples in one part of a body. Parsers of long bodies begin a new part when one is full, which is so early that the
#: samples that a parser adds in one step still fit.
MAX_SAMPLES = 200_000
FULL_PART = 100_000


@dataclass(slots=True)
class Batch:
    """Columns of equal length. They must not be changed once they are filled (``keys`` may be shared).

    A time of None stands for the time of acceptance. ``kinds``: the format's kind of each series, by canonical text
    (counter, gauge, histogram, summary, or delta: a counter's increase since the last sample). ``where``: returns each
    row's index in the body, for formats in which one item gives several rows; without it a row's index is its position.
    ``unread``: number of refused items that are not listed in ``refused``. ``not_finite``: number of
    ``refused`` for NaN or infinite values, which are no fault of the sender. ``joined``: ``keys`` as the journal stores
    them, if a parser has them from an earlier body. ``claims``: of the series and documents that their sender does not own yet.
    """

    keys: list[str] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    declared: list[tuple[int, str | None, float | None]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    where: Callable[[], list[int]] | None = field(default=None, compare=False, repr=False)
    unread: int = 0
    not_finite: int = 0
    joined: bytes | None = field(default=None, compare=False, repr=False)
    claims: Claims = field(default_factory=dict, compare=False, repr=False)

    def is_hopeless(self) -> bool:
        """Return whether so many items were refused that the rest of the body is refused unread."""
        return len(self.refused) - min(self.not_finite, MAX_NOT_FINITE) >= MAX_REFUSALS

    def leave_unread(self, index: int, count: int, *, after: int = MAX_REFUSALS) -> None:
        """Refuse the last ``count`` items of a body unread, from ``index`` on. ``after``: number of refusals before, for the reason."""
        if count:
            reason = (
                f"this item and the rest were not read, because {after} items were refused before; send fewer at a time"
            )
            self.refused.append(Refusal(index, "", reason, UNREAD))
            self.unread += count - 1


def while_hopeful(items: Sequence[T], batch: Batch) -> Iterator[tuple[int, T]]:
    """Yield a body's items with their indices; leave the rest unread when too many were refused."""
    for index, item in enumerate(items):
        if batch.is_hopeless():
            batch.leave_unread(index, len(items) - index)
            return
        yield index, item


class KnownRows(NamedTuple):
    """Series of a list of rows, by canonical text. ``labelled``: number of rows with labels; ``colons``: number of
    colons in the names and labels as sent. ``joined``: the series as the journal stores them; None if the list is not cached."""

    keys: list[str]
    labelled: int
    colons: int
    joined: bytes | None = None


class KeyCache:
    """Cache of canonical series texts by the bytes of name and labels as sent: a series that was seen before costs one look-up."""

    def __init__(self, max_keys: int = 20_000) -> None:
        self._max_keys = max_keys
        self.known: dict[tuple[str, bytes], str] = {}
        self._lists: dict[tuple[int, str, bytes], KnownRows] = {}

    def find(self, names: list[str], labels: Sequence[bytes | Raw]) -> KnownRows | None:
        """Return the series of each row, or None if any row is unknown. A repeated list of rows costs one look-up."""
        whole = len(names), "\n".join(names), b"\n".join(labels)
        rows = self._lists.get(whole)
        if rows is not None:
            return rows
        known, texts = self.known, [bytes(each) for each in labels]
        try:
            keys = [known[row] for row in zip(names, texts, strict=True)]
        except KeyError:
            return None
        rows = KnownRows(keys, len(texts) - texts.count(b""), whole[1].count(":") + b"".join(texts).count(b":"))
        if len(names) > 1 and len(whole[1]) + len(whole[2]) <= _MAX_LIST_BYTES and _is_joined_once(*whole):
            if len(self._lists) >= _MAX_LISTS:
                self._lists.clear()  # all at once, because long bodies are read in threads
            self._lists[whole] = rows = rows._replace(joined="\n".join(keys).encode())
        return rows

    def learn(self, name: str, labels: bytes) -> str:
        """Build and cache the canonical text of a name (or ``name{label="v"}``) and its labels, a JSON object. Raises Invalid."""
        pairs, bare = _labels(labels), name
        if "{" in name:
            key = parse_series(name)
            bare, inside = key.name, dict(key.labels)
            if twice := inside.keys() & pairs.keys():
                raise Invalid(f"{min(twice)} is both in series and in labels", field="labels")
            pairs |= inside
        text = series_key(bare, pairs).text
        if len(name) + len(labels) <= _MAX_CACHED_BYTES:
            if len(self.known) >= self._max_keys:
                self.known.clear()
            self.known[name, labels] = text
        return text


def _is_joined_once(count: int, names: str, labels: bytes) -> bool:
    """Return whether the joined texts of ``count`` rows can be divided in one way only: no row contains a newline."""
    return names.count("\n") == labels.count(b"\n") == count - 1


def _labels(raw: bytes) -> dict[str, str]:
    if not raw:
        return {}

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise Invalid("a label appears twice", field="labels")
        return dict(pairs)

    try:
        labels = json.loads(raw, object_pairs_hook=unique)
    except RecursionError:
        raise Invalid("nested too deep", field="labels") from None
    except ValueError:  # includes numbers of thousands of digits
        raise Invalid("must be an object whose values are strings", field="labels") from None
    if labels is None:
        return {}
    if not isinstance(labels, dict):
        raise Invalid("must be an object whose values are strings", field="labels")
    for name, value in labels.items():
        if not isinstance(value, str):
            raise Invalid("must be text (in quotes)", field=f"labels.{name[:40]}")
    return labels


def check_value(value: float, *, field: str = "value") -> float:
    """Return a number as the nearest double, as Prometheus and InfluxDB store it; raises Invalid when it is too large."""
    try:
        return float(value)
    except OverflowError:
        raise Invalid("is larger than any number that can be stored", field=field) from None


def check_time(t_ms: float | None, latest_ms: int, *, field: str = "t", unit: str = "milliseconds") -> int | None:
    """Check a time and return whole milliseconds; raises Invalid. ``field``, ``unit``: the sender's field name and unit."""
    if t_ms is None:
        return None
    if not MIN_T_MS <= t_ms <= MAX_T_MS:
        raise Invalid(f"must be {unit} since 1970{_meant(t_ms, latest_ms, unit)}", field=field)
    if t_ms > latest_ms:
        raise Invalid("is more than an hour in the future by this server's clock", field=field)
    return int(t_ms)


def _meant(t_ms: float, latest_ms: int, unit: str) -> str:
    """Return a hint if the number would be a valid time in another unit, else ""."""
    if unit not in _UNITS or not 0 < t_ms < 1e30:
        return ""
    place = _UNITS.index(unit)
    for other, name in enumerate(_UNITS):
        if MIN_T_MS <= t_ms * 1000.0 ** (place - other) <= latest_ms:
            return f"; it looks like {name}"
    return ""


def check_declared(unit: str | None, every_s: float | None, *, field: str = "every_s") -> None:
    """Check a unit and a cadence; raises Invalid. ``field``: the sender's name of the cadence."""
    if unit is not None:
        check_text(unit, field="unit", max_bytes=MAX_UNIT_BYTES)
    if every_s is not None and not 0 < every_s <= MAX_EVERY_S:
        raise Invalid("must be more than 0 and at most a year, in seconds", field=field)
