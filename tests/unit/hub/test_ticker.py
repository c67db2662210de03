from __future__ import annotations

import pytest

from dashboard.domain.position import Seen
from tests.support.histories import EPOCH
from tests.support.hubs import Source, Viewer, connect, hub_of
from tests.support.nodes import at_work, until
from tests.unit.hub.test_fanout import SPEC

QUICK = SPEC._replace(rate_hz=30.0)


@pytest.mark.gen_test
async def test_a_view_moves_on_at_its_rate_as_long_as_somebody_watches_it() -> None:
    source = Source()
    source.feed("a")
    parts = hub_of(source)
    viewer = Viewer()
    connection = connect(viewer)
    async with at_work(parts.ticker.run):
        subscription = parts.ticker.join(connection, QUICK)
        for number in range(1, 4):
            source.feed("a", t_ms=source.of_all.now_ms + 100)
            await until(lambda number=number: len(viewer.told) == number)
        parts.views.leave(connection, QUICK.id)
    assert viewer.kinds() == ["frame"] * 3
    assert subscription.view.frame_no == 3


@pytest.mark.gen_test
async def test_a_viewer_that_was_skipped_is_caught_up_with_by_a_tick() -> None:
    source = Source()
    source.feed("a")
    parts = hub_of(source)
    viewer = Viewer()
    viewer.writing = True
    async with at_work(parts.ticker.run):
        subscription = parts.ticker.join(connect(viewer), QUICK)
        source.feed("a", t_ms=source.of_all.now_ms + 100)
        await until(lambda: bool(parts.views.behind(subscription.view)))
        viewer.writing = False
        await until(lambda: viewer.kinds() == ["frame"])


@pytest.mark.gen_test
async def test_a_watch_can_be_answered_when_this_process_has_got_as_far() -> None:
    source = Source()
    source.feed("a")
    parts = hub_of(source)
    view = parts.ticker.join(connect(), QUICK).view
    assert parts.ticker.is_ready(view, None)
    assert parts.ticker.is_ready(view, [Seen(EPOCH, 1)])
    assert not parts.ticker.is_ready(view, [Seen(EPOCH, 2)])
    source.is_ready = False
    assert not parts.ticker.is_ready(view, None)


@pytest.mark.gen_test
async def test_a_view_hurries_for_a_screen_that_is_a_tick_ahead() -> None:
    source = Source()
    source.feed("a")
    parts = hub_of(source)
    slow = SPEC._replace(rate_hz=0.1)
    async with at_work(parts.ticker.run):
        view = parts.ticker.join(connect(), slow).view
        source.feed("a", t_ms=source.of_all.now_ms + 100)
        ahead = [Seen(EPOCH, 2)]
        await until(lambda: parts.ticker.is_ready(view, ahead))
