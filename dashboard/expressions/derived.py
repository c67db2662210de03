"""Derived series: the values of watched expressions, in a replica that is not filled from a journal.

Positions in this replica are times. In every process the same expression has the same values at the same times, so a screen can
resume in another process. A document with the expression's name contains the expression's fault and the age of its inputs.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct

from dashboard.domain.document import Document
from dashboard.domain.position import Position
from dashboard.domain.series import SeriesKey
from dashboard.entries.samples import Samples, pack
from dashboard.query.promql.query import AnswerRow
from dashboard.query.promql.values import NAME, Labels
from dashboard.replica.documents import StoredDocument
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series, Windows

#: Series of one expression that are shown; the others are counted.
MOST_SERIES = 1_000
#: Screens get a position that is this much earlier, because the newest values may still change.
_UNSETTLED_MS = 2_000


class Condition(Struct, frozen=True, omit_defaults=True):
    """State of an expression.

    ``fault``: why the expression has no values; ``note``: which inputs are not live; ``freshness``: the worst freshness of the
    inputs. ``inputs``, ``old``: number of inputs, and of inputs that are not live; ``left_out``: number of series that are not
    shown.
    ``lines``: by the labels as text, the freshness of each line that has no live input.
    ``corrected_from_ms``: time of the oldest final value that late samples changed within the last minute; 0: none.
    ``remark``: why the newest values are approximate.
    """

    fault: str = ""
    note: str = ""
    freshness: str = "live"
    inputs: int = 0
    old: int = 0
    left_out: int = 0
    corrected_from_ms: int = 0
    remark: str = ""
    lines: dict[str, str] = msgspec.field(default_factory=dict)


class DerivedRow(Struct, frozen=True):
    """New values of a derived series. ``key``: its canonical text."""

    key: str
    times: Sequence[int]
    values: Sequence[float]


class DerivedReplica(Replica):
    """Replica of the derived series."""

    unsettled = _UNSETTLED_MS

    def __init__(self, windows: Windows, epoch: str) -> None:
        super().__init__(windows, Position(epoch, 0))
        self.texts: dict[str, str] = {}  # of the expressions, by the names of their series

    def accepted_ms(self, seq: int) -> int | None:
        """Return None, because derived values have no time of acceptance."""
        return None

    def shown(self, series: Series) -> tuple[str, str]:
        """Return a series' text and name as screens see them: the name is the expression."""
        text = self.texts.get(series.key.name, series.key.name)
        return text + series.text[len(series.key.name) :], text

    def _begin(self, now_ms: int) -> int:
        seq = max(self.position.seq + 1, now_ms)
        self.position = Position(self.position.epoch, seq)
        self.now_ms = now_ms
        return seq

    def put(self, now_ms: int, rows: Sequence[DerivedRow], unit: str) -> None:
        """Add values of the unit ``unit``; a value at a known time replaces the earlier value."""
        seq = self._begin(now_ms)
        keys, times, values, declared = list[str](), array("q"), array("d"), []
        for row in rows:
            known = self.table.by_text.get(row.key)
            if row.times and (known is None or known.unit != unit):
                declared.append((len(keys), unit, None))
            keys += [row.key] * len(row.times)
            times.extend(row.times)
            values.extend(row.values)
        if keys:
            samples = Samples("\n".join(keys).encode(), pack(times), pack(values), tuple(declared))
            self.table.apply(seq, now_ms, samples)

    def fill(self, now_ms: int, rows: Sequence[DerivedRow], unit: str, *, floor_ms: int | None = None) -> None:
        """Add the history of series. Each value's position is its own time, so that a screen resumes exactly.

        ``floor_ms``: the first time of the whole history; ``rows`` may be a part of it.
        """
        self.put(now_ms, rows, unit)
        if floor_ms is None:
            floor_ms = min((row.times[0] for row in rows if row.times), default=now_ms)
        self.floor_seq = self.floor_seq or floor_ms
        for row in rows:
            series = self.table.by_text.get(row.key)
            if series is not None:
                series.stamp_by_time()
        self.table.forget_lists()  # each names a series as often as the series has values

    def value_at(self, key: str, t_ms: int) -> float | None:
        """Return the value that a series has at the time ``t_ms``, None if it has none."""
        series = self.table.by_text.get(key)
        at = -1 if series is None else series.place_of(t_ms)
        return None if series is None or at < 0 else series.values[at]

    def take_back(self, key: str, t_ms: int) -> None:
        """Remove the value that a series has at the time ``t_ms``."""
        series = self.table.by_text.get(key)
        if series is not None and (at := series.place_of(t_ms)) >= 0 and len(series.times) > 1:
            series.forget(at)

    def drop_all(self, name: str, before_ms: int | None = None) -> None:
        """Forget all series of an expression, and the document with its state; no view may show them.

        With ``before_ms``, forget only the ended series whose last value is older than that. Views may show these, and
        learn of their removal.
        """
        found = self.table.index.named(name)
        if before_ms is None:
            self.texts.pop(name, None)
            for series in found:
                self.table.discard(series.text)
            if name in self.documents:
                del self.documents[name]
                self.document_version += 1
        elif old := [series for series in found if series.is_ended and series.last_ms < before_ms]:
            self.table.depart(self._begin(self.now_ms), old)

    def end(self, now_ms: int, keys: Sequence[str]) -> None:
        """End the series ``keys``, which have no values any more."""
        seq = self._begin(now_ms)
        for key in keys:
            series = self.table.by_text.get(key)
            if series is not None and not series.is_ended:
                series.ended_ms, series.meta_seq = max(now_ms, series.last_ms), seq
                self.table.index.fire(series)

    def tell(self, now_ms: int, name: str, condition: Condition) -> None:
        """Store the state of an expression as a document, if it has changed."""
        body = msgspec.json.encode(condition)
        known = self.documents.get(name)
        if known is not None and known.document is not None and known.document.body == body:
            return
        self.documents[name] = StoredDocument(self._begin(now_ms), Document(name, body, now_ms))
        self.document_version += 1


def derived_rows(name: str, rows: Sequence[AnswerRow]) -> list[DerivedRow]:
    """Convert an answer's rows to rows of derived series, without NaN and infinite values."""
    found = []
    for row in rows:
        finite = np.isfinite(row.values)
        times, values = row.times[finite].tolist(), row.values[finite].tolist()
        if times:
            found.append(DerivedRow(key_of(name, row.labels), times, values))
    return found


def key_of(name: str, labels: Labels) -> str:
    """Return the key of a derived series. A metric's name becomes the label ``name``, because the derived series has its own name."""
    known = dict(labels)
    if NAME in known:
        known.setdefault("name", known.pop(NAME))
    return SeriesKey(name, tuple(sorted((label, value) for label, value in known.items() if label != NAME))).text
