"""Properties that all points of an OTLP metric share, and the series of a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.domain.series import series_key
from dashboard.ingest.otlp_names import labels_of
from dashboard.ingest.otlp_points import Shape
from dashboard.ingest.otlp_resources import Origin
from dashboard.ingest.otlp_schema import Part
from dashboard.ingest.otlp_values import pairs_of

#: Kind of a series whose samples are increases.
DELTA = "delta"
_DELTA = (1, "AGGREGATION_TEMPORALITY_DELTA")


@dataclass(slots=True, frozen=True)
class OtlpMetric:
    """Properties of a metric. ``sent``: the name as sent; ``raw``: bytes that identify origin and name."""

    name: str
    sent: str
    shape: str
    kind: str
    unit: str | None
    origin: Origin
    raw: bytes

    @property
    def owner(self) -> str:
        """The name as sent, told apart by temporality: a series may not have increases and totals."""
        return self._owner(is_delta=self.kind == DELTA)

    @property
    def former(self) -> str:
        """The owner if the sender sent this metric with the other temporality before."""
        return self._owner(is_delta=self.kind != DELTA)

    def _owner(self, *, is_delta: bool) -> str:
        return f"{self.sent} (delta temporality)" if is_delta else self.sent

    @property
    def cached_as(self) -> str:
        """The name of the metric's series in a cache."""
        return f"{self.name} {self.kind}" if self.kind == DELTA else self.name

    def labels(self, attributes: list[Part], *others: str) -> dict[str, str]:
        """Return a point's labels without ``le`` and ``quantile``; an attribute with a name in ``others`` is renamed."""
        own = self.origin.labels
        return labels_of(pairs_of(attributes), own if not others else own | dict.fromkeys(others, "")) | own

    def keys(self, attributes: list[Part], shape: Shape) -> tuple[str, ...]:
        """Return the series of a point."""
        further = {label[0] for _, label in shape if label}
        labels = self.labels(attributes, *further)
        return tuple(
            series_key(self.name + suffix, labels if label is None else labels | {label[0]: label[1]}).text
            for suffix, label in shape
        )


def kind_of(shape: str, data: Mapping[str, object], *, monotonic: bool) -> str:
    """Return the kind of the series of a metric. ``data``: its fields beside the points."""
    if data.get("aggregationTemporality") in _DELTA:
        return DELTA
    if shape == "sum" and not monotonic:
        return "gauge"
    return {"gauge": "gauge", "summary": "summary", "sum": "counter"}.get(shape, "histogram")


def raw_of(origin: Origin, name: object) -> bytes:
    """Return bytes that identify a metric."""
    return origin.raw + str(name).encode("utf-8", "replace")
