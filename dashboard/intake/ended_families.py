"""Series that end with a histogram or summary: the sender declares the end without naming the buckets and quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.domain.series import SeriesKey
from dashboard.ingest.parsed import Family


def members_of(families: Sequence[Family], known: Iterable[SeriesKey]) -> list[tuple[str, int | None]]:
    """Return the known series of the families, each with the time of its end in milliseconds. All known series are scanned once."""
    wanted = {(family.key, family.label): family.t_ms for family in families}
    labels_by_name: dict[str, set[str]] = {}
    for family in families:
        labels_by_name.setdefault(family.key.name, set()).add(family.label)
    found: list[tuple[str, int | None]] = []
    for key in known:
        for label in labels_by_name.get(key.name, ()):
            rest = tuple(pair for pair in key.labels if pair[0] != label)
            place = SeriesKey(key.name, rest), label
            if len(rest) < len(key.labels) and place in wanted:
                found.append((key.text, wanted[place]))
    return found
