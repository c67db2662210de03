"""A series has one value at one millisecond, and the last one counts: in the history, in the buckets, on screens."""

from __future__ import annotations

import time
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.position import Position
from dashboard.query.reading import buckets_from, buckets_since, newest, samples_between
from dashboard.replica.checkpoint import capture, restore
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series, Windows
from tests.support.deadline import within
from tests.support.histories import EPOCH, T0, WINDOWS, Row, history, one_value_each, replica_of, samples, state

WIDE = msgspec.structs.replace(WINDOWS, raw_ms=10**9, raw_max=10**6, fine_ms=10**9, coarse_ms=10**9)


def held(series: Series) -> list[tuple[int, float]]:
    got = samples_between(series, -1, 10**9, 10**9)
    return list(zip(got.times, got.values, strict=True))


@pytest.mark.parametrize("several", [1, 40])
def test_a_batch_that_is_sent_again_changes_nothing(several: int) -> None:
    batches = [
        [(f"s{number}", T0 + 700 * seq, float(seq + number)) for number in range(several)] for seq in range(1, 30)
    ]
    replica = replica_of([samples(seq, T0 + 700 * seq, rows) for seq, rows in enumerate(batches, 1)], WIDE)
    series = [(s.last_seq, s.last_ms, s.disorder_seq, held(s), buckets_from(s, 1_000, 0, WIDE)) for s in replica.table]
    for again, rows in enumerate([batches[-1], batches[3], batches[0], *batches], 30):
        replica.apply(samples(again, T0 + 60_000, rows))
    assert series == [
        (s.last_seq, s.last_ms, s.disorder_seq, held(s), buckets_from(s, 1_000, 0, WIDE)) for s in replica.table
    ]
    assert all(buckets_since(s, 1_000, 29, 0, WIDE).times == [] for s in replica.table)


@pytest.mark.parametrize("several", [1, 40])
def test_a_later_value_takes_the_place_of_the_earlier(several: int) -> None:
    names = [f"s{number}" for number in range(several)]
    replica = replica_of(
        [samples(seq, T0 + 700 * seq, [(name, T0 + 700 * seq, 1.0) for name in names]) for seq in range(1, 10)], WIDE
    )
    replica.apply(samples(10, T0 + 6_300, [(name, T0 + 6_300, 5.0) for name in names]))  # the newest
    replica.apply(samples(11, T0 + 6_300, [(name, T0 + 2_100, 7.0) for name in names]))  # one in a bucket
    for series in replica.table:
        assert held(series) == [(T0 + 700 * seq, {9: 5.0, 3: 7.0}.get(seq, 1.0)) for seq in range(1, 10)]
        assert newest(series) == (T0 + 6_300, 5.0)
        assert samples_between(series, 9, 11, 99).times == [T0 + 2_100, T0 + 6_300]
        fine = buckets_from(series, 1_000, 0, WIDE)
        at = fine.times.index(T0 + 2_000)
        assert (fine.mins[at], fine.means[at], fine.maxs[at]) == (1.0, 4.0, 7.0)
        assert buckets_since(series, 1_000, 10, 0, WIDE).times == [T0 + 2_000]


def test_a_spike_that_was_corrected_leaves_the_buckets() -> None:
    replica = replica_of([samples(seq, T0 + 400 * seq, [("a", T0 + 400 * seq, 1.0)]) for seq in range(1, 20)], WIDE)
    replica.apply(samples(20, T0 + 8_000, [("a", T0 + 1_200, 9_999.0)]))
    replica.apply(samples(21, T0 + 8_400, [("a", T0 + 8_400, 1.0)]))
    replica.apply(samples(22, T0 + 8_800, [("a", T0 + 1_200, 1.0)]))
    series = replica.table.by_text["a"]
    for step in (1_000, 5_000):
        assert max(buckets_from(series, step, 0, WIDE).maxs) == 1.0
    assert len(held(series)) == 20


def rows_of(random: Random, now: int) -> list[Row]:
    """Return many samples of few times, some of them in the future."""
    spread = random.choice([0, 20, 3_000])
    keys = random.choice([["a"], ["a", "b"], [f"k{n}" for n in range(20)]])
    ahead = random.choice([0, 0, 0, 2_000])
    return [
        (key, now - random.randint(0, spread) // 10 * 10 + ahead, random.randint(-8, 8) / 4)
        for _ in range(random.choice([1, 1, 2, 9]))
        for key in keys
    ]


@settings(max_examples=80)
@given(st.integers(0, 2**32))
def test_whatever_comes_again_each_time_is_held_once_with_its_last_value(seed: int) -> None:
    random, now, wanted, entries = Random(seed), T0, dict[str, list[tuple[int, int, float]]](), []
    for seq in range(1, 60):
        now += random.choice([0, 10, 10, 500, 1_200]) if random.random() < 0.97 else -3_000
        rows = rows_of(random, now)
        if entries and random.random() < 0.2:
            rows = random.choice(entries)[0]
        entries.append((rows, now))
        for key, t_ms, value in rows:
            wanted.setdefault(key, []).append((seq, t_ms, value))
    replica = replica_of([samples(seq, now, rows) for seq, (rows, now) in enumerate(entries, 1)], WIDE)
    for key, kept in wanted.items():
        series = replica.table.by_text[key]
        points = sorted((t_ms, value) for _, t_ms, value in one_value_each(kept))
        assert held(series) == points
        for step in (1_000, 5_000):
            buckets: dict[int, list[float]] = {}
            for t_ms, value in points:
                buckets.setdefault(t_ms - t_ms % step, []).append(value)
            got = buckets_from(series, step, 0, WIDE)
            assert got.times == list(buckets)
            assert list(zip(got.mins, got.means, got.maxs, strict=True)) == [
                (min(values), sum(values) / len(values), max(values)) for values in buckets.values()
            ]


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 59))
def test_a_restored_replica_finds_what_stands_at_a_time_as_the_others_do(seed: int, at: int) -> None:
    entries = history(seed, 60, damaged=False)
    whole = replica_of(entries)
    part = replica_of(entries[:at])
    again = restore(part.position, dict(capture(part)), WINDOWS)
    for entry in entries[at:]:
        again.apply(entry)
    assert state(again) == state(whole)


def test_old_samples_brought_in_late_take_bounded_time() -> None:
    """Add 2,000 old samples to a series that holds 10,000 in no order; an entry must never block the loop for 50 ms."""
    windows, random = Windows(), Random(1)
    now = T0 + 900_000
    times = [now - 80 * n for n in range(9_000)]
    replica = Replica(windows, Position(EPOCH, 0))
    for seq, start in enumerate(range(0, 9_000, 1_000), 1):
        replica.apply(samples(seq, now, [("a", t_ms, 1.0) for t_ms in times[start : start + 1_000]]))
    some = random.sample(times, 1_000)
    began = time.process_time()
    replica.apply(samples(99, now, [("a", t_ms, 1.0) for t_ms in some]))
    replica.apply(samples(100, now, [("a", t_ms + 1, 1.0) for t_ms in some]))
    within(time.process_time() - began, 0.3, "the CPU time")
    assert len(replica.table.by_text["a"].times) <= windows.raw_max + 1_001
