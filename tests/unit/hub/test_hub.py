"""The hub with viewers in memory: their messages when entries are missing."""

from __future__ import annotations

import asyncio
import time

import pytest

from dashboard.journal.port import METRICS
from tests.support.deadline import deadline
from tests.support.histories import T0
from tests.support.hubs import NEXT_EPOCH, Source, Viewer, hub_of, watch
from tests.support.nodes import at_work, until


@pytest.mark.gen_test
async def test_of_many_answers_that_are_owed_those_given_before_a_gap_are_followed_by_it() -> None:
    source = Source()
    source.feed("a")
    parts = hub_of(source)
    source.is_ready = False
    viewers = [watch(parts) for _ in range(450)]
    async with at_work(parts.ticker.run, parts.requests.deferred.run):
        source.is_ready = True
        async with deadline(20):
            while not viewers[0].told:
                await asyncio.sleep(0)
        answered = [viewer for viewer in viewers if viewer.told]
        assert 0 < len(answered) < len(viewers)  # it breathes in between
        source.lose()
        parts.views.missed(METRICS, "epoch")
        source.feed("a", t_ms=T0 + 5_000)
        await until(
            lambda: all(viewer.told and viewer.told[-1]["position"].startswith(NEXT_EPOCH) for viewer in viewers)
        )
    for viewer in viewers:
        assert viewer.kinds()[:3] == ["snapshot", "gap", "snapshot"] if viewer in answered else ["snapshot"]


@pytest.mark.gen_test
async def test_a_large_snapshot_that_a_gap_overtakes_is_still_the_answer() -> None:
    source = Source()
    source.feed(*(f"s{number}" for number in range(400)))
    parts = hub_of(source)
    viewer = watch(parts)
    async with at_work(parts.ticker.run, parts.requests.deferred.run, parts.snapshots.run):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert viewer.told == []  # it is being built
        source.lose()
        parts.views.missed(METRICS, "epoch")
        time.sleep(0.1)  # the next tick is due before it is built
        await until(lambda: bool(viewer.told))
        source.feed("s", t_ms=T0 + 5_000)
        await until(lambda: viewer.kinds()[-1] == "frame")
    assert viewer.kinds() == ["snapshot", "frame"]
    first = viewer.told[0]
    assert (first["id"], first["board"]) == (7, {"title": "Wall"})
    assert first["position"].startswith(NEXT_EPOCH)


@pytest.mark.gen_test
async def test_that_the_data_are_delayed_is_told_to_who_is_just_written_to_as_well() -> None:
    source = Source()
    parts = hub_of(source)
    viewer = watch(parts)
    viewer.writing = True
    await parts.hub.broadcast_degraded("no journal")
    await parts.hub.broadcast_degraded("")
    assert [each["reason"] for each in viewer.told if each["type"] == "degraded"] == ["no journal", ""]


@pytest.mark.gen_test
async def test_who_pings_while_a_long_answer_is_on_its_way_is_not_given_up() -> None:
    source = Source()
    parts = hub_of(source)
    viewer = Viewer()
    connection = parts.hub.opened(viewer)  # type: ignore[arg-type]
    parts.hub.received(connection, '{"type":"ping"}')
    viewer.buffered = 3 << 20
    parts.hub.received(connection, '{"type":"ping"}')
    viewer.buffered = 0
    parts.hub.received(connection, '{"type":"ping"}')
    assert viewer.kinds() == ["pong", "pong"]
