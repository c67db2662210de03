from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.replica import columns as for_screens
from dashboard.replica.buckets import Buckets
from dashboard.replica.folding import fold
from dashboard.replica.sample_order import run_of

MERGES = st.lists(st.tuples(st.integers(-30, 30), st.lists(st.integers(-9, 9), min_size=1, max_size=4)), max_size=40)


def filled(merges: list[tuple[int, list[int]]]) -> Buckets:
    buckets = Buckets(10)
    for slot, values in merges:
        merge(buckets, slot, [float(value) for value in values])
    return buckets


def for_reading(buckets: Buckets, from_slot: int) -> for_screens.Columns:
    return for_screens.columns_of(buckets.aggregates(from_slot), buckets.step_ms)


def merge(buckets: Buckets, slot: int, values: list[float], offset: int = 0) -> None:
    """Add values that follow each other by a millisecond; ``offset``: of the first one in the bucket of 10 ms."""
    start = slot * 10 + offset
    buckets.merge(slot, run_of(range(start, start + len(values)), values))


def columns_of(buckets: Buckets) -> list[bytes]:
    """Return all columns; they are compared to the bit."""
    return [column.tobytes() for columns in buckets.ordered(-1_000) for column in columns]


@settings(max_examples=100)
@given(MERGES, st.integers(-40, 40), st.randoms(use_true_random=False))
def test_buckets_agree_with_a_naive_oracle_in_any_order_of_arrival(
    merges: list[tuple[int, list[int]]], from_slot: int, random: object
) -> None:
    held: dict[int, list[int]] = {}
    for slot, values in merges:
        held.setdefault(slot, []).extend(values)
    shuffled = list(merges)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' Random
    wanted = sorted(slot for slot in held if slot >= from_slot)
    for buckets in (filled(merges), filled(shuffled)):
        got = for_reading(buckets, from_slot)
        assert got.times == [slot * 10 for slot in wanted]
        assert got.mins == [min(held[slot]) for slot in wanted]
        assert got.maxs == [max(held[slot]) for slot in wanted]
        assert got.means == [sum(held[slot]) / len(held[slot]) for slot in wanted]
        assert len(buckets) == len(held)


@settings(max_examples=50)
@given(st.integers(0, 200), st.integers(0, 220))
def test_trimming_takes_only_what_is_before_and_leaves_few_of_it(count: int, before: int) -> None:
    buckets = filled([(slot, [1]) for slot in range(count)])
    buckets.trim(before)
    kept = [t // 10 for t in for_reading(buckets, -1).times]
    assert [slot for slot in kept if slot >= before] == list(range(before, count))
    assert sum(slot < before for slot in kept) < 64


def _apply(buckets: Buckets, step: tuple[str, int], value: float) -> Buckets:
    what, slot = step
    offset = int(4 * value) % 9
    if what == "add":
        buckets.add(slot, slot * 10 + offset, value)
    elif what == "merge":
        merge(buckets, slot, [value + 1, value], offset)
    elif what == "trim":
        buckets.trim(slot)
    elif what == "withdraw":
        buckets.withdraw(slot, value, None)
    else:
        again = Buckets(10, buckets.small, buckets.large)
        again._pack_at = buckets._pack_at
        again.restore(fold(buckets.raw()))
        if what == "repack" and buckets._pack_at < _OPEN:
            again.repack()
        return again
    return buckets


_OPEN = 10**9


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(9, 16), st.sampled_from([0, 50, 95, 100]))
def test_packed_buckets_are_those_that_were_never_packed(seed: int, pack_at: int, single: int) -> None:
    """Buckets are the same after any late merges, withdrawals, trims, captures and restores: the replicas of all
    processes must be equal.

    ``single``: percentage of buckets that begin with one sample.
    """
    random, slot = Random(seed), 0
    packed, unpacked = Buckets(10, 8, 32), Buckets(10, 8, 32)
    packed._pack_at, unpacked._pack_at = pack_at, _OPEN
    for _ in range(250):
        what = random.choices(["new", "late", "trim", "withdraw", "restore", "repack"], [70, 8, 17, 2, 1, 2])[0]
        slot += random.choice([1, 1, 1, 2, 5]) * (what == "new")
        at = slot - {"late": random.randint(0, 150), "trim": random.randint(20, 120)}.get(what, 0)
        kind = "add" if random.randrange(100) < single else "merge"
        step = (kind if what in ("new", "late") else what, at - random.randint(0, 60) * (what == "withdraw"))
        value = random.randint(0, 99) / 4
        packed, unpacked = (_apply(buckets, step, value) for buckets in (packed, unpacked))
        assert len(packed) == len(unpacked)
        assert not len(packed) or packed.first_slot == unpacked.first_slot
    assert columns_of(packed) == columns_of(unpacked)
    assert all(np.array_equal(*pair) for pair in zip(packed.aggregates(-1_000), packed.ordered(-1_000)[0], strict=True))
    assert for_reading(packed, slot - 40) == for_reading(unpacked, slot - 40)
    assert fold(packed.raw()) == fold(unpacked.raw())


def test_only_buckets_of_one_sample_share_their_columns() -> None:
    buckets = Buckets(10, 8, 32)
    for slot in range(9):
        buckets.add(slot, slot * 10, slot / 4)
    assert buckets._maxs is buckets._mins is buckets._sums
    merge(buckets, 9, [-1.0, 1.0, -1.0])
    columns = for_reading(buckets, 0)
    assert columns.means == [*(slot / 4 for slot in range(9)), -1 / 3]
    assert columns.maxs[-2:] == [2.0, 1]


def test_after_a_late_sample_the_history_is_packed_again() -> None:
    buckets = Buckets(10, 8, 32)
    for slot in range(10, 500):
        buckets.add(slot, slot * 10, float(slot))
    merge(buckets, 9, [1.0])
    assert sum(chunk.rows for chunk in buckets._chunks) == 0
    for slot in range(500, 540):
        buckets.add(slot, slot * 10, float(slot))
    assert (len(buckets), len(buckets._slots) <= 16) == (531, True)
