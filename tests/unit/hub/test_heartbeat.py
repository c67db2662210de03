from __future__ import annotations

import pytest

from dashboard.hub.connection import Connection
from dashboard.hub.heartbeat import Heartbeat
from dashboard.hub.limits import HubLimits
from dashboard.hub.registry import ConnectionRegistry
from dashboard.rfc6455.close_codes import CloseCode
from tests.support.hubs import Viewer, connect, person
from tests.support.nodes import at_work, until

LIMITS = HubLimits(heartbeat_s=10, dead_s=20, stalled_s=9)


def heartbeat(registry: ConnectionRegistry | None = None, now_s: float = 0.0) -> Heartbeat:
    return Heartbeat(registry=registry or ConnectionRegistry(), limits=LIMITS, hello_s=5, monotonic=lambda: now_s)


def greeted(viewer: Viewer) -> Connection:
    """Return a user's connection that has made its first request, in second 100."""
    connection = connect(viewer, person("ann"))
    connection.receive('{"type":"ping"}', 100.0)
    return connection


def test_a_quiet_client_is_pinged_once_each_interval() -> None:
    viewer, beat = Viewer(), heartbeat()
    connection = greeted(viewer)
    for now_s in (109.0, 110.0, 111.0, 119.0):
        beat.check(connection, now_s)
    assert viewer.pings == 1
    connection.heard_s = 119.5
    beat.check(connection, 125.0)
    assert viewer.pings == 1
    beat.check(connection, 130.0)
    assert viewer.pings == 2


def test_a_client_that_answers_no_ping_is_closed() -> None:
    viewer = Viewer(may_end=True)
    connection = greeted(viewer)
    heartbeat().check(connection, 119.9)
    assert viewer.ended is None
    heartbeat().check(connection, 120.0)
    assert viewer.ended == CloseCode.NO_PONG


def test_a_client_that_asks_for_nothing_is_closed() -> None:
    viewer = Viewer(may_end=True)
    connection = connect(viewer)
    heartbeat().check(connection, 104.9)
    assert viewer.ended is None
    heartbeat().check(connection, 105.1)
    assert viewer.ended == CloseCode.NO_HELLO


def test_an_anonymous_client_that_watches_nothing_is_closed_whatever_it_sends() -> None:
    viewer, beat = Viewer(may_end=True), heartbeat()
    connection = connect(viewer)
    for now_s in (101.0, 103.0, 104.9):
        connection.receive('{"type":"ping"}', now_s)
        connection.heard_s = now_s
        beat.check(connection, now_s)
    assert viewer.ended is None
    beat.check(connection, 105.1)
    assert viewer.ended == CloseCode.NO_HELLO


def test_an_anonymous_client_stays_while_it_has_a_view_or_waits_for_one() -> None:
    viewer, beat = Viewer(may_end=True), heartbeat()
    connection = connect(viewer)
    connection.receive('{"type":"ping"}', 100.0)
    connection.preparing = 1
    beat.check(connection, 109.0)
    connection.preparing, connection.authenticating = 0, 1
    beat.check(connection, 112.0)
    connection.heard_s, connection.authenticating = 112.0, 0
    beat.check(connection, 117.0)
    assert viewer.ended is None
    beat.check(connection, 117.1)
    assert viewer.ended == CloseCode.NO_HELLO


def test_a_client_whose_connection_does_not_drain_and_that_is_silent_is_dropped() -> None:
    viewer, beat = Viewer(may_end=True), heartbeat()
    connection = greeted(viewer)
    viewer.writing = True
    beat.check(connection, 101.0)
    beat.check(connection, 109.9)
    assert viewer.ended is None
    beat.check(connection, 110.0)
    assert viewer.ended == "dropped"


def test_a_slow_client_that_is_heard_or_drains_stays() -> None:
    viewer, beat = Viewer(), heartbeat()
    connection = greeted(viewer)
    viewer.writing = True
    beat.check(connection, 101.0)
    connection.heard_s = 106.0
    beat.check(connection, 110.0)
    viewer.writing = False
    beat.check(connection, 111.0)
    viewer.writing = True
    beat.check(connection, 112.0)
    assert (viewer.ended, connection.stalled_s) == (None, 112.0)


@pytest.mark.gen_test
async def test_every_connection_is_looked_at() -> None:
    registry, viewers = ConnectionRegistry(), [Viewer() for _ in range(3)]
    registry.connections.update(map(greeted, viewers))
    async with at_work(heartbeat(registry, now_s=112.0).run):
        await until(lambda: all(viewer.pings for viewer in viewers))
