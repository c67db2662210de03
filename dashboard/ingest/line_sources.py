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
#: A source without a body for so long gives its series to another source: its sender was set to write elsewhere.
SILENT_MS = 60_000
_MAX_SEEN = 10_000


class LineSources:
    """Caches of lines, one for each source. ``max_items``: maximum number of items in each cache, and maximum number of
    owned series."""

    def __init__(self, max_items: int, *, origins: Origins | None = None) -> None:
        self._max_items = max_items
        self.origins = Origins(max_items) if origins is None else origins
        self._caches: Recall[str, LineCache] = Recall(MAX_SOURCES)
        self._seen_ms: dict[str, int] = {}
        self._latest_ms = 0

    def _is_silent(self, topic: str) -> bool:
        seen_ms = self._seen_ms.get(topic)
        return seen_ms is not None and self._latest_ms - seen_ms > SILENT_MS

    def of(self, source: str, latest_ms: int = 0) -> LineCache:
        """Return the cache of a source that has sent a body, such as ``database telegraf``; "" is the source without a name.

        ``latest_ms``: the latest time that a sample may have now.
        """
        cache, topic = self._caches.get(source), f"{source[:200]}: " if source else ""
        self._latest_ms = max(self._latest_ms, latest_ms)
        if topic in self._seen_ms or len(self._seen_ms) < _MAX_SEEN:
            self._seen_ms[topic] = latest_ms
        if cache is None:
            cache = LineCache(self._max_items, origins=self.origins, topic=topic, is_silent=self._is_silent)
            if len(source) <= 200:
                self._caches.learn(source, cache)
        return cache
