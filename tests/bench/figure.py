"""Figures: the measured value, the value of a peer, and the bar; the registry of benches; the table and the JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol, TypeVar

from tests.bench.processes import Bench

#: The short form runs on machines that others use: its bars give way by this factor.
SHORT_SLACK = 1.5
#: A stretch is calm when no more than this share of it was spent waiting for a core.
CALM = 0.03


@dataclass(frozen=True)
class Bar:
    """Bar of a figure: ``value`` must be at most ``at_most``; ``words`` describe the value."""

    words: str
    value: float
    at_most: float

    def met(self, slack: float = 1) -> bool:
        """True if the bar is reached."""
        return self.value <= self.at_most * slack


@dataclass(frozen=True)
class Row:
    """One figure. ``beside`` was measured in the same run, in the same unit; ``notes`` are remarks for the reader."""

    what: str
    value: float
    unit: str
    beside: dict[str, float] = field(default_factory=dict)
    bars: tuple[Bar, ...] = ()
    notes: dict[str, float | str] = field(default_factory=dict)


Measure = Callable[[Bench], Iterable[Row]]
BENCHES: dict[str, Measure] = {}


def bench(measure: Measure) -> Measure:
    """Register a bench under its function's name."""
    BENCHES[measure.__name__] = measure
    return measure


def middle(values: Iterable[float]) -> float:
    """Return the median of the rounds."""
    return median(list(values))


class Stretch(Protocol):
    """One period of measuring."""

    #: The share of it that the server or its viewers could have run but their core was busy with others.
    waited: float


S = TypeVar("S", bound=Stretch)


def calmest(bench: Bench, measure: Callable[[], S]) -> S:
    """Measure again, once or twice at most, and return the least disturbed result: times say little when others use the core."""
    stretches, tries = [measure()], 2 if bench.short else 3
    while min(s.waited for s in stretches) > CALM and len(stretches) < tries:
        stretches.append(measure())
    return min(stretches, key=lambda s: s.waited)


def show(number: float) -> str:
    """Return a number as text with four digits."""
    return f"{number:.4g}" if abs(number) < 10_000 else f"{number:,.0f}"


def as_json(name: str, row: Row, slack: float) -> str:
    """Return the figure as one line of JSON."""
    rounded = {key: _round(value) for key, value in row.beside.items()}
    bars = [
        {"bar": bar.words, "value": _round(bar.value), "at_most": bar.at_most, "slack": slack, "met": bar.met(slack)}
        for bar in row.bars
    ]
    notes = {key: value if isinstance(value, str) else _round(value) for key, value in row.notes.items()}
    body = {"value": _round(row.value), "unit": row.unit, "beside": rounded, "bars": bars, "notes": notes}
    return json.dumps({"bench": name, "figure": row.what, **body}, ensure_ascii=False)


def _round(number: float) -> float:
    return float(f"{number:.5g}")


def table(rows: Iterable[tuple[str, Row]], slack: float) -> Iterator[str]:
    """Return the lines of a table: each figure, the figure beside it, and its bars."""
    yield f"{'bench':<13} {'figure':<52} {'value':>9} {'unit':<7} beside"
    for name, row in rows:
        beside = ", ".join(f"{key} {show(value)}" for key, value in row.beside.items())
        yield f"{name:<13} {row.what:<52} {show(row.value):>9} {row.unit:<7} {beside}"
        for bar in row.bars:
            verdict = "reached" if bar.met() else "reached with slack" if bar.met(slack) else "NOT REACHED"
            yield f"{'':<13}   {verdict}: {bar.words}: {show(bar.value)} <= {show(bar.at_most)}"
        if row.notes:
            notes = ", ".join(f"{k} {v if isinstance(v, str) else show(v)}" for k, v in row.notes.items())
            yield f"{'':<13}   ({notes})"
