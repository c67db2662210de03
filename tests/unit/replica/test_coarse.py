"""Coarse buckets: those that are made from fine buckets and those that are stored are together those of all samples."""

from __future__ import annotations

from random import Random

import msgspec
import numpy as np
import pytest

from dashboard.domain.position import Position
from dashboard.query.history import history_of
from dashboard.replica.buckets import Buckets
from dashboard.replica.checkpoint import capture, restore
from dashboard.replica.coarse import ALL_IN_FINE, ALL_STORED, CoarseBuckets, widened, widened_order
from dashboard.replica.replica import Replica
from dashboard.replica.sample_order import UNKNOWN
from dashboard.replica.series import Series
from tests.support import histories
from tests.support.histories import EPOCH, T0, one_value_each, samples

#: Where a record of a series has its coarse buckets and the seam.
_COARSE, _SEAM = 18, -1
WINDOWS = msgspec.structs.replace(histories.WINDOWS, coarse_ms=900_000)


def fed(random: Random, length: int, late: float) -> tuple[Replica, list[tuple[int, int, float]]]:
    """Return a replica and what its series got: (seq, time, value). ``late``: the share of late samples and corrections."""
    replica, now, kept = Replica(WINDOWS, Position(EPOCH, 0)), T0, list[tuple[int, int, float]]()
    for seq in range(1, length):
        now += random.choice([200, 1_000, 1_000, 4_000, 9_000])
        t_ms = now
        if random.random() < late:
            t_ms = random.choice([kept[-1][1], now - random.randint(0, 110_000)]) if kept else now
        kept.append((seq, t_ms, float(random.randint(0, 400)) / 4))
        replica.apply(samples(seq, now, [("a", *kept[-1][1:])]))
    return replica, one_value_each(kept)


def columns_of(series: Series, from_slot: int) -> dict[int, tuple[float, float, float, int]]:
    """Return (least, greatest, sum, number) by slot."""
    found = series.coarse.aggregates(from_slot)
    return {slot: tuple(rest) for slot, *rest in zip(*(column.tolist() for column in found), strict=True)}


