from __future__ import annotations

from dashboard.domain.selector import parse_selector
from dashboard.entries.metrics import encode_change
from dashboard.entries.samples import SeriesEnded
from dashboard.journal.port import Entry
from dashboard.query.listing import LastSample, list_series
from tests.support.histories import T0, replica_of, samples


def test_series_of_all_replicas_are_listed_by_name_with_their_newest_sample() -> None:
    first = replica_of([samples(1, T0, [("b", T0 - 5, 1.0), ("b", T0, 2.0), ('c{x="1"}', T0, 3.0)])])
    second = replica_of([samples(1, T0, [("a", T0 - 1_000, 4.0)], [(0, "%", 10.0)])])
    rows = list_series([first, second], [], T0 + 500)
    assert [row.series for row in rows] == ["a", "b", 'c{x="1"}']
    a, b, c = rows
    assert (a.unit, a.every_s, a.last, a.age_ms, a.freshness) == ("%", 10.0, LastSample(T0 - 1_000, 4.0), 1_500, "live")
    assert (b.last, b.ended) == (LastSample(T0, 2.0), None)
    assert (c.name, c.labels) == ("c", {"x": "1"})


def test_a_series_is_listed_if_any_selector_matches_it() -> None:
    replica = replica_of([samples(1, T0, [(key, T0, 1.0) for key in ("a", "b", 'c{x="1"}', 'c{x="2"}')])])
    selectors = [parse_selector('c{x="2"}'), parse_selector("a")]
    assert [row.series for row in list_series([replica], selectors, T0)] == ["a", 'c{x="2"}']
    assert list_series([replica], [parse_selector("nothing")], T0) == []


def test_a_series_that_its_sender_ended_says_so() -> None:
    ended = Entry(2, T0 + 10, encode_change(SeriesEnded(b"a", (T0 + 10,))))
    (row,) = list_series([replica_of([samples(1, T0, [("a", T0, 1.0)]), ended])], [], T0 + 20)
    assert (row.ended, row.freshness) == (T0 + 10, "dead")
