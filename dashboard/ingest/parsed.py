"""Parsed, the result of parsing one body of a foreign format: samples, documents, events, and ended series."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.domain.event import EventIn
from dashboard.domain.series import SeriesKey
from dashboard.ingest.batch import MAX_BAD_LINES, MAX_SAMPLES, Batch, Refusal, check_declared, check_value
from dashboard.ingest.claims import collide
from dashboard.ingest.naming import shown

K = TypeVar("K")
V = TypeVar("V")

_MAX_SNIPPETS = 1_000
#: The ``code`` of refusals for NaN and ±Inf. Many exporters send them for "no value", so they are not the sender's fault.
NOT_FINITE = "not_finite"


class NotFinite(Invalid):
    """Refusal of a NaN or an infinity, which is never stored; its code distinguishes it from the sender's mistakes."""

    code = NOT_FINITE

    def __init__(self, *, field: str = "value") -> None:
        super().__init__("is not a finite number", field=field)


class Family(NamedTuple):
    """Group of series that differ from ``key`` only in the value of ``label``. ``t_ms``: when the series ended (None: now)."""

    key: SeriesKey
    label: str
    t_ms: int | None


@dataclass(slots=True)
class Parsed:
    """Content of a body. ``documents``: (key, JSON text, cadence in s); ``places``: the documents' indices in the body.

    ``ended``: (series, ms) of each series that the sender declared as ended at that time (None: now); ``ended_families``: the
    same for families.  ``silent``: series in the body without a finite value.  ``rest``: yields further parts of a body that has
    more samples than one part may have; None if this is the whole body.
    """

    batch: Batch = field(default_factory=Batch)
    documents: list[tuple[str, bytes, float | None]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    events: list[EventIn] = field(default_factory=list)
    ended: list[tuple[str, int | None]] = field(default_factory=list)
    ended_families: list[Family] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    rest: Iterator[Parsed] | None = field(default=None, compare=False, repr=False)

    def add(
        self,
        key: str,
        t_ms: int | None,
        value: float,
        *,
        unit: str | None = None,
        every_s: float | None = None,
        kind: str | None = None,
    ) -> None:
        """Add a sample whose time is already checked, with its declared unit, cadence in seconds and kind; raises
        Invalid when the value, unit or cadence is not allowed."""
        batch = self.batch
        value = finite(value)
        if unit is not None or every_s is not None:
            check_declared(unit, every_s)
            batch.declared.append((len(batch.keys), unit, every_s))
        if len(batch.keys) >= MAX_SAMPLES:
            raise Invalid(f"more than {MAX_SAMPLES} samples in one body; send fewer at a time")
        if kind is not None:
            batch.kinds[key] = kind
        batch.keys.append(key)
        batch.times.append(t_ms)
        batch.values.append(value)

    def is_full(self, at: int) -> bool:
        """Return whether the part has ``at`` samples and ends of series, so that a new part should begin."""
        return len(self.batch.keys) + len(self.ended) >= at

    def join(self, other: Parsed, first: int) -> None:
        """Add the next piece of this body. ``first``: the index of the piece's first item.

        The claims of the two must not collide (``claims.collide``): one of the senders has to be refused.
        """
        batch, more = self.batch, other.batch
        assert not collide(batch.claims, more.claims)
        batch.declared += [(row + len(batch.keys), unit, every_s) for row, unit, every_s in more.declared]
        batch.keys += more.keys
        batch.times += more.times
        batch.values += more.values
        batch.refused += [msgspec.structs.replace(each, index=each.index + first) for each in more.refused]
        batch.kinds |= more.kinds
        batch.claims |= more.claims
        batch.unread += more.unread
        batch.not_finite += more.not_finite
        self.documents += other.documents
        self.places += [place + first for place in other.places]
        self.events += other.events
        self.ended += other.ended
        self.ended_families += other.ended_families

    def write(self, key: str, value: object, every_s: float | None = None, *, place: int = 0) -> None:
        """Add a document; ``place``: its index in the body."""
        self.documents.append((key, msgspec.json.encode(value), every_s))
        self.places.append(place)

    def refuse(self, index: int, why: Invalid, offending: bytes | str = b"") -> None:
        """Add the refusal of the item ``index``. Only the first ``_MAX_SNIPPETS`` refusals show the beginning of
        ``offending``."""
        refused = self.batch.refused
        snippet = shown(offending) if len(refused) < _MAX_SNIPPETS else ""
        refused.append(Refusal(index, why.field, why.reason, why.code, snippet))
        self.batch.not_finite += why.code == NOT_FINITE

    def refuse_line(self, index: int, why: Invalid, line: bytes) -> None:
        """Add the refusal of a line. When ``MAX_BAD_LINES`` are listed, further bad lines are only counted: the good lines
        between them may come from other senders."""
        if len(self.batch.refused) - self.batch.not_finite >= MAX_BAD_LINES:
            self.batch.unread += 1
        else:
            self.refuse(index, why, line)


def finite(value: float) -> float:
    """Return the value as a finite double; raises NotFinite, or Invalid when an integer is too large."""
    if isinstance(value, int):
        return check_value(value)
    if not math.isfinite(value):
        raise NotFinite
    return value


def check_count(parts: Sequence[object], what: str = "samples") -> None:
    """Raise Invalid when a body has more than ``MAX_SAMPLES`` parts; ``what`` names the parts in the error."""
    if len(parts) > MAX_SAMPLES:
        raise Invalid(f"{len(parts)} {what} in one body; at most {MAX_SAMPLES}")


class Recall(dict[K, V]):
    """Bounded cache of parsed results by their input; it is emptied when it is full."""

    def __init__(self, max_items: int = 20_000) -> None:
        super().__init__()
        self._max_items = max_items

    def learn(self, seen: K, value: V) -> V:
        """Cache ``value`` and return it."""
        if len(self) >= self._max_items:
            self.clear()
        self[seen] = value
        return value
