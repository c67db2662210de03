"""List of series for ``/api/v1/series``. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dashboard.domain.freshness import freshness
from dashboard.domain.selector import Selector
from dashboard.query.reading import newest
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series


class LastSample(Struct, frozen=True):
    """Newest sample of a series; ``t`` in milliseconds."""

    t: int
    value: float


class SeriesRow(Struct, frozen=True):
    """Series with its newest sample. Times are in milliseconds; ``ended``: when its feeder ended it."""

    series: str
    name: str
    labels: dict[str, str]
    unit: str
    kind: str
    every_s: float | None
    last: LastSample | None
    age_ms: int
    freshness: str
    ended: int | None


def list_series(replicas: Sequence[Replica], selectors: Sequence[Selector], now_ms: int) -> list[SeriesRow]:
    """Return the series that match any of the selectors (without selectors: all), sorted by name."""
    found = sorted((series for replica in replicas for series in replica.table), key=lambda series: series.text)
    return [_row(s, now_ms) for s in found if not selectors or any(each.matches(s.key) for each in selectors)]


def _row(series: Series, now_ms: int) -> SeriesRow:
    sample = newest(series)
    age_ms = now_ms - series.last_ms
    return SeriesRow(
        series=series.text,
        name=series.key.name,
        labels=dict(series.key.labels),
        unit=series.unit,
        kind=series.kind,
        every_s=series.every_s,
        last=LastSample(*sample) if sample else None,
        age_ms=age_ms,
        freshness=freshness(age_ms, series.every_s, ended=series.is_ended),
        ended=series.ended_ms if series.is_ended else None,
    )
