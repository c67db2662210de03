from __future__ import annotations

from dashboard.domain.errors import Invalid
from dashboard.domain.partition import partition_of
from dashboard.ingest.batch import Batch
from dashboard.intake.shares import bar, divide
from dashboard.journal.port import METRICS

KEYS = [f"m{n}" for n in range(6)]


def whole() -> Batch:
    return Batch(
        list(KEYS), [None] * 6, [float(n) for n in range(6)], [(1, "%", 2.0), (4, None, 5.0)], kinds={"m3": "gauge"}
    )


def test_a_batch_is_divided_with_its_rows_declarations_and_kinds() -> None:
    (only,) = divide(whole(), 1)
    assert (only.partition, only.batch, only.rows) == (METRICS, whole(), None)
    shares = divide(whole(), 3)
    for share in shares:
        assert share.rows == [row for row, key in enumerate(KEYS) if partition_of(key, 3) == share.partition]
        assert share.batch.keys == [KEYS[row] for row in share.rows]
        assert share.batch.values == share.rows
        declared = {share.rows[row]: (unit, every_s) for row, unit, every_s in share.batch.declared}
        assert declared == {row: said for row, said in {1: ("%", 2.0), 4: (None, 5.0)}.items() if row in share.rows}
        assert share.batch.kinds == ({"m3": "gauge"} if 3 in share.rows else {})
    assert sorted(row for share in shares for row in share.rows or ()) == list(range(6))


def test_barred_series_are_removed_and_refused_at_their_place() -> None:
    batch = whole()
    (share,) = divide(batch, 1)
    refused = bar(share, {"m1", "m5"}, "is full", "series_limit", batch)
    assert [(each.index, each.field, each.reason, each.code, each.snippet) for each in refused] == [
        (1, "series", "is full", "series_limit", "m1"),
        (5, "series", "is full", "series_limit", "m5"),
    ]
    assert (share.batch.keys, share.rows, share.batch.declared) == (
        ["m0", "m2", "m3", "m4"],
        [0, 2, 3, 4],
        [(3, None, 5.0)],
    )
    (refusal,) = bar(share, {"m3": Invalid("is too long", field="name")}, "", "invalid", batch)
    assert (refusal.index, refusal.field, refusal.reason) == (3, "name", "is too long")
