from __future__ import annotations

import pytest
from hypothesis import given, settings

from dashboard.replica.buckets import Buckets
from dashboard.replica.folding import Folded, fold
from tests.unit.replica.test_buckets import MERGES, filled


@settings(max_examples=50)
@given(MERGES)
def test_packed_columns_unpack_to_the_same(merges: list[tuple[int, list[int]]]) -> None:
    buckets, again = filled(merges), Buckets(10)
    again.restore(fold(buckets.raw()))
    assert len(again) == len(buckets)
    assert fold(again.raw()) == fold(buckets.raw())
    assert again.columns(-100) == buckets.columns(-100)
    again.merge(99, 1, 1, 1, 1)
    assert again.columns(99).times == [990]


def test_damaged_columns_are_found_when_they_are_restored() -> None:
    folded = fold(filled([(slot, [slot]) for slot in range(100)]).raw())
    damaged = Folded(
        folded.rows, memoryview(b"?" + folded.columns[1:]), folded.checksum, folded.trimmed_from, folded.last
    )
    with pytest.raises(ValueError, match="damaged"):
        Buckets(10).restore(damaged)
