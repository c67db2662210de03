"""What one body of a foreign format is parsed to: samples, documents, events, and series that have ended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.domain.event import EventIn
from dashboard.domain.series import SeriesKey
from dashboard.ingest.batch import MAX_SAMPLES, Batch, Refusal, check_declared, check_value
from dashboard.ingest.naming import shown

K = TypeVar("K")
V = TypeVar("V")

_MAX_SNIPPETS = 1_000
#: The ``code`` of a refusal for NaN and ±Inf, which many exporters send as "no value": no fault of the sender.
NOT_FINITE = "not_finite"


class NotFinite(Invalid):
    """A NaN or an infinity: never shown, told apart from the sender's mistakes by its code."""

    code = NOT_FINITE

    def __init__(self, *, field: str = "value") -> None:
        super().__init__("is not a finite number", field=field)


class Family(NamedTuple):
    """Series that are alike but for one label, whose values are not said. ``t_ms``: when they ended (None: now)."""

    key: SeriesKey
    label: str
    t_ms: int | None


@dataclass(slots=True)
class Parsed:
    """``documents`` are (key, JSON text, cadence in s), ``places`` where in the body each stood.

    ``ended`` (series, ms) those that the sender says ended, and when (None: now); ``ended_families``: and those.
    ``silent``: series that were named with no value that can be shown.
    """

    batch: Batch = field(default_factory=Batch)
    documents: list[tuple[str, bytes, float | None]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    events: list[EventIn] = field(default_factory=list)
    ended: list[tuple[str, int | None]] = field(default_factory=list)
    ended_families: list[Family] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

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
        """One sample more; raises Invalid when the value, unit or cadence cannot be kept. The time is checked already."""
        batch = self.batch
        value = finite(value)
        if unit is not None or every_s is not None:
            check_declared(unit, every_s)
            batch.declared.append((len(batch.keys), unit, every_s))
        if len(batch.keys) >= MAX_SAMPLES:
            raise Invalid(f"more than {MAX_SAMPLES} samples in one body")
        if kind is not None:
            batch.kinds[key] = kind
        batch.keys.append(key)
        batch.times.append(t_ms)
        batch.values.append(value)

    def write(self, key: str, value: object, every_s: float | None = None, *, place: int = 0) -> None:
        """One document more."""
        self.documents.append((key, msgspec.json.encode(value), every_s))
        self.places.append(place)

    def refuse(self, index: int, why: Invalid, offending: bytes | str = b"") -> None:
        """Note what was not taken; the first thousand with a snippet."""
        refused = self.batch.refused
        snippet = shown(offending) if len(refused) < _MAX_SNIPPETS else ""
        refused.append(Refusal(index, why.field, why.reason, why.code, snippet))


def finite(value: float) -> float:
    """The value, when it can be shown as it is; raises NotFinite or Invalid."""
    if isinstance(value, int):
        return check_value(value)
    if not math.isfinite(value):
        raise NotFinite
    return value


def check_count(parts: Sequence[object], what: str = "samples") -> None:
    """Raise Invalid when there are more parts in a body than may be gone through."""
    if len(parts) > MAX_SAMPLES:
        raise Invalid(f"{len(parts)} {what} in one body; at most {MAX_SAMPLES}")


class Recall(dict[K, V]):
    """What was worked out before, by the bytes it was worked out from; emptied when it is full."""

    def __init__(self, max_items: int = 20_000) -> None:
        super().__init__()
        self._max_items = max_items

    def learn(self, seen: K, value: V) -> V:
        """Remember ``value``; returns it."""
        if len(self) >= self._max_items:
            self.clear()
        self[seen] = value
        return value
