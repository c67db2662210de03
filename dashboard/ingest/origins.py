"""Which of a sender's names a series comes from, so that two of them never become one series in silence.

``edge_a b`` and ``edge a_b`` of line protocol would both be one series, edge_a_b, here.  The first that comes owns the series, the
other is refused with the reason.  An owner that was silent for a while loses its series, so that senders may be configured anew.
Each process remembers for itself.  Pure: the time comes with the data.
"""

from __future__ import annotations

from typing import TypeVar

from dashboard.domain.errors import Invalid
from dashboard.ingest.parsed import Recall

K = TypeVar("K")
V = TypeVar("V")

#: An owner that was silent for two of these loses its series.
RENEWED_EVERY_MS = 600_000


class NameTaken(Invalid):
    """Another name of the same sender has this series already."""

    code = "name_taken"


class Origins:
    """Owners of series, by their canonical text; those of the present period and of the one before."""

    def __init__(self, max_items: int = 20_000) -> None:
        self._max_items = max_items
        self._present: dict[str, str] = {}
        self._before: dict[str, str] = {}
        self._until_ms = 0
        self.period = 0

    def renew(self, latest_ms: int) -> None:
        """Begin a new period when it is time for one; whoever remembers what was claimed forgets it then."""
        if latest_ms < self._until_ms:
            return
        is_long_ago = latest_ms >= self._until_ms + RENEWED_EVERY_MS
        self._until_ms = latest_ms + RENEWED_EVERY_MS
        self._before, self._present = {} if is_long_ago else self._present, {}
        self.period += 1

    def claim(self, key: str, origin: str) -> str:
        """Return ``key``, which is ``origin``'s from now on; raises NameTaken when another has it."""
        owner = self._present.get(key) or self._before.get(key)
        if owner is not None and owner != origin:
            raise NameTaken(
                f"{origin[:100]!a} and {owner[:100]!a} would both be {key.partition('{')[0][:100]} here; rename one",
                field="series",
            )
        if len(self._present) >= self._max_items:
            self._before, self._present = self._present, {}
        self._present[key] = origin
        return key


class OwnedRecall(Recall[K, V]):
    """``Recall`` that forgets when the owners of series are renewed, so that those who still send claim theirs again."""

    def __init__(self, max_items: int = 20_000, *, origins: Origins | None = None) -> None:
        super().__init__(max_items)
        self.origins = Origins(max_items) if origins is None else origins
        self._period = 0

    def renew(self, latest_ms: int) -> None:
        """Forget everything when the owners of series are renewed; called once a body."""
        self.origins.renew(latest_ms)
        if self._period != self.origins.period:
            self._period = self.origins.period
            self.clear()
