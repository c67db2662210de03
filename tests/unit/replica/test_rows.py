from __future__ import annotations

from array import array
from typing import cast
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.position import Position
from dashboard.replica.raw_samples import RawSamples
from dashboard.replica.replica import Replica
from dashboard.replica.rows import Rows
from dashboard.replica.series import Series
from tests.support.histories import EPOCH, T0, WINDOWS, samples


class Columned(RawSamples):
    """Series with only what rows fill: its columns."""

    def rows(self) -> list[tuple[int, int, float]]:
        return list(zip(self.seqs, self.times, self.values, strict=True))


def made(count: int, pattern: list[int] | None = None) -> tuple[list[Columned], Rows]:
    each = [Columned() for _ in range(count)]
    order = each if pattern is None else [each[place] for place in pattern]
    return each, Rows(cast("tuple[Series, ...]", tuple(order)), lambda _, __: None)


def test_an_entry_is_sorted_into_the_columns_of_its_series() -> None:
    (a, b), rows = made(2)
    rows.append(1, 100, array("d", [1.0, 2.0]))
    rows.append(2, array("q", [200, 201]), array("d", [3.0, 4.0]))
    assert a.rows() == [(1, 100, 1.0), (2, 200, 3.0)]
    assert b.rows() == [(1, 100, 2.0), (2, 201, 4.0)]


def test_an_entry_of_few_series_does_not_wait() -> None:
    (a, _), rows = made(2)
    rows.hold(1, 100, array("d", [1.0, 2.0]))
    assert a.rows() == [(1, 100, 1.0)]


@pytest.mark.parametrize("entries", [1, 3])
def test_entries_of_many_series_wait_until_somebody_looks(entries: int) -> None:
    each, rows = made(20)
    for seq in range(1, entries + 1):
        times: int | array[int] = 100 * seq if seq % 2 else array("q", range(100 * seq, 100 * seq + 20))
        rows.hold(seq, times, array("d", range(20)))
    assert all(not series.rows() for series in each)
    rows.flush()
    rows.flush()
    for place, series in enumerate(each):
        assert series.rows() == [
            (seq, 100 * seq + (0 if seq % 2 else place), float(place)) for seq in range(1, entries + 1)
        ]


def test_not_without_end_many_entries_wait() -> None:
    each, rows = made(20)
    for seq in range(1, 201):
        rows.hold(seq, seq, array("d", [0.0] * 20))
    assert len(each[0].rows()) > 100


def test_a_long_list_of_the_same_series_again_and_again_is_cut_where_it_begins_anew() -> None:
    _, rows = made(70, [*range(70), *range(70)])
    assert (rows.repeats, rows.alike) == (True, True)
    assert [cut for cut, _ in rows.parts] == [slice(0, 70), slice(70, 140)]
    assert not any(part.repeats for _, part in rows.parts)


def test_a_list_with_repetitions_close_together_is_not_cut() -> None:
    _, rows = made(2, [0, 1, 0, 0])
    assert (rows.repeats, rows.parts) == (True, ())
    assert not made(3)[1].repeats


NAMES = [f"a{number}" for number in range(20)]
#: Milliseconds between entries: equal, later, earlier, into another step of the buckets, and far into the future.
GAPS = st.one_of(st.just(5), st.just(50), st.sampled_from([0, 1, 1_000, 4_000, -3, -300, -20_000, 61_000, 7_200_000]))
#: Rows of an entry, and whether they are read at once: while nothing is read, entries wait.
FORMS = st.one_of(*map(st.just, ("all", "all", "spread", "all, read", "one, read", "one")))


@settings(max_examples=60)
@given(st.lists(st.tuples(GAPS, FORMS, st.integers(0, 19)), min_size=5, max_size=60))
def test_series_are_the_same_whether_each_entry_looks_at_them_or_not(steps: list[tuple[int, str, int]]) -> None:
    """Entries of one list, of one series between them, and reading between them."""
    replica, reference = Replica(WINDOWS, Position(EPOCH, 0)), Replica(WINDOWS, Position(EPOCH, 0))
    t_ms = now_ms = T0
    for seq, (gap, form, place) in enumerate(steps, 1):
        t_ms += gap
        now_ms = max(now_ms, min(t_ms, now_ms + 60_000))
        names = [NAMES[place]] if form.startswith("one") else NAMES
        spread = 7 if form == "spread" else 0
        entry = samples(seq, now_ms, [(name, t_ms + spread * n, float(seq)) for n, name in enumerate(names)])
        replica.apply(entry)
        with patch.object(Rows, "hold_next", return_value=False):
            reference.apply(entry)
        if form.endswith("read"):
            assert seen(replica, NAMES[place]) == seen(reference, NAMES[place])
    assert [seen(replica, name) for name in NAMES] == [seen(reference, name) for name in NAMES]


def seen(replica: Replica, name: str) -> object:
    """Return what a series shows to its readers."""
    series = replica.table.by_text.get(name)
    if series is None:
        return None
    read = series.last_seq, series.last_ms, *(column.tolist() for column in series.columns)
    return *read, series.every_s, series.slot_ms, series.disorder_seq, *map(repr, series.fine.aggregates(0))
