"""Shares of a batch: the rows for one partition, and the removal of series that may not be stored."""

from __future__ import annotations

from msgspec import Struct

from dashboard.domain.errors import Invalid
from dashboard.domain.partition import partition_of
from dashboard.ingest.batch import Batch, Refusal
from dashboard.ingest.naming import shown
from dashboard.intake.batches import places_of
from dashboard.journal.port import METRICS

#: Refusals of one batch with a snippet; further ones have none.
_MAX_SNIPPETS = 1_000


class Share(Struct):
    """Rows of a batch for one partition; ``rows``: their indices in the whole batch (None: the share is the whole batch)."""

    partition: str
    batch: Batch
    rows: list[int] | None = None


def divide(batch: Batch, partitions: int) -> list[Share]:
    """Divide a batch by the partitions of its series."""
    if partitions == 1 or not batch.keys:
        return [Share(METRICS, batch)]
    found: dict[str, Share] = {}
    declared = {row: (unit, every_s) for row, unit, every_s in batch.declared}
    for row, key in enumerate(batch.keys):
        partition = partition_of(key.partition("{")[0], partitions)
        share = found.setdefault(partition, Share(partition, Batch(), []))
        if row in declared:
            share.batch.declared.append((len(share.batch.keys), *declared[row]))
        share.batch.keys.append(key)
        share.batch.times.append(batch.times[row])
        share.batch.values.append(batch.values[row])
        if key in batch.kinds:
            share.batch.kinds[key] = batch.kinds[key]
        assert share.rows is not None
        share.rows.append(row)
    return list(found.values())


def bar(share: Share, barred: set[str] | dict[str, Invalid], reason: str, code: str, whole: Batch) -> list[Refusal]:
    """Remove the samples of the barred series from the share; return the refusals, with their indices in ``whole``.

    ``barred``: a set, or a mapping from each series to its own error, which then replaces ``reason``.
    """
    batch, refused = share.batch, list[Refusal]()
    kept = Batch(kinds=batch.kinds)
    declared = {row: (unit, every_s) for row, unit, every_s in batch.declared}
    indices, rows = places_of(whole), []
    for row, key in enumerate(batch.keys):
        place = share.rows[row] if share.rows is not None else row
        if key in barred:
            snippet = shown(key) if len(refused) < _MAX_SNIPPETS else ""
            field, why = "series", reason
            if isinstance(barred, dict):
                field, why = barred[key].field, barred[key].reason
            refused.append(Refusal(indices[place], field, why, code, snippet))
            continue
        if row in declared:
            kept.declared.append((len(kept.keys), *declared[row]))
        kept.keys.append(key)
        kept.times.append(batch.times[row])
        kept.values.append(batch.values[row])
        rows.append(place)
    share.batch, share.rows = kept, rows
    return refused
