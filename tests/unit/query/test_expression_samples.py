"""Samples, ends and buckets that replicas give to expressions."""

from __future__ import annotations

from dashboard.domain.position import Position
from dashboard.entries.metrics import encode_change
from dashboard.entries.samples import SeriesEnded, encode_samples
from dashboard.journal.port import Entry
from dashboard.query.promql.parse import parse
from dashboard.query.promql.query import instant_query
from dashboard.replica.checkpoint import capture, restore
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from tests.promql.replay import answer

T0 = 1_700_000_000_000


def replica(*rows: tuple[str, int, float], every_s: float | None = None, windows: Windows | None = None) -> Replica:
    """Return a replica with these samples (seconds after T0), each in its own entry."""
    made = Replica(windows or Windows(), Position("0123456789abcdef", 0))
    for seq, (key, second, value) in enumerate(rows, 1):
        t_ms = T0 + second * 1000
        declared = [(0, None, every_s)] if every_s else []
        made.apply(Entry(seq, t_ms, encode_samples([key], [t_ms], [value], declared)))
    return made


def values(made: Replica, text: str, second: int) -> dict[str, float]:
    """Return the values of an expression by the label ``n``."""
    rows = answer(made, instant_query(parse(text), T0 + second * 1000)).rows
    return {dict(row.labels).get("n", ""): float(row.values[0]) for row in rows}


def test_every_end_counts_and_a_later_sample_begins_again() -> None:
    made = replica(*(("x", second, float(second)) for second in range(0, 30, 10)))
    made.apply(Entry(4, T0 + 30_000, encode_change(SeriesEnded(b"x", (T0 + 25_000,)))))
    made.apply(Entry(5, T0 + 60_000, encode_samples(["x"], [T0 + 60_000], [60.0])))
    for each in (made, restore(made.position, dict(capture(made)), Windows())):
        assert values(each, "x", 24) == {"": 20.0}
        assert values(each, "x", 25) == {}
        assert values(each, "x", 59) == {}
        assert values(each, "x", 61) == {"": 60.0}
        assert values(each, "count_over_time(x[2m])", 61) == {"": 4.0}


def test_an_end_among_samples_that_came_at_once_counts_too() -> None:
    made = Replica(Windows(), Position("0123456789abcdef", 0))
    times = [T0 + second * 1000 for second in (0, 10, 40, 50)]
    made.apply(Entry(1, T0 + 50_000, encode_samples(["x"] * 4, times, [1.0, 2.0, 3.0, 4.0])))
    made.apply(Entry(2, T0 + 50_000, encode_change(SeriesEnded(b"x", (T0 + 20_000,)))))
    assert values(made, "x", 30) == {}
    assert values(made, "x", 45) == {"": 3.0}
    assert not made.table.by_text["x"].is_ended


def test_a_series_that_declares_to_be_slow_is_looked_back_for_longer() -> None:
    assert values(replica(("x", 0, 1.0), every_s=3_600), "sum(x)", 7_100) == {"": 1.0}
    assert values(replica(("x", 0, 1.0), every_s=3_600), "sum(x)", 7_300) == {}
    assert values(replica(("x", 0, 1.0)), "sum(x)", 301) == {}
    assert values(replica(("x", 0, 1.0), every_s=10), "sum(x)", 301) == {}


def test_late_samples_are_in_their_order() -> None:
    made = replica(("x", 0, 0.0), ("x", 20, 2.0), ("x", 10, 1.0), ("x", 30, 3.0))
    assert values(made, "changes(x[1m])", 40) == {"": 3.0}
    assert values(made, "x", 15) == {"": 1.0}


def test_buckets_stand_for_the_samples_that_have_gone() -> None:
    windows = Windows(raw_ms=60_000, fine_step_ms=10_000, coarse_step_ms=60_000)
    gauge = replica(*(('g{n="1"}', second, float(second % 7)) for second in range(1_200)), windows=windows)
    found = values(gauge, "avg_over_time(g[10m] offset 5m)", 1_199)
    assert abs(found["1"] - 3.0) < 0.1
    counter = replica(*(('c_total{n="1"}', second, 5.0 * second) for second in range(1_200)), windows=windows)
    assert abs(values(counter, "rate(c_total[5m] offset 10m)", 1_199)["1"] - 5) < 0.05
    assert values(counter, "c_total offset 10m", 1_199)["1"] == 5.0 * 599
    assert values(counter, "timestamp(c_total offset 10m)", 1_199)["1"] == T0 / 1000 + 599
