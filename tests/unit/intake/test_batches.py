from __future__ import annotations

import pytest

from dashboard.ingest.batch import Batch, Refusal
from dashboard.intake.batches import entries_of, have_late, pieces_of, places_of, rows_per_entry


def batch(rows: int, series: int) -> Batch:
    keys = [f"m{row % series}" for row in range(rows)]
    return Batch(keys, list(range(rows)), [float(row) for row in range(rows)])


@pytest.mark.parametrize(
    ("rows", "series", "entry"), [(10, 10, 2_000), (5_000, 1, 2_000), (5_000, 700, 1_400), (5_000, 5_000, 2_000)]
)
def test_an_entry_holds_the_same_series_or_a_multiple_of_them(rows: int, series: int, entry: int) -> None:
    assert rows_per_entry(batch(rows, series).keys) == entry


def test_a_short_batch_is_one_piece() -> None:
    whole = batch(4_000, 10)
    assert list(pieces_of(whole)) == [whole]


def test_a_long_batch_is_divided_and_nothing_of_it_is_lost() -> None:
    whole = batch(20_000, 700)
    whole.declared.extend([(5, "%", 1.0), (19_999, "ms", None)])
    whole.kinds["m3"] = "gauge"
    whole.refused.append(Refusal(0, "value", "is not a number"))
    pieces = list(pieces_of(whole))
    assert len(pieces) > 2
    assert all(len(piece.keys) <= 4_000 and len(piece.keys) % 700 == 0 for piece in pieces[:-1])
    for column in ("keys", "times", "values"):
        assert [item for piece in pieces for item in getattr(piece, column)] == getattr(whole, column)
    assert (pieces[0].declared, pieces[0].refused, pieces[1].refused) == ([(5, "%", 1.0)], whole.refused, [])
    ((row, unit, _),) = pieces[-1].declared
    assert (pieces[-1].keys[row], unit) == (whole.keys[19_999], "ms")
    assert pieces[0].kinds == {"m3": "gauge"}


def test_each_row_knows_its_place_in_the_body_around_what_was_refused() -> None:
    whole = batch(20_000, 700)
    whole.refused.extend([Refusal(0, "value", "bad"), Refusal(2, "value", "bad")])
    assert places_of(whole)[:3] == [1, 3, 4]
    places = [place for piece in pieces_of(whole) for place in places_of(piece)]
    assert places == [1, *range(3, 20_002)]


def test_a_format_that_knows_its_places_says_them() -> None:
    assert places_of(Batch(["a", "b"], [None, None], [1.0, 2.0], where=lambda: [4, 7])) == [4, 7]


def test_late_samples_come_in_shorter_entries() -> None:
    keys = batch(3_000, 700).keys
    assert [end - start for start, end in entries_of(keys, set())] == [1_400, 1_400, 200]
    assert [end - start for start, end in entries_of(keys, set(), late=True)] == [700, 700, 700, 700, 200]


def test_new_series_with_many_labels_come_in_shorter_entries() -> None:
    plain = [f"m{n}" for n in range(1_000)]
    wide = [f"w{n}{{{','.join(f'l{i:02}=' + chr(34) + 'v' + chr(34) for i in range(40))}}}" for n in range(1_000)]
    assert {end - start for start, end in entries_of(plain, set(plain))} == {400, 200}
    assert {end - start for start, end in entries_of(wide, set(wide))} == {36, 28}
    assert len(entries_of(wide[:800], set())) == 1


def test_samples_are_late_when_times_go_back_or_the_series_have_later_ones() -> None:
    keys, times = batch(3_000, 700).keys, list(range(3_000))
    assert not have_late(keys, times, lambda _: -1)
    assert have_late(keys, [*times[:-1], 5], lambda _: -1)
    assert have_late(keys, times, lambda key: 0 if key == "m0" else -1)
    assert not have_late(keys[:1_000], times[:1_000][::-1], lambda _: -1)


def test_new_series_that_many_selectors_must_be_tested_against_come_in_short_entries() -> None:
    plain = [f'a{{n="{number}"}}' for number in range(1_000)]
    spans = entries_of(plain, set(plain), units={"a": 1_000}.__getitem__)
    assert {end - start for start, end in spans} == {15, 10}
    assert spans[0][0] == 0
    assert spans[-1][1] == 1_000
