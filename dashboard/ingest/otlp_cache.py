"""What is remembered of OTLP's points and of where they came from, over all requests."""

from __future__ import annotations

from dashboard.ingest.otlp_points import Shape
from dashboard.ingest.otlp_resources import OtlpOptions, Resources
from dashboard.ingest.parsed import Recall

#: Points whose metric and attributes take more are worked out anew each time.
MAX_CACHED_BYTES = 4_096


class Numbers(Recall[bytes, str]):
    """Series of a metric's number points by their attributes as protobuf; ``name``: what the metric was called then."""

    name = ""


class PointCache:
    """Series of points met before, bounded in number and in what each takes; and the resources they came from."""

    def __init__(self, max_items: int = 20_000, options: OtlpOptions | None = None) -> None:
        self.options = options or OtlpOptions()
        self.resources = Resources(self.options)
        self._max_items = max_items
        #: By origin and metric, attributes as JSON, and the shape of the point.
        self.shapes: Recall[tuple[bytes, bytes, Shape], tuple[str, ...]] = Recall(max_items)
        self._numbers: Recall[bytes, Numbers] = Recall(max_items)
        self._learnt = 0

    def numbers(self, raw: bytes) -> Numbers:
        """What is known of the number points of one metric."""
        found = self._numbers.get(raw)
        if found is None:
            found = Numbers(self._max_items)
            if len(raw) <= MAX_CACHED_BYTES:
                self._numbers.learn(raw, found)
        return found

    def learn_number(self, raw: bytes, name: str, attributes: bytes, key: str) -> None:
        """Remember one. A metric whose name changes, because its unit or shape does, is learnt anew."""
        self._learnt += 1
        if self._learnt > self._max_items:
            self._numbers.clear()
            self._learnt = 1
        numbers = self.numbers(raw)
        if numbers.name != name:
            numbers.clear()
            numbers.name = name
        numbers[attributes] = key
