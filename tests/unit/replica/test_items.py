"""Lists of the newest items: all replicas make the same list of the same entries."""

from __future__ import annotations

import json

import pytest

from dashboard.domain.position import Position
from dashboard.entries.documents import ItemsListed
from dashboard.entries.metrics import encode_change
from dashboard.entries.samples import SeriesEnded
from dashboard.journal.port import Entry
from dashboard.replica.items import with_items
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from tests.support.histories import T0, replica_of, samples


def item(key: str, value: int = 0) -> tuple[str, bytes]:
    return key, json.dumps({"id": key, "value": value}).encode()


def ids(body: bytes) -> list[str]:
    return [each["id"] for each in json.loads(body)["items"]]


def listed(*keys: str, most: int = 3, max_bytes: int = 10_000) -> ItemsListed:
    return ItemsListed("events", tuple(item(key) for key in keys), most, max_bytes)


def test_the_last_comes_first_and_the_oldest_leave() -> None:
    body = with_items(b"", listed("a", "b"))
    assert ids(body) == ["b", "a"]
    body = with_items(body, listed("c", "d"))
    assert ids(body) == ["d", "c", "b"]


def test_an_item_replaces_the_one_of_its_id() -> None:
    body = with_items(b"", listed("a", "b"))
    body = with_items(body, ItemsListed("events", (item("a", 7),), 3, 10_000))
    assert json.loads(body)["items"] == [{"id": "a", "value": 7}, {"id": "b", "value": 0}]


def test_a_list_keeps_to_its_bytes_and_a_foreign_document_is_replaced() -> None:
    body = with_items(b'{"text":"mine"}', listed("a", "b", "c", max_bytes=60))
    assert ids(body) == ["c", "b"]
    assert ids(with_items(b"[1]", listed("a"))) == ["a"]


def check(name: str, state: str, said: int = 0, of: str = "") -> tuple[str, bytes]:
    key = f"{of}{said}" if of else name
    return key, json.dumps({"id": key, "of": of, "kind": "check", "state": state, "value": said}).encode()


def states(body: bytes) -> list[tuple[str, str]]:
    return [(each["id"], each["state"]) for each in json.loads(body)["items"]]


def checked(*items: tuple[str, bytes], most: int = 3, ok_leaves: bool = True) -> ItemsListed:
    return ItemsListed("alerts", items, most, 10_000, ok_leaves)


def test_a_check_that_says_what_it_said_changes_nothing() -> None:
    body = with_items(b"", checked(check("db", "critical", 1), check("web", "critical", 1)))
    assert with_items(body, checked(check("db", "critical", 2), check("new", "ok"))) is body
    assert states(with_items(body, checked(check("db", "ok", 2), check("db", "critical", 3)))) == [
        ("db", "critical"),
        ("web", "critical"),
    ]
    assert states(with_items(body, checked(check("db", "ok", 2), check("db", "ok", 3)))) == [
        ("db", "ok"),
        ("web", "critical"),
    ]


def test_of_events_a_check_is_known_by_whose_state_it_tells() -> None:
    body = with_items(b"", checked(check("", "critical", 1, of="db"), ok_leaves=False))
    assert with_items(body, checked(check("", "critical", 2, of="db"), ok_leaves=False)) is body
    body = with_items(body, checked(check("", "ok", 3, of="db"), ok_leaves=False))
    assert states(body) == [("db3", "ok"), ("db1", "critical")]
    assert with_items(body, checked(check("", "ok", 4, of="db"), ok_leaves=False)) is body


def test_what_a_check_said_is_known_although_other_items_have_pushed_it_out() -> None:
    body = with_items(b"", checked(check("", "critical", 1, of="db"), ok_leaves=False))
    body = with_items(body, listed(*"abcdef"))
    assert ids(body) == ["f", "e", "d"]
    assert with_items(body, checked(check("", "critical", 2, of="db"), ok_leaves=False)) is body
    body = with_items(body, checked(check("", "ok", 3, of="db"), ok_leaves=False))
    assert (ids(body)[0], json.loads(body).get("states")) == ("db3", None)


