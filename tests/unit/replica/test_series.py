"""Memory of a series: its windows bound it, whatever is fed."""

from __future__ import annotations

from random import Random
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.position import Position
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series, Windows
from tests.support.histories import EPOCH, T0, WINDOWS, samples

#: A trim is done when so many are due, and one step may overflow by 1,000.
SLACK_RAW, SLACK_BUCKETS = 1_001, 129


def check(series: Series, now: int) -> None:
    assert len(series.times) == len(series.seqs) == len(series.values) <= WINDOWS.raw_max + SLACK_RAW
    assert list(series.seqs) == sorted(series.seqs)
    assert 0 <= series.folded <= len(series.times)
    for buckets, length in ((series.fine, WINDOWS.fine_ms), (series.coarse, WINDOWS.coarse_ms)):
        assert {len(column) for column in buckets.aggregates(-(2**62))} == {len(buckets)}
        slots = buckets.aggregates(-(2**62)).slots.tolist()
        assert sum(slot * buckets.step_ms < now - length for slot in slots) <= SLACK_BUCKETS
        assert slots == sorted(set(slots))


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.sampled_from([1, 30, 400]), st.sampled_from([0, 10, 1_500, 30_000]))
def test_memory_is_bounded_under_any_rate(seed: int, rate: int, pause_ms: int) -> None:
    random, replica, now = Random(seed), Replica(WINDOWS, Position(EPOCH, 0)), T0
    spread = random.choice([0, 2_000, 250_000])
    for seq in range(1, 40):
        now += pause_ms
        replica.apply(samples(seq, now, [("a", now - random.randint(0, spread), 1.0) for _ in range(rate)]))
        check(replica.table.by_text["a"], now)


def test_one_enormous_batch_within_one_step_is_bounded_and_counted() -> None:
    windows = msgspec.structs.replace(WINDOWS, fine_step_ms=5_000)
    replica = Replica(windows, Position(EPOCH, 0))
    replica.apply(samples(1, T0 + 5_000, [("a", T0 + n, float(n)) for n in range(5_000)]))
    series = replica.table.by_text["a"]
    assert len(series.times) <= windows.raw_max + SLACK_RAW
    replica.apply(samples(2, T0 + 6_000, [("a", T0 + 6_000, 0.0)]))
    fine, coarse = series.fine.aggregates(0), series.coarse.aggregates(0)
    assert (fine.counts[0], fine.mins[0], fine.maxs[0], coarse.counts[0]) == (5_000, 0.0, 4_999.0, 5_000)
    assert series.values[-2] == 4_999.0
    assert series.thinned_seq == 1


def test_raw_samples_leave_with_their_window_and_stay_in_the_buckets() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    for n in range(1, 301):
        replica.apply(samples(n, T0 + n * 1_000, [("a", T0 + n * 1_000, float(n))]))
    series = replica.table.by_text["a"]
    now = T0 + 300_000
    held = [t for t in series.times if t >= now - WINDOWS.raw_ms]
    assert held == [T0 + n * 1_000 for n in range(240, 301)]
    assert len(series.times) - len(held) < 64
    assert series.trimmed_seq == series.seqs[0] - 1
    assert sum(series.coarse.aggregates(0).counts) + (len(series.times) - series.folded) == 300
    check(series, now)


def test_the_newest_time_is_never_later_than_the_journals() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    replica.apply(samples(1, T0, [("a", T0 + 3_000_000, 1.0)]))
    assert replica.table.by_text["a"].last_ms == T0
    replica.apply(samples(2, T0 + 5, [("a", T0 - 100, 1.0)]))
    assert replica.table.by_text["a"].last_ms == T0
    replica.apply(samples(3, T0 + 10, [("a", T0 + 7, 1.0)]))
    assert replica.table.by_text["a"].last_ms == T0 + 7


def test_the_cadence_is_learned_until_it_is_declared() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    for n in range(1, 10):
        replica.apply(samples(n, T0 + n * 2_000, [("a", T0 + n * 2_000, 1.0)]))
    series = replica.table.by_text["a"]
    assert (series.every_s, series.every_s_declared) == (2.0, False)
    learned_at = series.meta_seq
    assert learned_at < 9
    replica.apply(samples(10, T0 + 20_000, [("a", T0 + 20_000, 1.0)], [(0, "B", 30.0)]))
    assert (series.every_s, series.every_s_declared, series.unit, series.meta_seq) == (30.0, True, "B", 10)
    replica.apply(samples(11, T0 + 22_000, [("a", T0 + 22_000, 1.0)], [(0, "B", 30.0)]))
    assert (series.every_s, series.meta_seq) == (30.0, 10)


@pytest.mark.parametrize("every", [1, 2_000])
def test_future_samples_do_not_break_the_window(every: int) -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    replica.apply(samples(1, T0, [("a", T0 + 3_600_000, 1.0)]))
    for n in range(2, 400):
        replica.apply(samples(n, T0 + n * every, [("a", T0 + n * every, 1.0)]))
    check(replica.table.by_text["a"], T0 + 400 * every)


@pytest.mark.parametrize(
    ("before_s", "times", "after_s"),
    [(1, 6, 300), (1, 4, 60), (1, 6, 5), (30, 8, 600), (600, 8, 30), (0.1, 40, 1), (10, 9, 240), (2, 30, 1)],
)
def test_the_cadence_is_learnt_anew_when_it_changes(before_s: float, times: int, after_s: float) -> None:
    replica, now = Replica(Windows(), Position(EPOCH, 0)), T0
    for seq in range(1, times + 40):
        replica.apply(samples(seq, now, [("a", now, 1.0)]))
        now += int(1000 * (before_s if seq < times else after_s))
    every_s = replica.table.by_text["a"].every_s
    assert every_s is not None
    assert 0.7 * after_s <= every_s <= 1.3 * after_s


@pytest.mark.parametrize("several", [1, 70])
def test_a_clock_that_was_set_back_leaves_nothing_dead(several: int) -> None:
    replica, now = Replica(Windows(), Position(EPOCH, 0)), T0 + 7_200_000
    names = [f"s{number}" for number in range(several)]
    for seq in range(1, 100):
        now = now + 1_000 if seq != 50 else T0
        replica.apply(samples(seq, now, [(name, now, 1.0) for name in names]))
        assert {series.last_ms for series in replica.table} == {now}


@given(
    st.lists(
        st.sampled_from([12_000, 15_000, 14_000, 16_000, 17_900, 18_100, 22_000, 25_000, 30_000, -40_000, 45_000]),
        max_size=40,
    ),
    st.integers(0, 3),
)
def test_a_cadence_that_is_not_learned_again_is_the_one_that_would_be_learned(gaps: list[int], repeat: int) -> None:
    replica, reference = Replica(Windows(), Position(EPOCH, 0)), Replica(Windows(), Position(EPOCH, 0))
    t_ms = now_ms = T0
    for seq, gap in enumerate([15_000] * repeat * 5 + gaps, 1):
        t_ms += gap
        now_ms = max(now_ms, t_ms)
        entry = samples(seq, now_ms, [("a", t_ms, 1.0)])
        replica.apply(entry)
        with patch.object(Series, "_keeps_time", return_value=False):
            reference.apply(entry)
        ours, theirs = replica.table.by_text["a"], reference.table.by_text["a"]
        assert (ours.every_s, ours.meta_seq) == (theirs.every_s, theirs.meta_seq)
