from __future__ import annotations

import pytest

from tests.support.histories import T0
from tests.support.hubs import Source, Viewer, connect, hub_of
from tests.support.nodes import at_work, until
from tests.unit.hub.test_fanout import SPEC


@pytest.mark.gen_test
async def test_all_who_wait_for_a_view_get_the_same_snapshot_each_with_its_own_id() -> None:
    source = Source()
    source.feed("a")
    parts = hub_of(source)
    viewers = [Viewer(), Viewer()]
    for number, viewer in enumerate(viewers):
        subscription, _ = parts.views.join(connect(viewer), SPEC)
        parts.snapshots.request(subscription, number, b'{"title":"Wall"}' if number else None)
        assert (subscription.frame_no, subscription.awaits_snapshot) == (-1, True)
    async with at_work(parts.snapshots.run):
        await until(lambda: all(viewer.told for viewer in viewers))
    first, second = (viewer.told[0] for viewer in viewers)
    assert (first.pop("id"), second.pop("id"), second.pop("board")) == (0, 1, {"title": "Wall"})
    assert first == second
    assert first["series"][0]["t"] == [T0]


@pytest.mark.gen_test
async def test_whoever_has_its_snapshot_gets_the_frames_that_follow() -> None:
    source = Source()
    source.feed("a")
    parts = hub_of(source)
    viewer = Viewer()
    subscription, _ = parts.views.join(connect(viewer), SPEC)
    parts.snapshots.request(subscription, None, None)
    async with at_work(parts.snapshots.run):
        await until(lambda: bool(viewer.told))
    assert (subscription.awaits_snapshot, subscription.frame_no, subscription.sent) == (
        False, subscription.view.frame_no, subscription.view.seqs,
    )  # fmt: skip


@pytest.mark.gen_test
async def test_a_connection_that_has_left_the_view_gets_none() -> None:
    source = Source()
    parts = hub_of(source)
    gone, stays = Viewer(), Viewer()
    for viewer in (gone, stays):
        connection = connect(viewer)
        parts.snapshots.request(parts.views.join(connection, SPEC)[0], 1, None)
        if viewer is gone:
            parts.views.leave(connection, SPEC.id)
    async with at_work(parts.snapshots.run):
        await until(lambda: bool(stays.told))
    assert gone.told == []
