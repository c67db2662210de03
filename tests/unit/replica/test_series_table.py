from __future__ import annotations

from random import Random

import msgspec
import pytest

from dashboard.domain.position import Position
from dashboard.replica import series_table
from dashboard.replica.replica import Replica
from dashboard.replica.series_table import _KNOWN_GONE, _KNOWN_LISTS, sid_of
from tests.support.histories import EPOCH, T0, WINDOWS, one_value_each, samples

SILENCE = WINDOWS.coarse_ms + 60_000


def new() -> Replica:
    return Replica(WINDOWS, Position(EPOCH, 0))


def test_a_series_number_depends_on_its_name_and_labels_only() -> None:
    one, other = new(), new()
    one.apply(samples(1, T0, [("b", T0, 1.0), ("a", T0, 1.0), ("b", T0, 1.0)]))
    other.apply(samples(9, T0, [("a", T0, 1.0), ("c", T0, 1.0)]))
    assert one.table.by_text["a"].sid == other.table.by_text["a"].sid == sid_of("a")
    assert len({s.sid for s in (*one.table, other.table.by_text["c"])}) == 3
    assert all(0 <= s.sid < 2**53 for s in one.table)


def test_two_series_never_have_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series_table, "sid_of", lambda text: 7)
    replica = new()
    replica.apply(samples(1, T0, [("a", T0, 1.0), ("b", T0, 1.0)]))
    assert [(s.sid, s.text) for s in replica.table] == [(7, "a"), (8, "b")]


def test_a_series_that_fell_silent_departs_and_is_remembered() -> None:
    replica = new()
    replica.apply(samples(1, T0, [("a", T0, 1.0), ("b", T0, 1.0)]))
    replica.apply(samples(2, T0 + 250_000, [("b", T0 + 250_000, 1.0)]))
    version = replica.table.index.version
    replica.apply(samples(3, T0 + 310_000, [("b", T0 + 310_000, 1.0)]))
    assert [s.text for s in replica.table] == ["b"]
    assert list(replica.table.gone) == [(3, sid_of("a"), "a")]
    assert replica.table.gone_floor == 0
    assert replica.table.index.version != version


def test_a_series_departs_only_after_the_longest_window() -> None:
    replica = new()
    replica.apply(samples(1, T0, [("a", T0, 1.0)]))
    replica.apply(samples(2, T0 + 100_000, [("b", T0 + 100_000, 1.0)]))
    replica.apply(samples(3, T0 + 300_000, [("b", T0 + 300_000, 1.0)]))
    assert "a" in replica.table.by_text
    replica.apply(samples(4, T0 + 359_999, [("b", T0 + 359_999, 1.0)]))
    assert "a" in replica.table.by_text  # looked at once a minute
    replica.apply(samples(5, T0 + 360_000, [("b", T0 + 360_000, 1.0)]))
    assert "a" not in replica.table.by_text


def test_a_departed_series_that_comes_back_begins_anew() -> None:
    replica = new()
    replica.apply(samples(1, T0, [("a", T0, 1.0)], [(0, "B", 5.0)]))
    later = T0 + SILENCE + 100_000
    replica.apply(samples(2, later, [("b", later, 1.0)]))
    replica.apply(samples(3, later, [("a", later, 2.0)]))  # the same list of keys as in entry 1
    series = replica.table.by_text["a"]
    assert (series.sid, series.unit, list(series.values), series.created_seq) == (sid_of("a"), "", [2.0], 3)


def test_what_is_remembered_of_departed_series_is_bounded_and_says_how_far_back() -> None:
    replica, now, seq = new(), T0, 0
    for _ in range(3):
        seq += 1
        replica.apply(samples(seq, now, [(f"s{seq}_{n}", now, 1.0) for n in range(5_000)]))
        now += SILENCE + 100_000
    seq += 1
    replica.apply(samples(seq, now, [("last", now, 1.0)]))
    assert len(replica.table.gone) == _KNOWN_GONE
    assert replica.table.gone_floor == 2
    assert replica.table.gone[0][0] == 3


def test_remembered_lists_of_keys_are_bounded_and_still_right() -> None:
    replica = new()
    for n in range(_KNOWN_LISTS * 3):
        replica.apply(samples(n + 1, T0, [(f"s{n % 300}", T0 + n, 1.0), ("a", T0 + n, 1.0)]))
        assert len(replica.table._lists) <= _KNOWN_LISTS
    assert len(replica.table.by_text["a"].times) == _KNOWN_LISTS * 3
    assert len(replica.table) == 301


@pytest.mark.parametrize("seed", range(8))
def test_entries_that_tell_of_the_same_series_several_times_are_taken_over_in_their_order(seed: int) -> None:
    """Entries repeat the same series in lists of any form, and readers look at the series in between."""
    windows = msgspec.structs.replace(WINDOWS, raw_max=1_000)
    random, replica, now = Random(seed), Replica(windows, Position(EPOCH, 0)), T0
    names = [f"s{n:03}" for n in range(90)]
    wanted: dict[str, list[tuple[int, int, float]]] = {name: [] for name in names}
    for seq in range(1, 60):
        rows = []
        for _ in range(random.choice([1, 2, 3, 5])):
            now += random.choice([0, 40, 40, 700])
            some = names if random.random() < 0.8 else random.sample(names, 80)
            rows += [(name, now, random.randint(-40, 40) / 4) for name in some]
        replica.apply(samples(seq, now, rows))
        for name, t_ms, value in rows:
            wanted[name].append((seq, t_ms, value))
        if random.random() < 0.2:
            looked_at = random.choice(names)
            series = replica.table.by_text[looked_at]
            columns = list(zip(*(column.tolist() for column in series.columns), strict=True))
            assert columns == one_value_each(wanted[looked_at])[-len(columns) :]
    for name in names:
        series = replica.table.by_text[name]
        columns = list(zip(*(column.tolist() for column in series.columns), strict=True))
        wanted[name] = one_value_each(wanted[name])
        kept = len(columns)
        assert columns == wanted[name][-kept:]
        assert kept == len(wanted[name]) or now - wanted[name][0][1] > windows.raw_ms
        assert series.last_ms == wanted[name][-1][1]