@pytest.mark.parametrize(
    "item_", [b"5", b'{"id":1}', b'{"id":"x","state":3}', b'{"kind":"check","state":[1]}', b"null"]
)
def test_items_of_others_are_kept_as_they_are(item_: bytes) -> None:
    before = b'{"items":[' + item_ + b',{"id":"a"}],"states":{"x":1}}'
    after = json.loads(with_items(before, listed("b", most=9)))["items"]
    assert after == [json.loads(item("b")[1]), json.loads(item_), {"id": "a"}]
    added = json.loads(with_items(b"", ItemsListed("events", (("n", item_),), 9, 10_000)))["items"]
    assert added == [json.loads(item_)]
    again = with_items(b'{"items":[],"states":7}', listed("b"))
    assert ids(again) == ["b"]


def test_an_item_that_is_there_stays_where_it_is() -> None:
    body = with_items(b"", listed("a", "b"))
    assert with_items(body, listed("a")) is body


def test_what_is_ok_leaves_first_where_states_are_listed() -> None:
    names = [("fires", "critical"), ("a", "warning"), ("a", "ok"), ("b", "warning"), ("b", "ok"), ("c", "warning")]
    changes = [check(name, state, number) for number, (name, state) in enumerate(names)]
    body = b""
    for change in changes:
        body = with_items(body, checked(change))
    assert states(body) == [("c", "warning"), ("b", "ok"), ("fires", "critical")]
    assert states(with_items(b"", checked(*changes, ok_leaves=False))) == [("c", "warning"), ("b", "ok"), ("a", "ok")]


def test_a_replica_passes_over_what_is_no_news() -> None:
    replica = Replica(Windows(), Position("0" * 16, 0))
    for seq, state in enumerate(("ok", "critical", "critical"), 1):
        replica.apply(Entry(seq, T0 + seq, encode_change(checked(check("db", state, seq)))))
    stored = replica.documents["alerts"]
    assert stored.document is not None
    assert (stored.seq, stored.document.t_ms, states(stored.document.body)) == (2, T0 + 2, [("db", "critical")])


def test_a_replica_adds_in_the_order_of_the_journal_and_once() -> None:
    replica = Replica(Windows(), Position("0" * 16, 0))
    for seq, key in enumerate("abc", 1):
        entry = Entry(seq, T0 + seq, encode_change(listed(key)))
        replica.apply(entry)
        replica.apply(entry)  # as after a checkpoint that holds it already
    stored = replica.documents["events"]
    assert stored.document is not None
    assert (stored.seq, ids(stored.document.body), replica.broken) == (3, ["c", "b", "a"], 0)


def test_a_series_that_ended_lives_again_with_its_next_sample() -> None:
    replica = replica_of([samples(1, T0, [("a", T0, 1.0)])])
    replica.apply(Entry(2, T0 + 1_000, encode_change(SeriesEnded(b"a\nunknown"))))
    (series,) = replica.table
    assert (series.is_ended, series.meta_seq) == (True, 2)
    replica.apply(samples(3, T0 + 2_000, [("a", T0 + 2_000, 2.0)]))
    assert not series.is_ended


def test_an_end_counts_from_its_own_time_and_not_before_what_came() -> None:
    replica = replica_of([samples(1, T0 + 9_000, [("a", T0, 1.0)])])
    (series,) = replica.table
    replica.apply(Entry(2, T0 + 9_000, encode_change(SeriesEnded(b"unknown\na", (T0, T0 + 5_000)))))
    assert (series.is_ended, series.ended_ms) == (True, T0 + 5_000)
    replica.apply(samples(3, T0 + 9_100, [("a", T0 + 6_000, 2.0)]))  # late, but after the end
    assert not series.is_ended
    replica.apply(Entry(4, T0 + 9_200, encode_change(SeriesEnded(b"a", (T0 + 5_500,)))))
    assert not series.is_ended


def test_an_end_without_a_time_is_by_the_order_of_the_journal_and_not_by_clocks() -> None:
    replica = replica_of([samples(1, T0, [("a", T0, 1.0)])])
    (series,) = replica.table
    replica.apply(Entry(2, T0 + 100, encode_change(SeriesEnded(b"a"))))
    assert series.is_ended
    replica.apply(samples(3, T0 + 110, [("a", T0 + 40, 2.0)]))  # of a process whose clock is behind
    assert not series.is_ended


def test_an_end_by_a_clock_that_is_ahead_is_one() -> None:
    replica = replica_of([samples(1, T0, [("a", T0 + 800, 1.0)])])
    (series,) = replica.table
    replica.apply(Entry(2, T0 + 300, encode_change(SeriesEnded(b"a", (T0 + 1_300,)))))
    assert (series.is_ended, series.ended_ms) == (True, T0 + 800)
