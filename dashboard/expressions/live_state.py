"""State of one live expression: who watches it, what of it has been computed, and what has to be computed again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dashboard.expressions.conditions import Corrections
from dashboard.expressions.watched import LiveSpec, live_expression
from dashboard.index.series_index import Matches, SeriesIndex
from dashboard.query.promql.syntax import Expr, selectors_of
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series

#: A late sample changes the values of at most this many seconds.
LATE_S = 60
#: A history that could not be computed is computed again after this long; the pause doubles with each failure, up to an hour.
_AGAIN_S = 60
_AGAIN_AT_MOST_S = 3_600


class Again(NamedTuple):
    """Next try to compute a history that failed. ``at_s``: the second of the try; ``pause_s``: the wait after it, if it fails too."""

    at_s: int
    pause_s: int


class LiveState:
    """State of a watched expression. ``final_s``: the time in seconds up to which its values are final."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.expr: Expr | None = None  # not read yet, or wrong
        self.fault = ""
        self.is_read = False
        self.specs: dict[LiveSpec, int] = {}  # the number of views of each spec
        self.filled: set[str] = set()  # names of the specs with a computed history
        self.missing: dict[str, Again] = {}  # by name of the spec: when its history, which failed, is computed again
        self.refused: dict[str, str] = {}  # by name of the spec: why it has no values although others have
        self.dropped_s = 0  # when old series were last dropped
        self.unwanted_s = 0.0
        self.final_s = 0
        self.is_busy = False
        self.due_s = 0  # not evaluated before this second
        self.corrections = Corrections(LATE_S)
        self.seen: dict[Series, int] = {}  # by input: the last entry that was evaluated
        self.provisional: dict[str, dict[str, int]] = {}  # by name and key: time of a value to take back later
        self.there: dict[str, set[str]] = {}  # by name: the keys that have values
        self._held: dict[SeriesIndex[Series], list[Matches[Series]]] = {}

    def read(self) -> None:
        """Parse the text, which takes up to 50 milliseconds; set ``expr`` and ``fault``."""
        self.is_read = True
        self.expr, self.fault = live_expression(self.text)

    @property
    def is_filled(self) -> bool:
        """True if the histories of all specs have been computed or refused."""
        return all(self.is_done(spec) for spec in self.specs)

    def is_done(self, spec: LiveSpec) -> bool:
        """Return whether the history of a spec has been computed or refused."""
        return spec.name in self.filled or spec.name in self.refused

    def count_as_filled(self, second: int) -> None:
        """Count the missing histories as computed: the expression cannot be evaluated, and no view may wait for them."""
        for spec in self.specs:
            if not self.is_done(spec):
                self.filled.add(spec.name)
                self.missing[spec.name] = Again(second + _AGAIN_S, 2 * _AGAIN_S)

    def tries_again(self, spec: LiveSpec, second: int) -> bool:
        """Return whether a history that failed is computed again at this second, and set when the next try is due."""
        again = self.missing.get(spec.name)
        if again is None or second < again.at_s:
            return False
        self.missing[spec.name] = Again(second + again.pause_s, min(2 * again.pause_s, _AGAIN_AT_MOST_S))
        return True

    def hold(self, replicas: Iterable[Replica]) -> None:
        """Keep the sets of series that match the selectors, so that the series are not searched anew each second."""
        indexes = {replica.table.index: None for replica in replicas}
        for index in self._held.keys() - indexes:
            del self._held[index]  # the replica was replaced
        for index in indexes.keys() - self._held.keys():
            selectors = selectors_of(self.expr) if self.expr is not None else []
            self._held[index] = [index.hold(node.selector) for node in selectors]

    def release(self) -> None:
        """Release the sets of series that ``hold`` keeps."""
        for index, every in self._held.items():
            for matches in every:
                index.release(matches)
        self._held.clear()
