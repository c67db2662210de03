"""Origins of series: the name that the sender gave each series, so that two names never become one series unnoticed.

``edge_a b`` and ``edge a_b`` of line protocol would both be the series edge_a_b.  The first to arrive owns the
series; the other is refused with the reason.  An owner without samples for one to two periods loses its series, so that senders
can be reconfigured.  Each process remembers only its own requests.  The module reads no clock: the time comes with the data.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TypeVar

from dashboard.domain.errors import Invalid
from dashboard.ingest.parsed import Recall

K = TypeVar("K")
V = TypeVar("V")

#: Length of a period; an owner that was silent for two of them loses its series.
RENEWED_EVERY_MS = 600_000


class NameTaken(Invalid):
    """Another name of the same sender has this series already."""

    code = "name_taken"


def taken_by(key: str, origin: str, owner: str) -> NameTaken:
    """Return the refusal of ``origin``, because ``owner`` owns its series ``key``."""
    name = key.partition("{")[0][:100].strip()
    return NameTaken(f"{origin[:100]!a} and {owner[:100]!a} would both be {name} here; rename one", field="series")


class Origins:
    """Owners of series by canonical text, for this period and the period before."""

    def __init__(self, max_items: int = 20_000) -> None:
        self._max_items = max_items
        self._present: dict[str, str] = {}
        self._before: dict[str, str] = {}
        self._until_ms = 0
        self.period = 0

    def renew(self, latest_ms: int) -> None:
        """Begin a new period when it is due; each ``OwnedRecall`` then empties its cache of claims."""
        if latest_ms < self._until_ms:
            return
        is_long_ago = latest_ms >= self._until_ms + RENEWED_EVERY_MS
        self._until_ms = latest_ms + RENEWED_EVERY_MS
        self._before, self._present = {} if is_long_ago else self._present, {}
        self.period += 1

    def claim(self, key: str, origin: str) -> str:
        """Make ``origin`` the owner of ``key`` and return ``key``; raises NameTaken when another origin owns it."""
        owner = self._present.get(key) or self._before.get(key)
        if owner is not None and owner != origin:
            raise taken_by(key, origin, owner)
        if len(self._present) >= self._max_items:
            self._before, self._present = self._present, {}
        self._present[key] = sys.intern(origin)  # many series share an origin
        return key


def origin_of(name: str, labels: Mapping[str, str]) -> str:
    """Return the origin of a series: its name and the names of its non-empty labels.

    Values of labels are left out, because parsers keep them unchanged.
    """
    return ",".join([name, *sorted(label for label, value in labels.items() if value)])


class OwnedRecall(Recall[K, V]):
    """``Recall`` that is emptied with each new period of ``origins``, so that active senders claim their series again."""

    def __init__(self, max_items: int = 20_000, *, origins: Origins | None = None) -> None:
        super().__init__(max_items)
        self.origins = Origins(max_items) if origins is None else origins
        self._period = 0

    def renew(self, latest_ms: int) -> None:
        """Empty the cache when a new period of ``origins`` has begun; call it once for each body."""
        self.origins.renew(latest_ms)
        if self._period != self.origins.period:
            self._period = self.origins.period
            self.clear()
