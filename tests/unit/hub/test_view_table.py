from __future__ import annotations

from typing import Any

import pytest

from dashboard.domain.selector import parse_selector
from dashboard.hub.view import ViewSpec
from dashboard.hub.view_table import ViewTable
from dashboard.journal.port import METRICS
from tests.support.hubs import Source, connect


class Counting(Source):
    """Replicas that count their followers."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = 0

    def want(self, selectors: Any) -> tuple[str, ...]:
        self.wanted += 1
        return super().want(selectors)

    def leave(self, partitions: Any) -> None:
        self.wanted -= 1


@pytest.fixture
def source() -> Counting:
    return Counting()


@pytest.fixture
def table(source: Counting) -> ViewTable:
    return ViewTable(source, lambda: source.of_all.now_ms)


def spec(text: str = "a") -> ViewSpec:
    return ViewSpec((parse_selector(text),), 900_000, 10.0, 1_000)


def test_a_view_begins_with_its_first_viewer_and_ends_with_its_last(table: ViewTable, source: Counting) -> None:
    one, two = connect(), connect()
    first, begins = table.join(one, spec())
    second, begins_again = table.join(two, spec())
    assert (begins, begins_again, len(table), source.wanted) == (True, False, 1, 1)
    assert first.view is second.view is table.get(spec().id)
    assert list(table.subscriptions(first.view)) == [first, second]
    assert table.leave(one, spec().id)
    assert (len(table), source.wanted) == (1, 1)
    assert table.leave(two, spec().id)
    assert (len(table), source.wanted, table.get(spec().id)) == (0, 0, None)
    assert list(table.subscriptions(first.view)) == []


def test_leaving_what_was_not_joined_is_told(table: ViewTable) -> None:
    connection = connect()
    table.join(connection, spec())
    assert table.leave(connection, spec().id)
    assert not table.leave(connection, spec().id)
    assert not table.leave(connect(), "v0")


def test_whoever_joins_again_is_subscribed_once_and_anew(table: ViewTable) -> None:
    connection = connect()
    before, _ = table.join(connection, spec())
    table.behind(before.view).add(before)
    after, begins = table.join(connection, spec())
    assert (begins, list(table.subscriptions(after.view)), before.frame_no) == (False, [after], -1)
    assert table.behind(after.view) == set()
    assert (before.is_current(), after.is_current()) == (False, True)


def test_a_view_has_caught_up_when_its_replicas_have(table: ViewTable, source: Counting) -> None:
    subscription, _ = table.join(connect(), spec())
    assert table.caught_up(subscription.view)
    source.is_ready = False
    assert not table.caught_up(subscription.view)


def test_the_viewers_of_a_replica_that_missed_entries_are_behind(table: ViewTable, source: Counting) -> None:
    told, waits = table.join(connect(), spec())[0], table.join(connect(), spec())[0]
    waits.awaits_reply = True
    generation = told.view.generation
    table.missed("metrics.7", "epoch")
    assert table.behind(told.view) == set()
    source.feed("a")
    table.missed(METRICS, "trimmed")
    assert table.behind(told.view) == {told}
    assert (told.sent, told.frame_no, told.view.gap_reason) == (None, -1, "trimmed")
    assert told.view.generation > generation
    assert waits.sent is not None
