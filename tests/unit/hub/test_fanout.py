from __future__ import annotations

import pytest

from dashboard.domain.selector import parse_selector
from dashboard.hub.subscription import Subscription
from dashboard.hub.view import ViewSpec
from tests.support.histories import T0
from tests.support.hubs import Parts, Source, Viewer, connect, hub_of

SPEC = ViewSpec((parse_selector("a"),), 60_000, 10.0, 1_000)


def stand() -> tuple[Source, Parts]:
    source = Source()
    source.feed("a")
    return source, hub_of(source)


def join(parts: Parts, viewer: Viewer, spec: ViewSpec = SPEC) -> Subscription:
    return parts.views.join(connect(viewer), spec)[0]


async def tick(source: Source, parts: Parts, subscription: Subscription) -> None:
    """Add one more sample and send its frame."""
    view, before = subscription.view, subscription.view.frame_no
    source.feed("a", t_ms=source.of_all.now_ms + 100)
    frame = view.advance(source.of_all.now_ms)
    assert frame is not None
    await parts.fanout.send(view, frame, before)


@pytest.mark.gen_test
async def test_a_frame_goes_to_all_who_have_the_one_before() -> None:
    source, parts = stand()
    viewers = [Viewer() for _ in range(450)]
    *_, last = [join(parts, viewer) for viewer in viewers]
    await tick(source, parts, last)
    late = Viewer()
    join(parts, late)
    await tick(source, parts, last)
    assert all(viewer.kinds() == ["frame", "frame"] for viewer in viewers)
    assert late.kinds() == ["frame"]
    assert parts.counters.frames_sent == 901


@pytest.mark.gen_test
async def test_a_connection_that_has_not_drained_is_skipped_and_gets_all_that_it_missed_in_one_frame() -> None:
    source, parts = stand()
    viewer = Viewer()
    subscription = join(parts, viewer)
    viewer.writing = True
    await tick(source, parts, subscription)
    await tick(source, parts, subscription)
    assert (viewer.told, parts.views.behind(subscription.view)) == ([], {subscription})
    await parts.fanout.catch_up(subscription.view)
    assert viewer.told == []
    viewer.writing = False
    await parts.fanout.catch_up(subscription.view)
    ((_, times, _),) = viewer.told[0]["points"]
    assert (viewer.kinds(), times) == (["frame"], [T0 + 100, T0 + 200])
    assert parts.views.behind(subscription.view) == set()
    await tick(source, parts, subscription)
    assert viewer.kinds() == ["frame", "frame"]


@pytest.mark.gen_test
async def test_a_connection_that_missed_what_is_no_longer_held_gets_a_gap_and_a_snapshot() -> None:
    _, parts = stand()
    viewer = Viewer()
    subscription = join(parts, viewer)
    subscription.sent, subscription.frame_no = None, -1
    parts.views.behind(subscription.view).add(subscription)
    await parts.fanout.catch_up(subscription.view)
    assert viewer.kinds() == ["gap", "snapshot"]
    assert (subscription.sent, subscription.frame_no) == (subscription.view.seqs, subscription.view.frame_no)


@pytest.mark.gen_test
@pytest.mark.parametrize(("rate_hz", "measured"), [(5.0, 1), (4.9, 0)])
async def test_a_view_that_is_to_wait_says_nothing_of_the_servers_delay(rate_hz: float, measured: int) -> None:
    source, parts = stand()
    await tick(source, parts, join(parts, Viewer(), ViewSpec((parse_selector("a"),), 60_000, rate_hz, 1_000)))
    assert len(parts.counters.accept_to_socket_ms) == measured
