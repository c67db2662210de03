"""Ticker on a loop whose time the test moves: when frames are sent, for any times of entries."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.position import Seen
from dashboard.domain.selector import parse_selector
from dashboard.hub.subscription import Subscription
from dashboard.hub.view import ViewSpec
from dashboard.replica.series_table import sid_of
from tests.support.deadline import deadline
from tests.support.histories import EPOCH, T0, document
from tests.support.hubs import Parts, Source, Viewer, connect
from tests.support.moved_time import MovedLoop, run_moved
from tests.support.nodes import at_work

RATE_HZ = 10.0
#: Turns of the loop from the last entry of a batch to the first frame with it.
_TURNS = 3


def spec(name: str, rate_hz: float = RATE_HZ) -> ViewSpec:
    return ViewSpec((parse_selector(name),), 60_000, rate_hz, 10_000)


class Screen(Viewer):
    """Viewer that records when each frame arrived, and the times of the samples in it."""

    def __init__(self, stand: Stand, name: str) -> None:
        super().__init__()
        self._stand, self._sid = stand, sid_of(name)
        self.came_s: list[float] = []
        self.held: Counter[int] = Counter()

    def send(self, frame: bytes) -> None:
        super().send(frame)
        self._stand.sends += 1
        self.came_s.append(self._stand.now_s())
        for sid, times, *_ in self.told[-1].get("points", ()):
            assert sid == self._sid
            self.held.update(times)


class Stand:
    """Hub on a loop whose time is moved, fed one sample at a time."""

    def __init__(self) -> None:
        self.loop: MovedLoop = asyncio.get_running_loop()  # type: ignore[assignment]
        self.source = Source()
        self.source.feed("a", "b")
        self.parts = Parts(self.source, None, monotonic=self.now_s)
        self.ticker = self.parts.ticker
        self.fed: dict[str, list[int]] = {"a": [], "b": [], "x": []}
        self.sends = 0

    def now_s(self) -> float:
        return self.loop.time()

    def feed(self, *names: str) -> None:
        t_ms = self.source.of_all.now_ms + 1
        self.source.feed(*names, t_ms=t_ms)
        for name in names:
            self.fed[name].append(t_ms)

    def join(self, name: str, rate_hz: float = RATE_HZ) -> tuple[Screen, Subscription]:
        screen = Screen(self, name)
        return screen, self.ticker.join(connect(screen), spec(name, rate_hz))


def moved(test: Any) -> Any:
    """Run a test on a loop whose time is moved."""
    return lambda: run_moved(test())


_GAPS = st.one_of(st.just(0.0), st.floats(0.0001, 0.35), st.sampled_from([0.1, 0.2]))
_STEPS = st.lists(st.tuples(_GAPS, st.sampled_from(["a", "b", "ab", "x", "stall", "drain"])), max_size=40)


@settings(max_examples=120, deadline=None)
@given(_STEPS)
def test_whatever_times_the_entries_come_at(steps: list[tuple[float, str]]) -> None:
    """Two frames of a view are at least a tick apart, a lone change is sent in the same turn, and nothing is left unsent."""
    run_moved(_arrivals(steps))


async def _arrivals(steps: list[tuple[float, str]]) -> None:
    stand = Stand()
    async with at_work(stand.ticker.run):
        screens = {name: stand.join(name)[0] for name in "ab"}
        slow = stand.join("a")[0]
        for gap_s, what in steps:
            await asyncio.sleep(gap_s)
            if what in ("stall", "drain"):
                slow.writing = what == "stall"
                continue
            if what == "x":
                stand.feed("x")
                continue
            for name in what:
                stand.feed(name)
            last_s = {name: max([0.0, *each.came_s]) for name, each in screens.items()}
            last_s["a"] = max([last_s["a"], *slow.came_s])
            still = [name for name in what if stand.now_s() - last_s[name] > 1 / RATE_HZ]
            before = {name: len(screens[name].told) for name in still}
            at_s, turn = stand.now_s(), stand.loop.passes
            while stand.loop.passes < turn + _TURNS * len(what):
                await asyncio.sleep(0)
            assert stand.now_s() == at_s
            for name in still:
                assert len(screens[name].told) == before[name] + 1
        slow.writing = False
        await asyncio.sleep(2 / RATE_HZ)
    for name, screen in [*screens.items(), ("a", slow)]:
        gaps = [later - one for one, later in zip(screen.came_s, screen.came_s[1:], strict=False)]
        assert all(gap >= 1 / RATE_HZ - 1e-9 for gap in gaps)
        assert screen.held == Counter(stand.fed[name])
        assert set(screen.kinds()) <= {"frame"}


@moved
async def test_entries_that_come_together_make_one_frame() -> None:
    stand = Stand()
    async with at_work(stand.ticker.run):
        screen, _ = stand.join("a")
        on_applied, stand.source.on_applied = stand.source.on_applied, lambda: None
        for _ in range(5):
            stand.feed("a")
            await asyncio.sleep(0.001)  # the loop breathes while they are applied
        assert screen.told == []
        on_applied()
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
    assert screen.kinds() == ["frame"]
    assert screen.held == Counter(stand.fed["a"])


@moved
async def test_a_still_view_is_not_looked_at() -> None:
    stand = Stand()
    async with at_work(stand.ticker.run):
        _, subscription = stand.join("a")
        seqs = subscription.view.seqs
        for _ in range(50):
            stand.feed("b")
            await asyncio.sleep(0.1)
        assert subscription.view.seqs == seqs
        passes = stand.loop.passes
        await asyncio.sleep(1_000)
        assert stand.loop.passes <= passes + 2


@moved
async def test_a_still_view_misses_nothing_however_much_else_happens() -> None:
    """Deletions of other documents are forgotten meanwhile; this is no gap for a view that does not show them."""
    stand = Stand()
    async with at_work(stand.ticker.run):
        screen, subscription = stand.join("a")
        stand.feed("a")
        await asyncio.sleep(1)
        for number in range(1_100):
            for body in (b"1", None):
                seq = stand.source.of_all.position.seq + 1
                stand.source.of_all.apply(document(seq, T0 + 1, f"d{number}", body))
        assert stand.source.of_all.documents_floor > subscription.view.seqs[0]
        screen.writing = True
        stand.feed("a")
        await asyncio.sleep(0.01)
        screen.writing = False
        await asyncio.sleep(1)
    assert screen.kinds() == ["frame", "frame"]
    assert screen.held == Counter(stand.fed["a"])


@moved
async def test_a_viewer_that_was_skipped_is_caught_up_with_a_tick_after_it_has_drained() -> None:
    stand = Stand()
    async with at_work(stand.ticker.run):
        screen, subscription = stand.join("a")
        screen.writing = True
        stand.feed("a")
        await asyncio.sleep(1)
        assert stand.parts.views.behind(subscription.view) == {subscription}
        screen.writing = False
        await asyncio.sleep(0.11)
        assert screen.kinds() == ["frame"]
        passes = stand.loop.passes
        await asyncio.sleep(100)
        assert stand.loop.passes <= passes + 2


@moved
async def test_one_view_that_always_changes_delays_another_only_by_its_own_sends() -> None:
    stand, count = Stand(), 1_000
    for _ in range(count):
        stand.join("a", 30.0)
    rare, _ = stand.join("b")
    async with at_work(stand.ticker.run):
        for _ in range(20):
            stand.feed("a")
            await asyncio.sleep(0)
            while not stand.sends % count:  # until its fan-out is under way
                await asyncio.sleep(0)
            stand.feed("a")
            stand.feed("b")
            came, sends = len(rare.told), stand.sends
            while len(rare.told) == came:
                await asyncio.sleep(0)
            assert stand.sends - sends <= count
            await asyncio.sleep(0.2)


@moved
async def test_a_watch_can_be_answered_when_this_process_has_got_as_far() -> None:
    stand = Stand()
    view = stand.join("a")[1].view
    assert stand.ticker.is_ready(view, None)
    assert stand.ticker.is_ready(view, [Seen(EPOCH, 1)])
    assert not stand.ticker.is_ready(view, [Seen(EPOCH, 2)])
    stand.source.is_ready = False
    assert not stand.ticker.is_ready(view, None)


@moved
async def test_a_view_goes_ahead_for_a_screen_that_is_and_the_others_keep_their_rhythm() -> None:
    stand, slow_hz = Stand(), 0.1
    async with at_work(stand.ticker.run):
        screen, subscription = stand.join("a", slow_hz)
        stand.feed("a")
        await asyncio.sleep(1)
        stand.feed("a")
        ahead = [Seen(EPOCH, 3)]
        assert subscription.view.missing(ahead) == "ahead"
        assert stand.ticker.is_ready(subscription.view, ahead)
        assert subscription.view.missing(ahead) == ""
        await asyncio.sleep(1)
        assert screen.kinds() == ["frame"]
        stand.feed("a")
        await asyncio.sleep(10)
    assert screen.kinds() == ["frame", "frame"]
    assert screen.held == Counter(stand.fed["a"])
    assert screen.came_s[1] - screen.came_s[0] == pytest.approx(1 / slow_hz)


@moved
async def test_a_newcomer_of_a_still_view_begins_where_the_journal_is() -> None:
    stand = Stand()
    async with at_work(stand.ticker.run):
        view = stand.join("a")[1].view
        for _ in range(10):
            stand.feed("b")
        assert view.seqs == (1,)
        assert stand.ticker.is_ready(view, None)
        assert view.seqs == (1,)  # all who come within a tick share a snapshot
        stand.source.feed("b", t_ms=T0 + 1_000)
        assert stand.ticker.is_ready(view, None)
        assert view.seqs == (12,)


class Broken(Exception):
    """Signal of a transport with a fault."""


@moved
async def test_a_tick_that_fails_leaves_nothing_unsent() -> None:
    stand = Stand()
    screens = [stand.join("a")[0] for _ in range(3)]
    send, faults = screens[1].send, [Broken()]

    def fail_once(frame: bytes) -> None:
        if faults:
            raise faults.pop()
        send(frame)

    screens[1].send = fail_once  # type: ignore[method-assign]
    stand.feed("a")
    with pytest.raises(Broken):
        async with deadline(10):
            await stand.ticker.run()
    async with at_work(stand.ticker.run):
        await asyncio.sleep(1)
    assert [screen.held for screen in screens[::2]] == [Counter(stand.fed["a"])] * 2
