"""Samples and buckets of a series in a range: over whole buckets nothing is missing and nothing counts twice."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from dashboard.domain.position import Position
from dashboard.entries.samples import encode_samples
from dashboard.journal.port import Entry
from dashboard.query.history import history_of
from dashboard.query.promql.notes import OF_BUCKETS, UNSURE_RESETS
from dashboard.query.promql.parse import parse
from dashboard.query.promql.query import instant_query
from dashboard.replica.checkpoint import capture, restore
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from tests.promql.replay import answer

#: Full minutes.
T0 = 1_700_000_040_000
RAW = Windows(raw_ms=10**9, raw_max=10**6)
SHORT = Windows(
    raw_ms=30_000, raw_max=10**6, fine_step_ms=10_000, fine_ms=150_000, coarse_step_ms=60_000, coarse_ms=10**8
)
EXACT = (
    "sum_over_time", "count_over_time", "avg_over_time", "min_over_time", "max_over_time", "last_over_time",
    "rate", "increase", "delta",
)  # fmt: skip
#: Where the buckets stand in the record of a series.
_FINE, _COARSE = 17, 18
GAPS = st.lists(st.sampled_from([250, 990, 1_000, 1_003, 9_999, 10_000, 61_000]), min_size=200, max_size=400)


def fed(gaps: list[int], values: list[float], windows: Windows, *, key: str = "x") -> Replica:
    """Return a replica with samples at these distances, each in its own entry."""
    made, t_ms = Replica(windows, Position("0123456789abcdef", 0)), T0
    for seq, gap in enumerate(gaps, 1):
        t_ms += gap
        made.apply(Entry(seq, t_ms, encode_samples([key], [t_ms], [values[seq % len(values)]])))
    return made


def value(made: Replica, text: str, at_ms: int) -> float | None:
    """Return the value of an expression that has at most one row."""
    rows = answer(made, instant_query(parse(text), at_ms)).rows
    return float(rows[0].values[0]) if rows else None


@given(GAPS, st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=31), st.integers(1, 9), st.integers(0, 40))
@settings(max_examples=25, deadline=None)
def test_over_whole_buckets_and_samples_after_them_the_values_are_those_of_all_samples(
    gaps: list[int], values: list[float], minutes: int, back: int
) -> None:
    """``back``: minutes from the newest full minute to the end of the range; 0: to the newest sample."""
    every, short = fed(gaps, values, RAW), fed(gaps, values, SHORT)
    again = restore(short.position, dict(capture(short)), SHORT)
    newest_ms = T0 + sum(gaps)
    end_ms = newest_ms - newest_ms % 60_000 - 60_000 * back - 1 if back else newest_ms
    range_ms = (end_ms + 1) % 60_000 + 60_000 * minutes
    for name in EXACT:
        text = f"{name}(x[{range_ms}ms])"
        wanted = value(every, text, end_ms)
        for made in (short, again):
            found = value(made, text, end_ms)
            assert (found is None) == (wanted is None), text
            if found is not None and wanted is not None:
                assert math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9 * 400 * 1e6), text


def test_a_bucket_of_which_some_samples_are_kept_stands_for_all_of_them() -> None:
    made = fed([1_000] * 400, [1.0], structs.replace(SHORT, raw_ms=25_000))
    series = made.table.by_text["x"]
    assert series.times[0] % 10_000
    until_ms = T0 + 400_000
    assert value(made, "count_over_time(x[10m])", until_ms) == 400
    assert value(made, "sum_over_time(x[10m])", until_ms) == 400
    found = history_of(series, T0 - 1, until_ms, SHORT)
    assert found.buckets is not None
    assert list(found.times) == sorted(set(found.times))
    assert set(found.buckets.counts.tolist()) >= {9, 10}


def test_late_samples_count_too() -> None:
    made = fed([1_000] * 300, [2.0], SHORT)
    for seq, late_ms in enumerate((5_500, 95_500, 255_500), 301):
        made.apply(Entry(seq, T0 + 300_000, encode_samples(["x"], [T0 + late_ms], [9.0])))
    assert value(made, "max_over_time(x[5m])", T0 + 299_999) == 9.0
    assert value(made, "count_over_time(x[5m])", T0 + 299_999) == 302


def test_the_last_sample_of_a_bucket_has_its_own_time() -> None:
    made = fed([1_003] * 400, [float(n) for n in range(10)], SHORT)
    every = fed([1_003] * 400, [float(n) for n in range(10)], RAW)
    for text in ("x", "timestamp(x)", "irate(x[2m])"):
        for minute in (2, 3, 5):
            at_ms = T0 + 60_000 * minute - 1
            wanted = value(every, text, at_ms)
            found = value(made, text, at_ms)
            assert found is not None
            assert (text[0] == "i") or found == wanted


def test_a_late_sample_between_others_marks_its_bucket_and_leaves_its_first_and_last() -> None:
    made = fed([1_000] * 300, [float(n) for n in range(300)], SHORT, key="x_total")
    made.apply(Entry(301, T0 + 300_000, encode_samples(["x_total"], [T0 + 95_500], [95.5])))
    assert value(made, "increase(x_total[4m])", T0 + 299_999) == pytest.approx(240, abs=1)
    made.apply(Entry(302, T0 + 301_000, encode_samples(["x_total"], [T0 + 310_000], [310.0])))
    spans = made.table.by_text["x_total"].fine.ordered(0)[1].spans
    assert (spans < 0).sum() == 1


def _remarks(made: Replica, text: str) -> list[str]:
    """Return the remarks of an answer at the end of the fifth minute."""
    return list(answer(made, instant_query(parse(text), T0 + 299_999)).notes.infos)


def test_an_answer_says_which_of_its_values_are_approximate() -> None:
    made = fed([1_000] * 300, [float(n) for n in range(300)], SHORT, key="x_total")
    exact = ("increase(x_total[4m])", "avg_over_time(x_total[4m])", "delta(x_total[4m])", "changes(x_total[10s])")
    assert [_remarks(made, text) for text in exact] == [[]] * 4
    assert _remarks(made, "quantile_over_time(0.5, x_total[4m])") == [OF_BUCKETS]
    made.apply(Entry(301, T0 + 300_000, encode_samples(["x_total"], [T0 + 95_500], [95.5])))
    made.apply(Entry(302, T0 + 310_000, encode_samples(["x_total"], [T0 + 310_000], [310.0])))
    assert _remarks(made, "rate(x_total[4m])") == [UNSURE_RESETS]
    assert [_remarks(made, text) for text in ("rate(x_total[3m])", *exact[1:3])] == [[]] * 3


@pytest.mark.parametrize(("key", "at_once"), [("x_total", 9.0), ("x", 5.5)])
def test_buckets_stored_before_their_order_was_kept_are_one_sample_each(key: str, at_once: float) -> None:
    made = fed([1_000] * 400, [float(n) for n in range(10)], SHORT, key=key)
    records = dict(capture(made))
    record = msgspec.msgpack.decode(records[f"s:{key}"])
    record[_FINE], record[_COARSE] = record[_FINE][:5], record[_COARSE][:5]
    older = restore(made.position, records | {f"s:{key}": msgspec.msgpack.encode(record)}, SHORT)
    found = history_of(older.table.by_text[key], T0, T0 + 400_000, SHORT)
    assert found.values[0] == pytest.approx(at_once, abs=1.1)
    assert value(older, f"rate({key}[3m] offset 2m)", T0 + 399_999) is not None
    assert value(older, f"max_over_time({key}[3m] offset 2m)", T0 + 399_999) == 9.0


def test_a_mean_whose_sum_overflows_is_the_middle_of_the_extremes() -> None:
    made = fed([1_000] * 400, [1.7e308], SHORT)
    assert value(made, "avg_over_time(x[3m])", T0 + 239_999) == pytest.approx(1.7e308)


def test_a_series_that_has_all_its_samples_is_read_without_its_buckets() -> None:
    made = fed([1_000] * 100, [1.0, 2.0], RAW)
    again = restore(made.position, dict(capture(made)), RAW)
    series = again.table.by_text["x"]
    found = history_of(series, T0 - 10**6, T0 + 10**6, RAW)
    assert (len(found.times), found.buckets) == (100, None)
    assert series.fine.is_folded  # its buckets were not opened
