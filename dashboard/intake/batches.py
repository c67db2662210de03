"""How a long batch is divided: into pieces that are taken in one after the other, each into entries of the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

from dashboard.ingest.batch import Batch

#: Taking in one piece, and applying one entry, never holds up the loop.
_ROWS_AT_ONCE = 8_000
_ROWS_PER_ENTRY = 2_000
#: A replica remembers lists of series up to this length, and an entry of long texts stays small on the wire.
_KEY_BYTES_PER_ENTRY = 256 << 10


def rows_per_entry(keys: list[str]) -> int:
    """How long the entries of a batch are. Where it tells of the same series again and again, each begins with the first.

    Then they all hold one list of series, or a multiple of it, which a replica takes over quickest.
    """
    most = _rows_that_fit(keys)
    if len(keys) <= most:
        return most
    try:
        again = keys.index(keys[0], 1, most + 1)
    except ValueError:
        return most
    return most // again * again


def _rows_that_fit(keys: list[str]) -> int:
    """As many rows as keep an entry of series of the mean length within its bytes."""
    mean_bytes = sum(map(len, keys)) / len(keys) if keys else 0
    if mean_bytes * _ROWS_PER_ENTRY <= _KEY_BYTES_PER_ENTRY or mean_bytes * len(keys) <= _KEY_BYTES_PER_ENTRY:
        return _ROWS_PER_ENTRY
    return max(1, int(_KEY_BYTES_PER_ENTRY / mean_bytes))


def pieces_of(batch: Batch) -> Iterator[Batch]:
    """The batch itself, or its rows in several, with what was refused before in the first of them."""
    if len(batch.keys) <= _ROWS_AT_ONCE:
        yield batch
        return
    rows = rows_per_entry(batch.keys)
    step = rows * max(1, _ROWS_AT_ONCE // rows)
    places = cache(partial(places_of, batch))
    for start in range(0, len(batch.keys), step):
        end = start + step
        keys = batch.keys[start:end]
        yield Batch(
            keys,
            batch.times[start:end],
            batch.values[start:end],
            [(row - start, unit, every_s) for row, unit, every_s in batch.declared if start <= row < end],
            [] if start else batch.refused,
            {key: batch.kinds[key] for key in keys if key in batch.kinds} if batch.kinds else {},
            where=_slice(places, start, end),
        )


def _slice(places: Callable[[], list[int]], start: int, end: int) -> Callable[[], list[int]]:
    return lambda: places()[start:end]


def places_of(batch: Batch) -> list[int]:
    """Each kept row's place in the body: the places that were not refused, in order, where the format does not say."""
    if batch.where is not None and len(places := batch.where()) == len(batch.keys):
        return places
    taken = {refusal.index for refusal in batch.refused}
    total = len(batch.keys) + len(taken)
    return [index for index in range(total) if index not in taken]
