"""Reading for screens, against a naive oracle that keeps every sample as it came."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.query.reading import Points, buckets_from, buckets_since, newest, samples_between, step_for
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series
from tests.support.histories import T0, WINDOWS, one_value_each, replica_of, samples

WIDE = msgspec.structs.replace(WINDOWS, raw_ms=10**9, raw_max=10**6, fine_ms=10**9, coarse_ms=10**9)
SEEDS = st.integers(0, 2**32)
Kept = list[tuple[int, int, float]]  # seq, time, value


def one_series(seed: int, length: int = 60) -> tuple[Replica, Series, Kept]:
    """Return a replica that forgets nothing, its only series, and the same samples in a list; some of them are late."""
    random, kept, entries = Random(seed), [], []
    spread, ahead = random.choice([0, 500, 20_000]), random.choice([0, 0, 900])
    grid_ms = random.choice([1, 1, 100])
    for seq in range(1, length + 1):
        now = T0 + seq * 400
        rows = [
            ("a", (now + random.randint(-spread, ahead)) // grid_ms * grid_ms, random.randint(-20, 20) / 4)
            for _ in range(random.choice([0, 1, 1, 7]))
        ]
        kept += [(seq, t, v) for _, t, v in rows]
        entries.append(samples(seq, now, rows or [("b", now, 0.0)]))
    entries.append(samples(length + 1, T0 + 10**6, [("a", T0, 1.0)]))
    kept.append((length + 1, T0, 1.0))
    replica = replica_of(entries, WIDE)
    return replica, replica.table.by_text["a"], one_value_each(kept)


@settings(max_examples=60)
@given(SEEDS)
def test_the_newest_is_the_last_that_came_of_the_latest_time(seed: int) -> None:
    _, series, kept = one_series(seed)
    _, _, t, value = max((t, i, t, value) for i, (_, t, value) in enumerate(kept))
    assert newest(series) == (t, value)


def test_the_newest_is_not_from_the_future_while_there_are_others() -> None:
    replica = replica_of([samples(1, T0, [("a", T0 + 60_000, 9.0)])], WIDE)
    series = replica.table.by_text["a"]
    assert newest(series) == (T0 + 60_000, 9.0)
    replica.apply(samples(2, T0 + 1, [("a", T0 - 5, 1.0)]))
    assert newest(series) == (T0 - 5, 1.0)
    replica.apply(samples(3, T0 + 70_000, [("a", T0 + 65_000, 2.0)]))
    assert newest(series) == (T0 + 65_000, 2.0)


@settings(max_examples=60)
@given(SEEDS, st.integers(-1, 70), st.integers(-1, 70), st.integers(-5_000, 30_000))
def test_samples_between_are_all_and_only_those_ordered_by_time(seed: int, after: int, until: int, offset: int) -> None:
    _, series, kept = one_series(seed)
    from_ms = T0 + offset
    got = samples_between(series, after, until, 10**9, from_ms)
    wanted = sorted((t, i) for i, (seq, t, _) in enumerate(kept) if after < seq <= until and t >= from_ms)
    if after >= until:
        wanted = []
    assert got.times == [t for t, _ in wanted]
    assert got.values == [kept[i][2] for _, i in wanted]
    assert got.of == len(wanted)


@settings(max_examples=60)
@given(SEEDS, st.integers(4, 120))
def test_fewer_points_keep_first_last_least_and_greatest(seed: int, limit: int) -> None:
    _, series, kept = one_series(seed)
    whole = samples_between(series, -1, 10**9, 10**9)
    got = samples_between(series, -1, 10**9, limit)
    assert got.of == len(kept)
    if len(kept) <= limit:
        assert got == whole
        return
    assert len(got.times) <= limit
    assert got.times == sorted(got.times)
    assert set(zip(got.times, got.values, strict=True)) <= set(zip(whole.times, whole.values, strict=True))
    assert (got.times[0], got.values[0]) == (whole.times[0], whole.values[0])
    assert (got.times[-1], got.values[-1]) == (whole.times[-1], whole.values[-1])
    assert (min(got.values), max(got.values)) == (min(whole.values), max(whole.values))


def naive_buckets(kept: Kept, step: int) -> dict[int, tuple[float, float, float]]:
    held: dict[int, list[float]] = {}
    for _, t, v in kept:
        held.setdefault(t - t % step, []).append(v)
    return {t: (min(vs), sum(vs) / len(vs), max(vs)) for t, vs in sorted(held.items())}


@settings(max_examples=60)
@given(SEEDS, st.sampled_from([1_000, 5_000]), st.integers(-21_000, 26_000), st.integers(1, 62))
def test_buckets_agree_with_the_oracle_at_every_moment(seed: int, step: int, offset: int, length: int) -> None:
    _, series, kept = one_series(seed, length)
    from_ms = T0 + offset
    got = buckets_from(series, step, from_ms, WIDE)
    wanted = {t: row for t, row in naive_buckets(kept, step).items() if t >= from_ms}
    assert got.times == list(wanted)
    assert list(zip(got.mins, got.means, got.maxs, strict=True)) == list(wanted.values())


@settings(max_examples=60)
@given(SEEDS, st.sampled_from([1_000, 5_000]), st.integers(0, 62))
def test_buckets_since_are_those_that_were_touched(seed: int, step: int, after: int) -> None:
    _, series, kept = one_series(seed)
    got = buckets_since(series, step, after, 0, WIDE)
    touched = {t - t % step for seq, t, _ in kept if seq > after}
    wanted = {t: row for t, row in naive_buckets(kept, step).items() if t in touched}
    assert got.times == list(wanted)
    assert list(zip(got.mins, got.means, got.maxs, strict=True)) == list(wanted.values())


def test_buckets_since_are_only_those_that_were_touched() -> None:
    entries = [samples(1, T0 + 9_000, [("a", T0 + s * 1_000, 1.0) for s in range(3)])]
    entries.append(samples(2, T0 + 9_000, [("a", T0, 2.0), ("a", T0 + 2_000, 2.0)]))
    series = replica_of(entries, WIDE).table.by_text["a"]
    assert buckets_since(series, 1_000, 1, T0 + 1_000, WIDE).times == [T0 + 2_000]


def test_the_mean_of_huge_values_lies_between_the_least_and_the_greatest() -> None:
    series = replica_of([samples(1, T0, [("a", T0, 1.5e308), ("a", T0 + 1, 1.7e308)])], WIDE).table.by_text["a"]
    got = buckets_from(series, 1_000, T0, WIDE)
    assert got.mins[0] <= got.means[0] <= got.maxs[0]


def test_a_late_sample_finds_its_bucket() -> None:
    entries = [samples(n, T0 + n * 1_000, [("a", T0 + n * 1_000, float(n))]) for n in range(10)]
    entries.append(samples(11, T0 + 10_000, [("a", T0 + 3_999, -50.0)]))
    series = replica_of(entries, WIDE).table.by_text["a"]
    got = buckets_from(series, 1_000, T0 + 3_000, WIDE)
    assert (got.times[0], got.mins[0], got.means[0], got.maxs[0]) == (T0 + 3_000, -50.0, -23.5, 3.0)
    assert buckets_since(series, 1_000, 10, 0, WIDE).times == [T0 + 3_000]


def test_windows_are_read_at_the_finest_step_that_covers_them() -> None:
    steps = [step_for(ms, WINDOWS) for ms in (1, 60_000, 60_001, 120_000, 120_001, 10**9)]
    assert steps == [0, 0, 1_000, 1_000, 5_000, 5_000]


def test_a_series_without_samples_reads_as_empty() -> None:
    series = Series(1, replica_of([samples(1, T0, [("a", T0, 1.0)])]).table.by_text["a"].key, WINDOWS, 1)
    assert samples_between(series, -1, 9, 50) == Points([], [], 0)
    assert buckets_from(series, 1_000, 0, WINDOWS).times == []
    assert buckets_since(series, 1_000, 0, 0, WINDOWS).times == []
