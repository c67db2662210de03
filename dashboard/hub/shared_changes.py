"""Changes that views have in common. Pure.

Views with the same selectors that read samples, not buckets, have the same changes at a tick: their windows, their rates and their
numbers of points matter only for snapshots.  So the first of them collects the changes for all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias
from weakref import WeakKeyDictionary

from msgspec import Struct

from dashboard.domain.position import Position
from dashboard.domain.selector import Selector
from dashboard.messages.views import BucketsRow, Definition, DocumentState, PointsRow
from dashboard.replica.replica import Replica

#: Changes that are kept of a replica's newest entry; beyond it the oldest are dropped, and collected again when asked for.
_MOST = 64
#: The selectors, the entry after which the changes were made, and the maximum number of samples per series.
Key: TypeAlias = tuple[tuple[Selector, ...], int, int]


class Changes(Struct):
    """Changes of one part after an entry; the fields are those of ``messages.views.Frame``."""

    accepted: int | None
    points: list[PointsRow]
    buckets: list[BucketsRow]
    series: list[Definition]
    documents: list[DocumentState]
    gone: list[int]
    gone_documents: list[str]


class SharedChanges:
    """Changes up to the newest entry of each replica. Callers must not change them."""

    def __init__(self) -> None:
        self._newest: WeakKeyDictionary[Replica, tuple[Position, dict[Key, Changes | None]]] = WeakKeyDictionary()

    def of(self, replica: Replica, key: Key, collect: Callable[[], Changes | None]) -> Changes | None:
        """Return the changes for ``key`` up to the replica's position; call ``collect`` if they are not known."""
        newest = self._newest.get(replica)
        if newest is None or newest[0] != replica.position:
            newest = self._newest[replica] = (replica.position, {})
        held = newest[1]
        if key not in held:
            while len(held) >= _MOST:
                del held[next(iter(held))]
            held[key] = collect()
        return held[key]
