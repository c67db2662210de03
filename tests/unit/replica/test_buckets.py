from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.replica.buckets import Buckets, fold

MERGES = st.lists(st.tuples(st.integers(-30, 30), st.lists(st.integers(-9, 9), min_size=1, max_size=4)), max_size=40)


def filled(merges: list[tuple[int, list[int]]]) -> Buckets:
    buckets = Buckets(10)
    for slot, values in merges:
        buckets.merge(slot, min(values), max(values), sum(values), len(values))
    return buckets


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
        got = buckets.columns(from_slot)
        assert got.times == [slot * 10 for slot in wanted]
        assert got.mins == [min(held[slot]) for slot in wanted]
        assert got.maxs == [max(held[slot]) for slot in wanted]
        assert got.means == [sum(held[slot]) / len(held[slot]) for slot in wanted]
        assert len(buckets) == len(held)


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


@settings(max_examples=50)
@given(st.integers(0, 100), st.integers(0, 120))
def test_trimming_takes_only_what_is_before_and_leaves_few_of_it(count: int, before: int) -> None:
    buckets = filled([(slot, [1]) for slot in range(count)])
    buckets.trim(before)
    kept = [t // 10 for t in buckets.columns(-1).times]
    assert [slot for slot in kept if slot >= before] == list(range(before, count))
    assert sum(slot < before for slot in kept) < 16


def _apply(buckets: Buckets, step: tuple[str, int], value: float) -> Buckets:
    what, slot = step
    if what == "merge":
        buckets.merge(slot, value, value + 1, 2 * value, 2)
    elif what == "trim":
        buckets.trim(slot)
    elif what == "withdraw":
        buckets.withdraw(slot, value, [])
    else:
        again = Buckets(10)
        again._pack_at = buckets._pack_at
        again.restore(fold(buckets.raw()))
        if what == "repack" and buckets._pack_at < _OPEN:
            again.repack()
        return again
    return buckets


_OPEN = 10**9


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(33, 64))
def test_packed_buckets_are_those_that_were_never_packed(seed: int, pack_at: int) -> None:
    """Whatever is merged late, withdrawn, trimmed, captured and restored: the replicas of all processes hold the same."""
    random, slot = Random(seed), 0
    packed, unpacked = Buckets(10), Buckets(10)
    packed._pack_at, unpacked._pack_at = pack_at, _OPEN
    for _ in range(250):
        what = random.choices(["merge", "late", "trim", "withdraw", "restore", "repack"], [70, 8, 17, 2, 1, 2])[0]
        slot += random.choice([1, 1, 1, 2, 5]) * (what == "merge")
        at = slot - {"late": random.randint(0, 150), "trim": random.randint(20, 120)}.get(what, 0)
        step = ("merge" if what == "late" else what, at - random.randint(0, 60) * (what == "withdraw"))
        value = random.randint(0, 99) / 4
        packed, unpacked = (_apply(buckets, step, value) for buckets in (packed, unpacked))
        assert len(packed) == len(unpacked)
    assert packed._from(-1_000) == unpacked._from(-1_000)
    assert packed.columns(slot - 40) == unpacked.columns(slot - 40)
    assert fold(packed.raw()) == fold(unpacked.raw())