def wanted_of(series: Series, kept: list[tuple[int, int, float]], from_slot: int) -> dict[int, object]:
    """Return what ``columns_of`` returns for these samples; those that are not in the buckets yet do not count."""
    waiting, by_slot = set(series.times[series.folded :]), dict[int, list[float]]()
    for _, t_ms, value in kept:
        if t_ms not in waiting and t_ms // WINDOWS.coarse_step_ms >= from_slot:
            by_slot.setdefault(t_ms // WINDOWS.coarse_step_ms, []).append(value)
    return {slot: (min(v), max(v), sum(v), len(v)) for slot, v in sorted(by_slot.items())}


@pytest.mark.parametrize("seed", range(6))
def test_they_are_those_of_all_samples_before_and_after_a_restart(seed: int) -> None:
    random = Random(seed)
    replica, kept = fed(random, 500, 0.0)
    series = replica.table.by_text["a"]
    from_slot = (kept[-1][1] - WINDOWS.coarse_ms) // WINDOWS.coarse_step_ms + 1
    again = restore(replica.position, dict(capture(replica)), WINDOWS).table.by_text["a"]
    for each in (series, again):
        assert each.coarse.seam > ALL_IN_FINE
        assert columns_of(each, from_slot) == wanted_of(series, kept, from_slot)
        assert each.coarse.stored is not None
        assert all(each.coarse.stored.aggregates(0).slots < each.coarse.seam)
    newest = max(wanted_of(series, kept, from_slot))
    assert columns_of(series, newest) == wanted_of(series, kept, newest)


@pytest.mark.parametrize("seed", range(6))
def test_late_samples_and_corrections_count_once(seed: int) -> None:
    replica, kept = fed(Random(seed), 400, 0.2)
    series = replica.table.by_text["a"]
    from_slot = (series.last_ms - WINDOWS.coarse_ms) // WINDOWS.coarse_step_ms + 1
    found, wanted = columns_of(series, from_slot), wanted_of(series, kept, from_slot)
    assert found.keys() == wanted.keys()
    assert [row[2:] for row in found.values()] == [row[2:] for row in wanted.values()]  # type: ignore[index]


def test_a_sample_older_than_all_fine_buckets_is_in_the_stored_ones_and_hides_none() -> None:
    replica, kept = fed(Random(1), 500, 0.0)
    series, now = replica.table.by_text["a"], kept[-1][1]
    old_ms = now - 200_000
    before = columns_of(series, 0)
    replica.apply(samples(501, now, [("a", old_ms, 500.0)]))
    replica.apply(samples(502, now + 2_000, [("a", now + 2_000, 1.0)]))
    after = columns_of(series, 0)
    slot = old_ms // WINDOWS.coarse_step_ms
    assert after[slot][1] == 500.0
    assert after[slot][3] == before[slot][3] + 1
    found = history_of(series, now - 290_000, now, WINDOWS)
    assert found.buckets is not None
    raw = len(found.times) - len(found.buckets.counts)
    inside = [t for t in range(min(before), max(before) + 1) if t * 5_000 > now - 290_000]
    assert sum(found.buckets.counts) + raw >= sum(before[t][3] for t in inside if t in before) + 1


@pytest.mark.parametrize(("length", "late"), [(60, False), (250, False), (250, True)])
def test_the_coarse_buckets_of_an_old_checkpoint_overlap_the_fine_ones_until_they_are_packed(
    length: int, late: bool
) -> None:
    replica, kept = fed(Random(2), length, 0.0)
    if late:  # its fine bucket stands alone: its neighbours were trimmed
        now = kept[-1][1]
        for seq, t_ms in ((length, now - 500_001), (length + 1, now + 2_000), (length + 2, now + 4_000)):
            kept.append((seq, t_ms, 7.0))
            replica.apply(samples(seq, max(now, t_ms), [("a", t_ms, 7.0)]))
    series = replica.table.by_text["a"]
    records = dict(capture(replica))
    record = msgspec.msgpack.decode(records["s:a"])
    every = Buckets(WINDOWS.coarse_step_ms, 32)
    waiting = set(series.times[series.folded :])
    for _, t_ms, value in kept:
        if t_ms not in waiting:
            every.add(t_ms // WINDOWS.coarse_step_ms, t_ms, value)
    wanted = {slot: tuple(rest) for slot, *rest in zip(*(each.tolist() for each in every.aggregates(0)), strict=True)}
    whole = CoarseBuckets(series.fine, WINDOWS.coarse_step_ms)
    whole.stored, whole.seam = every, ALL_STORED
    series._coarse = whole
    old = msgspec.msgpack.decode(dict(capture(replica))["s:a"])
    assert len(old[_COARSE]) == len(record[_COARSE])
    records["s:a"] = msgspec.msgpack.encode(old[:_SEAM])
    restored = restore(replica.position, records, WINDOWS)
    again = restored.table.by_text["a"]
    assert again.coarse.seam == ALL_STORED
    now = max(t for _, t, _ in kept) + 30_000
    for n, t_ms in enumerate((now, now + 1_500), 1_000):
        restored.apply(samples(n, t_ms, [("a", t_ms, 1.0)]))
    again.fine.repack()
    again.coarse.repack()
    assert again.coarse.seam < ALL_STORED
    found = columns_of(again, 0)
    assert {slot: row for slot, row in found.items() if slot < now // 5_000 - 6} == {
        slot: row for slot, row in wanted.items() if slot < now // 5_000 - 6
    }
    assert sum(row[3] for row in found.values()) == sum(1 for _ in kept) + 1


def test_order_of_wide_buckets_has_the_falls_between_the_fine_ones() -> None:
    fine = Buckets(1_000)
    for t_ms, value in ((0, 5.0), (500, 7.0), (1_200, 2.0), (4_900, 1.0), (5_000, 9.0), (5_900, 3.0)):
        fine.add(t_ms // 1_000, t_ms, value)
    columns, order = fine.ordered(0)
    wide, found = widened(columns, 5), widened_order(columns, order, 5, 1_000)
    assert (wide.slots.tolist(), wide.counts.tolist()) == ([0, 1], [4, 2])
    assert (found.firsts.tolist(), found.lasts.tolist()) == ([5.0, 9.0], [1.0, 3.0])
    assert found.resets.tolist() == [7.0 + 2.0, 9.0]
    assert (found.starts.tolist(), found.spans.tolist()) == ([0, 0], [4_900, 900])


@pytest.mark.parametrize(("mark", "wanted"), [(~500, ~4_900), (UNKNOWN, UNKNOWN)])
def test_a_fine_bucket_of_doubtful_order_makes_its_wide_bucket_doubtful(mark: int, wanted: int) -> None:
    fine = Buckets(1_000)
    for t_ms in (0, 500, 1_200, 4_900, 5_000, 5_900):
        fine.add(t_ms // 1_000, t_ms, float(t_ms))
    columns, order = fine.ordered(0)
    spans = order.spans.copy()
    spans[0] = mark
    found = widened_order(columns, order._replace(spans=spans), 5, 1_000)
    assert found.spans.tolist() == [wanted, 900]
    assert (found.firsts[0], found.lasts[0]) == (0.0, 4_900.0)
    assert np.isfinite(found.resets).all()
