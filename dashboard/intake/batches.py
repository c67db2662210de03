"""Division of a long batch into pieces, accepted one after the other, and of a piece into entries of the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import islice
from operator import gt

from dashboard.ingest.batch import Batch

#: Rows of one piece, and of one entry: more would block the event loop while they are accepted or applied.
_ROWS_AT_ONCE = 4_000
_ROWS_PER_ENTRY = 2_000
#: Rows of an entry with samples that are earlier than others of their series: such a row costs up to four times as much.
_LATE_PER_ENTRY = 1_000
#: Work with new series in one entry, which is applied in one step: a series without labels costs a replica as much time as
#: ``_COST_OF_NEW`` labels of a series do.
_NEW_PER_ENTRY = 1_600
_COST_OF_NEW = 4
#: Units of ``SeriesIndex.units_of_new`` that cost as much as a label.
_UNITS_OF_A_LABEL = 10
#: Most bytes of the series in an entry: replicas do not cache longer lists of series, and the entry stays small.
_KEY_BYTES_PER_ENTRY = 256 << 10


def rows_per_entry(keys: list[str], at_most: int = _ROWS_PER_ENTRY) -> int:
    """Return the number of rows per entry, at most ``at_most``. ``keys``: the series of each row. If a batch repeats a
    list of series, each entry has the whole list, once or several times.

    A replica applies such entries fastest.
    """
    most = min(at_most, _rows_that_fit(keys))
    if len(keys) <= most:
        return most
    try:
        again = keys.index(keys[0], 1, most + 1)
    except ValueError:
        return most
    return most // again * again


def entries_of(
    keys: list[str], new: set[str], *, late: bool = False, units: Callable[[str], int] = lambda name: 0
) -> list[tuple[int, int]]:
    """Return where each entry of a batch begins and ends; rows with ``new`` series come in shorter entries.

    ``late``: True if the batch may have late samples; all its entries are then short. ``units``: returns what it costs to test a
    new series with a name against the selectors in use.
    """

    def cost_of(key: str) -> int:
        return _cost_of_new(key) + units(key.partition("{")[0]) // _UNITS_OF_A_LABEL

    at_most = _LATE_PER_ENTRY if late else _ROWS_PER_ENTRY
    starts = [0]
    if sum(map(cost_of, new)) > _NEW_PER_ENTRY:
        seen, here = set[str](), 0
        for row, key in enumerate(keys):
            if key not in new or key in seen:
                continue
            cost = cost_of(key)
            if here and here + cost > _NEW_PER_ENTRY:
                starts.append(row)
                here = 0
            seen.add(key)
            here += cost
            if len(seen) == len(new):
                starts.append(row + 1)
    ends = [*starts[1:], len(keys)]
    found = []
    for start, end in zip(starts, ends, strict=True):
        rows = rows_per_entry(keys[start:end], at_most)
        found += [(each, min(end, each + rows)) for each in range(start, end, rows)]
    return found


def _cost_of_new(key: str) -> int:
    """Return the cost of a new series, in labels."""
    return _COST_OF_NEW + key.count('="')


def have_late(keys: list[str], times: list[int], last_ms: Callable[[str], int]) -> bool:
    """Return whether a batch seems to have late samples.

    A batch seems to have late samples if its times do not rise, or if its first, middle or last row is not later than
    the newest sample of the same series. ``last_ms``: returns the time of a series' newest sample, 0 for a new series.
    """
    if len(keys) <= _LATE_PER_ENTRY:
        return False  # one entry anyway
    if any(times[row] <= last_ms(keys[row]) for row in (0, len(keys) // 2, len(keys) - 1)):
        return True
    return any(map(gt, times, islice(times, 1, None)))


def _rows_that_fit(keys: list[str]) -> int:
    """Return how many rows of mean length fit into an entry, at least 1."""
    mean_bytes = sum(map(len, keys)) / len(keys) if keys else 0
    if mean_bytes * _ROWS_PER_ENTRY <= _KEY_BYTES_PER_ENTRY or mean_bytes * len(keys) <= _KEY_BYTES_PER_ENTRY:
        return _ROWS_PER_ENTRY
    return max(1, int(_KEY_BYTES_PER_ENTRY / mean_bytes))


def pieces_of(batch: Batch) -> Iterator[Batch]:
    """Yield the batch itself, or its rows in several batches; the first batch has all refusals of the parser."""
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
    """Return the index of each row in the body. If the format gives none: 0, 1, 2, … without the refused indices."""
    if batch.where is not None and len(places := batch.where()) == len(batch.keys):
        return places
    taken = {refusal.index for refusal in batch.refused}
    total = len(batch.keys) + len(taken)
    return [index for index in range(total) if index not in taken]
