"""Cache of OTLP's points and resources over all requests."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.ingest.claims import Claims
from dashboard.ingest.origins import Origins
from dashboard.ingest.otlp_points import Shape
from dashboard.ingest.otlp_resources import OtlpOptions, Resources
from dashboard.ingest.parsed import Recall

#: Most bytes of a cached point's metric and attributes; longer ones are parsed anew each time.
MAX_CACHED_BYTES = 4_096


class Numbers(Recall[bytes, str]):
    """Series of the number points of one metric, by the protobuf bytes of their attributes. ``name``: the metric's name in the cache.

    The name never changes, as several threads use the cache at once.
    """

    def __init__(self, max_items: int, name: str = "") -> None:
        super().__init__(max_items)
        self.name = name


class PointCache:
    """Cache of the series and resources of earlier points. The number of points and the bytes of each are bounded."""

    def __init__(
        self, max_items: int = 20_000, options: OtlpOptions | None = None, *, origins: Origins | None = None
    ) -> None:
        self.options = options or OtlpOptions()
        self.resources = Resources(self.options)
        self._max_items = max_items
        self._origins = Origins(max_items) if origins is None else origins
        self._period = 0
        #: By origin and metric, attributes as JSON, and the shape of the point.
        self.shapes: Recall[tuple[bytes, bytes, Shape], tuple[str, ...]] = Recall(max_items)
        #: The same, with both origins, of points whose series their sender does not own yet: each request claims them again.
        self.waiting: Recall[tuple[bytes, bytes, Shape], tuple[tuple[str, ...], str, str]] = Recall(max_items)
        self._numbers: Recall[bytes, Numbers] = Recall(max_items)
        self._learnt = 0

    def renew(self, latest_ms: int) -> None:
        """Empty the cache when a new period of the owners of series begins; call it once for each request."""
        self._origins.renew(latest_ms)
        if self._period != self._origins.period:
            self._period = self._origins.period
            self.shapes.clear()
            self._numbers.clear()

    def claim(self, keys: Iterable[str], origin: str, former: str, claims: Claims) -> bool:
        """Claim the series ``keys`` for a metric; return whether it owns all of them. Raises NameTaken.

        ``origin``: the metric's name and the names of its attributes, as sent. ``former``: the same with the other temporality.
        """
        return {self._origins.claim(key, origin, claims, former=former) for key in keys}.isdisjoint(claims)

    def numbers(self, raw: bytes) -> Numbers:
        """Return the cache of one metric's number points; ``raw``: bytes that identify the metric."""
        found = self._numbers.get(raw)
        if found is None:
            found = Numbers(self._max_items)
            if len(raw) <= MAX_CACHED_BYTES:
                self._numbers.learn(raw, found)
        return found

    def learn_number(self, raw: bytes, name: str, attributes: bytes, key: str) -> None:
        """Cache the series of a number point. If the metric's name in the cache has changed, begin a new cache for the metric."""
        self._learnt += 1
        if self._learnt > self._max_items:
            self._numbers.clear()
            self._learnt = 1
        numbers = self.numbers(raw)
        if numbers.name != name:
            numbers = self._numbers.learn(raw, Numbers(self._max_items, name))
        numbers[attributes] = key
