"""Small views are closed at once, large ones one by one; none reports a change after its end."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.domain.selector import parse_selector
from dashboard.hub import ended_views
from dashboard.hub.view import View, ViewSpec
from dashboard.hub.view_table import ViewTable
from tests.support.hubs import Source, connect
from tests.support.nodes import at_work, until

pytestmark = pytest.mark.gen_test


NAMES = [f"metric_{number:02}" for number in range(30)]


@pytest.fixture
def source() -> Source:
    made = Source()
    made.feed(*NAMES)
    return made


def table_of(source: Source, changed: list[View]) -> ViewTable:
    table = ViewTable(source, lambda: source.of_all.now_ms)  # type: ignore[arg-type]  # as much of it as views need
    table.subscribe(on_change=changed.append, on_behind=lambda _: None)
    return table


def spec(window_s: int) -> ViewSpec:
    return ViewSpec((parse_selector('{__name__=~"metric_.*"}'),), window_s * 1000, 10.0, 1_000)


async def test_a_small_view_is_closed_at_once(source: Source) -> None:
    table, viewer = table_of(source, []), connect()
    table.join(viewer, spec(60))
    assert table.leave(viewer, spec(60).id)
    assert not len(table.ended)
    assert not source.of_all.table.index._followed


async def test_large_views_that_end_at_once_are_closed_in_turns_of_their_own(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended_views, "_SMALL", 10)
    changed = list[View]()
    table, viewer, turn, closed_at = table_of(source, changed), connect(), 0, list[int]()
    close = View.close

    def noting(view: View) -> None:
        closed_at.append(turn)
        close(view)

    monkeypatch.setattr(View, "close", noting)
    for window_s in range(60, 65):
        table.join(viewer, spec(window_s))
    for window_s in range(60, 65):
        assert table.leave(viewer, spec(window_s).id)
    assert (len(table), len(table.ended)) == (0, 5)
    source.feed(*NAMES, t_ms=source.of_all.now_ms + 1)
    assert changed == []  # of the views that nobody watches
    table.join(viewer, spec(60))  # the same view again, beside the one that waits
    async with at_work(table.ended.run):
        while len(table.ended):
            turn += 1
            await asyncio.sleep(0)
    assert len(set(closed_at)) == 5
    source.feed(*NAMES, t_ms=source.of_all.now_ms + 2)
    assert [view.id for view in changed] == [spec(60).id]
    assert table.leave(viewer, spec(60).id)
    async with at_work(table.ended.run):
        await until(lambda: not len(table.ended))
    assert not source.of_all.table.index._followed
