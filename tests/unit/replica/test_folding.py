from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from msgspec import structs

from dashboard.replica.buckets import Buckets
from dashboard.replica.folding import Folded, fold
from dashboard.replica.sample_order import UNKNOWN
from tests.unit.replica.test_buckets import MERGES, columns_of, filled, for_reading, merge


@settings(max_examples=50)
@given(MERGES)
def test_packed_columns_unpack_to_the_same(merges: list[tuple[int, list[int]]]) -> None:
    buckets, again = filled(merges), Buckets(10)
    again.restore(fold(buckets.raw()))
    assert len(again) == len(buckets)
    assert fold(again.raw()) == fold(buckets.raw())
    assert for_reading(again, -100) == for_reading(buckets, -100)
    assert columns_of(again) == columns_of(buckets)
    merge(again, 99, [1.0])
    assert for_reading(again, 99).times == [990]


@pytest.mark.parametrize("field", ["columns", "order"])
def test_damaged_columns_are_found_when_they_are_restored(field: str) -> None:
    folded = fold(filled([(slot, [slot]) for slot in range(100)]).raw())
    damaged = structs.replace(folded, **{field: memoryview(b"?" + getattr(folded, field)[1:])})
    with pytest.raises(ValueError, match="damaged"):
        Buckets(10).restore(damaged)


#: Ten buckets of two samples each, n and n + 2, as the version before the order was kept stored them.
WITHOUT_ORDER = (
    "9509c45a7801636080004628cd04a599a1340b946685d26c509a1d4a73406954ea833d94ef00a139a0b400941681d212505a064a2b406906284daa3e25"
    "a83e15347360f6c2ec83d90353a70155af03a50da0b491032c3c28a501f8710a0eceae4f6317c09509cb3ff0000000000000cb4014000000000000cb40"
    "1800000000000002"
)


def test_buckets_that_were_stored_before_their_order_was_kept_are_read_and_merged() -> None:
    buckets = Buckets(10)
    buckets.restore(msgspec.msgpack.decode(bytes.fromhex(WITHOUT_ORDER), type=Folded))
    assert for_reading(buckets, 0).means == [n + 1.0 for n in range(9)] + [3.0]
    merge(buckets, 9, [7.0, 8.0], 4)
    merge(buckets, 10, [5.0, 4.0])
    opened, order = buckets.ordered(8)
    assert opened.counts.tolist() == [2, 4, 2]
    assert order.spans.tolist() == [UNKNOWN, UNKNOWN, 1]
    again = Buckets(10)
    again.restore(fold(buckets.raw()))
    assert columns_of(again) == columns_of(buckets)


#: Four buckets of two samples, n and n + 2, and one of 5, 1, 3, as the version that began to keep the order stored them.
WITH_ORDER = (
    "9804c4317801636080004628cd04a599a1342af5c11eca7780d01c509a018d2f00e58ba0c9c3c425a0e20a0e30fb70d1005286043aced5f53951c09504cb"
    "3ff0000000000000cb4014000000000000cb402200000000000003c4086364400046280d00ce7668745f95cb4014000000000000cb4008000000000000cb"
    "40140000000000000002"
)


def test_stored_buckets_with_their_order_are_read() -> None:
    buckets = Buckets(10)
    buckets.restore(msgspec.msgpack.decode(bytes.fromhex(WITH_ORDER), type=Folded))
    assert columns_of(buckets) == columns_of(filled([(n, [n, n + 2]) for n in range(4)] + [(4, [5, 1, 3])]))
    order = buckets.ordered(3)[1]
    assert [column.tolist() for column in order] == [[3.0, 5.0], [5.0, 3.0], [0.0, 5.0], [0, 0], [1, 2]]


def test_what_is_stored_is_read_by_a_version_that_knows_no_order() -> None:
    """Processes of both versions share their checkpoints while an installation is brought up to date."""
    buckets = filled([(slot, [slot, slot + 1]) for slot in range(100)])
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(fold(buckets.raw())))
    older = msgspec.msgpack.decode(msgspec.msgpack.encode(stored[:5]), type=Folded)
    again = Buckets(10)
    again.restore(older)
    assert for_reading(again, 0) == for_reading(buckets, 0)
