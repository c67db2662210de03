"""Caches of lines by their source: a database, a bucket or a stream.

A sender may use the same series in two sources, but this server would store both as one series.  So all caches share the owners of
series, and a series that comes from a second source is refused.
"""

from __future__ import annotations

from dashboard.ingest.line_protocol import LineCache
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Recall

#: Most sources with a cache; one more source empties all caches.
MAX_SOURCES = 64


class LineSources:
    """The caches by source. ``max_items``: limit of each cache, and limit of the owners."""

    def __init__(self, max_items: int, *, origins: Origins | None = None) -> None:
        self._max_items = max_items
        self.origins = Origins(max_items) if origins is None else origins
        self._caches: Recall[str, LineCache] = Recall(MAX_SOURCES)

    def of(self, source: str) -> LineCache:
        """Return the cache of a source, such as ``database telegraf``; "" is the source without a name."""
        cache = self._caches.get(source)
        if cache is None:
            topic = f"{source[:200]}: " if source else ""
            cache = LineCache(self._max_items, origins=self.origins, topic=topic)
            if len(source) <= 200:
                self._caches.learn(source, cache)
        return cache
