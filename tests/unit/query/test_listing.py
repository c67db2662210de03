"""The list of series: which ones, in which order, and in what pieces."""

from __future__ import annotations

import json

import pytest

from dashboard.domain.position import Position
from dashboard.domain.selector import parse_selectors
from dashboard.query import listing
from dashboard.query.listing import SeriesList, in_order
from dashboard.replica.replica import Replica
from tests.support.histories import EPOCH, T0, WINDOWS, samples


@pytest.fixture
def replica() -> Replica:
    made = Replica(WINDOWS, Position(EPOCH, 0))
    rows = [(f"s{number:04d}", T0, float(number)) for number in reversed(range(1_200))]
    made.apply(samples(1, T0, [*rows, ('cpu{host="a"}', T0 - 3_000, 7.0)]))
    return made


def listed(replica: Replica, *selectors: str) -> list[dict[str, object]]:
    parts = list(SeriesList([replica], parse_selectors(selectors)).steps(T0 + 2_000))
    assert max(part.count(b'"series":') for part in parts) <= 500
    rows: list[dict[str, object]] = json.loads(b"[" + b"".join(parts) + b"]")
    return rows


def test_all_series_come_by_name_in_small_pieces(replica: Replica) -> None:
    names = [row["series"] for row in listed(replica)]
    assert len(names) == 1_201
    assert names == sorted(names, key=str)


def test_series_and_items_are_in_order_although_they_are_sorted_in_parts(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_SORTED_AT_ONCE", 100)
    names = [str(row["series"]) for row in listed(replica)]
    assert len(names) == 1_201
    assert names == sorted(names)
    assert in_order(names[::-1]) == names
    assert in_order([]) == []
    steps = list(SeriesList([replica], ()).steps(T0))
    assert steps.count(b"") >= 12  # a turn of the loop after each part


def test_selectors_choose_and_no_series_comes_twice(replica: Replica) -> None:
    assert [row["series"] for row in listed(replica, "s0007", '{__name__=~"s000[67]"}')] == ["s0006", "s0007"]
    assert listed(replica, "nothing") == []


def test_a_row_says_what_came_last_and_how_old_it_is(replica: Replica) -> None:
    (row,) = listed(replica, "cpu")
    assert (row["name"], row["labels"], row["last"]) == ("cpu", {"host": "a"}, {"t": T0 - 3_000, "value": 7.0})
    assert (row["age_ms"], row["ended"]) == (5_000, None)


def test_what_was_held_for_the_list_is_let_go(replica: Replica) -> None:
    made = SeriesList([replica], parse_selectors(['{__name__=~"s0.*"}']))
    before = made.cost_us()
    list(made.steps(T0))
    assert made.cost_us() == before > 0
