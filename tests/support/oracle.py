"""The oracle: a viewer that checks everything it is shown, and reports what must not have happened.

The values of every load series (``publisher.py``) count 1, 2, 3 …, so a hole, a duplicate and a wrong order are visible
in each series by itself. Positions must advance within an epoch and may change it only after ``gap``. The places in the
journal of one sample, as different viewers saw them, must overlap; otherwise the viewers saw different orders. The
scene compares the report with the publisher's log. Does not own connections (``viewers.py``).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any, NamedTuple

from tests.support.publisher import PREFIX

_MOST_VIOLATIONS, _MOST_OF_ONE = 40, 3
#: Newest messages that a viewer keeps, and viewers whose messages are printed.
_KEPT_MESSAGES, _MOST_TRACES = 12, 2
#: Samples whose places are remembered.
_MOST_PLACES = 300_000


@dataclass
class Verdict:
    """Reports of all viewers of a scene. ``lossy``: the present fault may lose entries, so gaps are right."""

    lossy: bool = False
    violations: list[str] = field(default_factory=list)
    count: int = 0
    traces: dict[str, list[str]] = field(default_factory=dict)

    def accuse(self, viewer: str, what: str, trace: Callable[[], list[str]] | None = None) -> None:
        """Report something that must not happen; ``trace``: gives the messages that led to it."""
        self.count += 1
        if trace is not None and len(self.traces) < _MOST_TRACES and viewer not in self.traces:
            self.traces[viewer] = trace()
        of_this_one = sum(f" {viewer}: " in each for each in self.violations)
        if len(self.violations) < _MOST_VIOLATIONS and of_this_one < _MOST_OF_ONE:
            self.violations.append(f"{time.monotonic():.3f} {viewer}: {what}")

    def take(self) -> tuple[list[str], int]:
        """Return the reports so far and their number; forget them."""
        found, count, self.violations, self.count = self.violations, self.count, [], 0
        for viewer, trace in self.traces.items():
            found += [f"messages of {viewer}, the newest last:", *trace]
        self.traces = {}
        return found, count


#: Where a view stands: the number of the last entry by epoch, one for each partition of the journal that it needs.
Places = dict[str, int]


def places_of(position: str) -> Places:
    """Return the parts of a position; clients must not look into it, but the oracle does."""
    parts = [part.split(".") for part in position.split("-")]  # the time behind the number says no more
    return {epoch: int(seq) for epoch, seq, *_ in parts}


def _text(places: Places) -> str:
    return "-".join(f"{epoch}.{seq}" for epoch, seq in places.items())


class GapSeen(NamedTuple):
    """A gap: its time (monotonic), its reason, and the positions before and after."""

    at_s: float
    reason: str
    before: str
    after: str


class Order:
    """For each sample, the narrowest place in the journal that all full oracles agree on."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._places: dict[tuple[str, str, float], list[int]] = {}

    def seen(self, viewer: str, epoch: str, after: int, until: int, series: str, value: float) -> None:
        """Record that ``viewer`` got the sample in a message with the entries after ``after`` up to ``until``."""
        if len(self._places) > _MOST_PLACES:
            for old in list(islice(self._places, _MOST_PLACES // 3)):
                del self._places[old]
        place = self._places.setdefault((epoch, series, value), [after, until])
        place[0] = max(place[0], after)
        place[1] = min(place[1], until)
        if place[0] >= place[1]:
            self._verdict.accuse(viewer, f"order: {series} = {value:g} cannot be where another viewer saw it: {place}")

    def __len__(self) -> int:
        return len(self._places)


class Oracle:
    """State of one viewer. ``order`` None: it does not compare places with other viewers."""

    def __init__(self, name: str, verdict: Verdict, order: Order | None = None) -> None:
        self.name = name
        self.verdict = verdict
        self._order = order
        self._names: dict[int, str] = {}
        self.last: dict[str, float] = {}  # the last value of each series
        self.last_ms: dict[str, int] = {}  # and its time
        self.places: Places = {}
        self.position = ""
        self.gaps: list[GapSeen] = []
        self.snapshots = self.frames = self.samples = 0
        self._recent: deque[tuple[float, dict[str, Any]]] = deque(maxlen=_KEPT_MESSAGES)
        self._gap_told = False
        self._gap_ms = 0  # when the newest gap was told, by the feeders' clock
        self._after_loss: set[str] = set()  # series whose next value may be any: entries were lost, and that was told
        self.asked_since = False

    def take(self, message: dict[str, Any]) -> None:
        """Take one message of the view."""
        kind = message["type"]
        self._recent.append((time.monotonic(), message))
        if kind == "frame":
            self.frames += 1
            self._take_frame(message)
        elif kind == "snapshot":
            self.snapshots += 1
            self._take_snapshot(message)
        elif kind == "gap":
            self._take_gap(message)
        elif kind == "error":
            self._accuse(f"error from the server: {message}")

    def _accuse(self, what: str) -> None:
        self.verdict.accuse(self.name, what, self._trace)

    def _trace(self) -> list[str]:
        """Return the newest messages, a line each: of each lane the last values of its first series."""
        return [f"  {at_s:.3f} {self._told(message)}" for at_s, message in self._recent]

    def _told(self, message: dict[str, Any]) -> str:
        rows = [(self._names.get(row[0], ""), row[-1]) for row in message.get("points", ())]
        rows += [(each["series"], each.get("v", [])) for each in message.get("series", ())]
        values = [f"{series} {list(values[-3:])}" for series, values in rows if series.endswith(".0") and values]
        return " ".join([message["type"], message.get("position", ""), message.get("reason", ""), *values])

    # --- positions ---

    def _move(self, position: str) -> Places:
        """Take the next position; return the position before."""
        before, self.position, self.places = self.places, position, places_of(position)
        if before and before.keys() != self.places.keys():
            self._accuse(f"position went from {_text(before)} to {position} and no gap was told")
        for epoch, seq in self.places.items():
            if seq < before.get(epoch, 0):
                self._accuse(f"position went back from {_text(before)} to {position}")
        return before

    def _take_gap(self, message: dict[str, Any]) -> None:
        before, self.position, self.places = self.places, message["position"], places_of(message["position"])
        self.gaps.append(GapSeen(time.monotonic(), message["reason"], _text(before), self.position))
        if not self.verdict.lossy:
            self._accuse(f"false gap ({message['reason']}) from {_text(before)} to {self.position}")
        self._gap_told, self._gap_ms = True, int(time.time() * 1000)

    # --- values ---

    def _take_snapshot(self, message: dict[str, Any]) -> None:
        if self.asked_since and not self._gap_told:
            self._accuse("a snapshot without gap although it came with its position")
        if self.position:
            self._move(message["position"])
        else:
            self.position, self.places = message["position"], places_of(message["position"])
        before, told, self._gap_told = self.last, self._gap_told, False
        self.asked_since = False
        self._names, self.last, self.last_ms = {}, {}, {}
        for definition in message["series"]:
            self._define(definition)
            self._take_history(definition)
        if told and self.verdict.lossy:
            self._after_loss = set(self.last) | set(before)
        else:  # a further snapshot without newer values: the loss that was told is still ahead of the next value
            self._after_loss = {each for each in self._after_loss if self.last.get(each) == before.get(each)}
        for series, value in before.items():
            if not told and self.last.get(series, 0) < value:
                self._accuse(f"snapshot: {series} fell from {value:g} to {self.last.get(series)}")

    def _define(self, definition: dict[str, Any]) -> None:
        self._names[definition["sid"]] = definition["series"]

    def _take_history(self, definition: dict[str, Any]) -> None:
        series, values = definition["series"], definition.get("v", [])
        if not series.startswith(PREFIX) or not values:
            return
        if definition.get("of", 0) > len(values):
            self._accuse(f"SET-UP: {series} was thinned in a snapshot")
        doubles = 0
        for one, other in pairwise(values):
            doubles += other == one
            if other != one + 1 and (not self.verdict.lossy or other < one):
                self._accuse(f"history: {series} goes from {one:g} to {other:g}")
                break
        if doubles > len(self.gaps):  # what was under way when the journal lost its memory may be there twice
            self._accuse(f"history: {doubles} values of {series} are there twice")
        self.last[series], self.last_ms[series] = values[-1], definition["t"][-1]

    def _take_frame(self, message: dict[str, Any]) -> None:
        before = self._move(message["position"])
        for definition in message.get("series", ()):
            self._define(definition)
        for row in message.get("points", ()):
            series = self._names.get(row[0])
            if series is None:
                self._accuse(f"a row of sid {row[0]}, which was never defined")
            elif series.startswith(PREFIX):
                self._take_row(series, row, before)
        self.asked_since = False

    def _take_row(self, series: str, row: list[Any], before: Places) -> None:
        if len(row) > 3:
            self._accuse(f"SET-UP: {series} was thinned in a frame")
            return
        times, values = row[1], row[2]
        self.samples += len(values)
        expected = self.last.get(series, 0) + 1
        if self._after_loss and series in self._after_loss:
            # a worker that was behind tells the gap first, and then shows what is from before the loss
            if values[0] != expected or times[-1] >= self._gap_ms:
                self._after_loss.discard(series)
            expected = values[0] if values[0] >= expected - 1 else expected
        for value in values:
            if value != expected:
                self._accuse(_difference(series, expected, value))
                expected = value
            expected += 1
        if self._order is not None and len(before) == 1 and before.keys() == self.places.keys():
            ((epoch, until),) = self.places.items()
            for value in values:
                self._order.seen(self.name, epoch, before[epoch], until, series, value)
        self.last[series], self.last_ms[series] = values[-1], times[-1]


def _difference(series: str, expected: float, value: float) -> str:
    if value > expected:
        return f"hole without gap: {series} goes from {expected - 1:g} to {value:g}"
    if value == expected - 1:
        return f"duplicate: {series} = {value:g} again"
    return f"order: {series} goes back from {expected - 1:g} to {value:g}"
