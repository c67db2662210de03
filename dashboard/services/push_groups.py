"""Which series each group of a Pushgateway's pushes last held, so that what is not pushed any more can be said to have ended.

Remembered by the process that took the pushes, as long as it runs; bounded in series: beyond it all is forgotten, and what is not
pushed any more then grows old by its cadence as everything does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Group = tuple[tuple[str, str], ...]


class PushGroups:
    """A group is its labels."""

    def __init__(self, max_series: int) -> None:
        self._max_series = max_series
        self._held: dict[Group, set[str]] = {}
        self._count = 0

    def replace(self, labels: Mapping[str, str], keys: Iterable[str]) -> set[str]:
        """The group is this now; returns what it held and does not any more."""
        before, now = self.remove(labels), set(keys)
        self._hold(labels, now)
        return before - now

    def add(self, labels: Mapping[str, str], keys: Iterable[str]) -> None:
        """The group holds these too."""
        self._hold(labels, self.remove(labels).union(keys))

    def remove(self, labels: Mapping[str, str]) -> set[str]:
        """The group is gone; returns what it held."""
        held = self._held.pop(tuple(sorted(labels.items())), set())
        self._count -= len(held)
        return held

    def _hold(self, labels: Mapping[str, str], keys: set[str]) -> None:
        if self._count + len(keys) > self._max_series:
            self._held.clear()
            self._count = 0
        if keys and len(keys) <= self._max_series:
            self._held[tuple(sorted(labels.items()))] = keys
            self._count += len(keys)
