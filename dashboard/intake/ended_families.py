"""Series that end with a histogram or summary: the sender declares the end without naming the buckets and quantiles."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence

from dashboard.domain.series import SeriesKey
from dashboard.ingest.parsed import Family
from dashboard.turns import next_turn

#: Families, and known series, that are looked at in one step of the event loop.
_AT_ONCE = 1_000


async def members_of(
    families: Sequence[Family], known: Callable[[Container[str]], Iterable[SeriesKey]]
) -> list[tuple[str, int | None]]:
    """Return the known series of the families, each with the time of its end in milliseconds; let other tasks run in between.

    ``known``: yields the known series with these metric names. They are scanned once.
    """
    wanted: dict[tuple[SeriesKey, str], int | None] = {}
    labels_by_name: dict[str, set[str]] = {}
    for number, family in enumerate(families, 1):
        wanted[family.key, family.label] = family.t_ms
        labels_by_name.setdefault(family.key.name, set()).add(family.label)
        if not number % _AT_ONCE:
            await next_turn()
    found: list[tuple[str, int | None]] = []
    for number, key in enumerate(known(labels_by_name) if families else (), 1):
        for label in labels_by_name[key.name]:
            rest = tuple(pair for pair in key.labels if pair[0] != label)
            place = SeriesKey(key.name, rest), label
            if len(rest) < len(key.labels) and place in wanted:
                found.append((key.text, wanted[place]))
        if not number % _AT_ONCE:
            await next_turn()
    return found
