"""Items that match at least one of several selectors: sorted by their texts, each with the selectors that it matches.

The set follows the changes of the index; no item is matched twice.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from dashboard.domain.selector import Selector
from dashboard.index.series_index import Keyed, Listener, SeriesIndex

#: After more changes than these everything is built anew.
_MOST_CHANGES = 200


class Texted(Keyed, Protocol):
    """An item with its canonical text."""

    @property
    def text(self) -> str:
        """Name and labels as text."""


K = TypeVar("K", bound=Texted)


def _text(item: Texted) -> str:
    return item.text


class Matching(Generic[K]):
    """Items that match any of the selectors. ``members``: the items, sorted by their text.

    ``places`` maps each item to the indices of the selectors that match the item.  ``on_change``: called once after ``arm``, when
    members or their data have changed.
    """

    def __init__(self, index: SeriesIndex[K], selectors: Sequence[Selector], on_change: Listener | None = None) -> None:
        self.index = index
        self._on_change = on_change
        self._matches = [index.acquire(selector) for selector in selectors]
        if on_change is not None:
            for matches in self._matches:
                index.follow(matches)
        self._versions = [0] * len(self._matches)
        self._seen = -1
        self.members: list[K] = []
        self.places: dict[K, list[int]] = {}
        self._rebuild()

    def count(self) -> int:
        """Return the number of matching items, counted once for each selector."""
        return sum(len(matches.members) for matches in self._matches)

    def close(self) -> None:
        """Release the selectors' matches."""
        for matches in self._matches:
            if self._on_change is not None:
                matches.armed.discard(self._on_change)
                self.index.unfollow(matches)
            self.index.release(matches)
        self._matches = []

    def arm(self) -> None:
        """Request one call of ``on_change``, at the next change."""
        if self._on_change is not None:
            for matches in self._matches:
                matches.armed.add(self._on_change)

    def refresh(self) -> None:
        """Apply the changes of the index since the last call."""
        if self._seen == self.index.version:
            return
        self._seen = self.index.version
        for place, matches in enumerate(self._matches):
            if matches.version == self._versions[place]:
                continue
            changes = matches.since(self._versions[place])
            if changes is None or len(changes) > _MOST_CHANGES:
                self._rebuild()
                return
            for item, is_member in changes:
                (self._add if is_member else self._remove)(item, place)
            self._versions[place] = matches.version

    def _add(self, item: K, place: int) -> None:
        places = self.places.get(item)
        if places is None:
            self.places[item] = [place]
            insort(self.members, item, key=_text)
        elif place not in places:
            insort(places, place)

    def _remove(self, item: K, place: int) -> None:
        places = self.places.get(item, [])
        if place in places:
            places.remove(place)
            if not places:
                del self.places[item]
                at = bisect_left(self.members, item.text, key=_text)
                while self.members[at] != item:  # another item of the same text has been added since
                    at += 1
                del self.members[at]

    def _rebuild(self) -> None:
        places: dict[K, list[int]] = {}
        for place, matches in enumerate(self._matches):
            for item in matches.members:
                if item in places:
                    places[item].append(place)
                else:
                    places[item] = [place]
            self._versions[place] = matches.version
        self.places = places
        self.members = sorted(places, key=_text)
        self._seen = self.index.version
