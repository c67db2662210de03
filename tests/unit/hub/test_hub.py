"""The hub with viewers in memory: what they are told when entries are missing."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from dashboard.domain.counters import Counters
from dashboard.domain.identity import Caller
from dashboard.domain.position import Position
from dashboard.domain.selector import parse_selector
from dashboard.hub.fanout import Fanout
from dashboard.hub.hub import Hub
from dashboard.hub.limits import HubLimits
from dashboard.hub.registry import ConnectionRegistry
from dashboard.hub.snapshots import Snapshots
from dashboard.hub.ticker import Ticker
from dashboard.hub.view import ViewSpec
from dashboard.hub.view_requests import ViewRequests
from dashboard.hub.view_table import ViewTable
from dashboard.journal.port import METRICS, Gap
from dashboard.messages.session import SessionLimits
from dashboard.replica.replica import Replica
from tests.support.histories import EPOCH, T0, WINDOWS, samples
from tests.support.nodes import at_work, until

NEXT_EPOCH = "fedcba9876543210"


class Source:
    """One replica, which may be behind at first."""

    def __init__(self) -> None:
        self.of_all = Replica(WINDOWS, Position(EPOCH, 0))
        self.is_ready = True

    def feed(self, *names: str, t_ms: int = T0) -> None:
        seq = self.of_all.position.seq + 1
        self.of_all.apply(samples(seq, t_ms, [(name, t_ms, 1.0) for name in names]))

    def lose(self) -> None:
        self.of_all.gap(Gap("epoch", Position(NEXT_EPOCH, 0)))

    def want(self, _: Any) -> tuple[str, ...]:
        return (METRICS,)

    def leave(self, _: Any) -> None:
        """Nobody else follows."""

    def ready(self, _: Any) -> bool:
        return self.is_ready

    def replica(self, _: str) -> Replica:
        return self.of_all


class Viewer:
    """A connection's wire: what it was sent."""

    deflating = False

    def __init__(self) -> None:
        self.writing = False
        self.buffered = 0
        self.told: list[dict[str, Any]] = []

    def send(self, frame: bytes) -> None:
        length = frame[1]
        self.told.append(json.loads(frame[2 if length < 126 else 4 if length == 126 else 10 :]))

    def kinds(self) -> list[str]:
        return [each["type"] for each in self.told]

    def buffered_bytes(self) -> int:
        return self.buffered

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(f"closed with {code} {reason}")

    def abort(self) -> None:
        raise AssertionError("dropped")


class Nobody:
    """No people."""

    def take(self, *_: Any) -> None:
        raise AssertionError

    def dropped(self, *_: Any) -> None:
        """Forget the connection."""


class Parts:
    """A hub, and what it is made of."""

    def __init__(self, source: Source, resolve: Any) -> None:
        counters, limits = Counters(), HubLimits()

        def now_ms() -> int:
            return source.of_all.now_ms

        self.views = ViewTable(source, now_ms)  # type: ignore[arg-type]  # as much of it as views need
        self.snapshots = Snapshots(self.views, now_ms)
        fanout = Fanout(views=self.views, snapshots=self.snapshots, now_ms=now_ms, counters=counters)
        self.ticker = Ticker(views=self.views, fanout=fanout, now_ms=now_ms, monotonic=time.monotonic)
        self.requests = ViewRequests(
            views=self.views,
            ticker=self.ticker,
            snapshots=self.snapshots,
            resolve=resolve,
            authorise=lambda name, caller: None,
            on_boards=lambda connection: None,
            max_subscriptions=limits.max_subscriptions,
            now_ms=now_ms,
            monotonic=time.monotonic,
            counters=counters,
        )
        self.hub = Hub(
            registry=ConnectionRegistry(),
            views=self.views,
            requests=self.requests,
            dispatcher=Nobody(),
            limits=limits,
            session_limits=SessionLimits(),
            monotonic=time.monotonic,
            counters=counters,
        )


def hub_of(source: Source, selector: str = '{__name__=~".+"}') -> Parts:
    def resolve(_: Any, caller: Caller) -> tuple[ViewSpec, bytes]:
        return ViewSpec((parse_selector(selector),), 900_000, 30.0, 1_000), b'{"title":"Wall"}'

    return Parts(source, resolve)


def watch(parts: Parts) -> Viewer:
    viewer = Viewer()
    parts.hub.received(parts.hub.opened(viewer), '{"type":"watch","id":7,"board":"wall"}')  # type: ignore[arg-type]
    return viewer


@pytest.mark.gen_test
async def test_of_many_answers_that_are_owed_those_given_before_a_gap_are_followed_by_it() -> None:
    source = Source()
    source.feed("a")
    parts = hub_of(source)
    source.is_ready = False
    viewers = [watch(parts) for _ in range(450)]
    async with at_work(parts.ticker.run, parts.requests.deferred.run):
        source.is_ready = True
        async with asyncio.timeout(20):
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
