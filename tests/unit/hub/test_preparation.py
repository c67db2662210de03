"""Views whose selectors are expensive: they are prepared in turns, and too much work is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from dashboard.domain.identity import Caller
from dashboard.domain.selector import parse_selectors
from dashboard.hub import preparation
from dashboard.hub.view import ViewSpec
from dashboard.messages.views import Watch
from tests.support.hubs import Parts, Source, Viewer
from tests.support.nodes import at_work, until

pytestmark = pytest.mark.gen_test

NAMES = [f"metric_{number:05d}" for number in range(3_000)]


@pytest.fixture
def source() -> Source:
    made = Source()
    made.feed(*NAMES)
    return made


def parts_of(source: Source) -> Parts:
    """Return a hub whose requests contain their selectors."""

    def resolve(request: Watch, caller: Caller) -> tuple[ViewSpec, None]:
        return ViewSpec(parse_selectors(request.selectors), 900_000, 30.0, 1_000), None

    return Parts(source, resolve)


class Asking(Viewer):
    """Viewer that requests series."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.hub = parts.hub
        self.connection = parts.hub.opened(self)

    def ask(self, *selectors: str, number: int = 1) -> None:
        request = {"type": "watch", "id": number, "selectors": selectors}
        self.hub.received(self.connection, json.dumps(request))


def answers(viewer: Viewer) -> list[tuple[Any, str]]:
    return [(each.get("id"), each["type"]) for each in viewer.told]


async def test_what_is_little_work_is_answered_at_once(source: Source) -> None:
    parts = parts_of(source)
    viewer = Asking(parts)
    viewer.ask("metric_00007")
    assert answers(viewer) == [(1, "snapshot")]


async def test_what_is_much_work_is_answered_in_its_turn_and_those_who_ask_for_little_do_not_wait(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "_AT_ONCE_US", 200)
    parts = parts_of(source)
    greedy, modest = Asking(parts), Asking(parts)
    for number in range(3):
        greedy.ask(f'{{__name__=~".*{number}"}}', number=number)
    modest.ask("metric_00001")
    assert greedy.told == []
    assert answers(modest) == [(1, "snapshot")]
    async with at_work(parts.requests.preparation.run, parts.snapshots.run):
        await until(lambda: len(greedy.told) == 3)
    assert answers(greedy) == [(0, "snapshot"), (1, "snapshot"), (2, "snapshot")]


async def test_a_view_of_many_members_waits_for_its_turn_even_if_its_matches_are_known(source: Source) -> None:
    parts = parts_of(source)
    viewer = Asking(parts)
    every = '{__name__=~"metric_.*"}', '{__name__=~"metric.*"}'
    held = [source.of_all.table.index.acquire(selector) for selector in parse_selectors(every)]
    assert parts.views.cost(parse_selectors(every)) == 0
    viewer.ask(*every)
    assert viewer.told == []
    async with at_work(parts.requests.preparation.run, parts.snapshots.run):
        await until(lambda: viewer.told != [])
    assert answers(viewer) == [(1, "snapshot")]
    for matches in held:
        source.of_all.table.index.release(matches)


async def test_a_view_that_others_watch_is_answered_at_once(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = parts_of(source)
    first, second = Asking(parts), Asking(parts)
    first.ask("metric_00001")
    monkeypatch.setattr(preparation, "_AT_ONCE_US", -1)  # from now on every other view waits for its turn
    second.ask("metric_00001", number=1)
    second.ask("metric_00002", number=2)
    second.ask("metric_00001", number=3)  # in its order, behind the request that waits
    assert answers(second) == [(1, "snapshot")]
    async with at_work(parts.requests.preparation.run, parts.snapshots.run):
        await until(lambda: len(second.told) == 3)
    assert answers(second) == [(1, "snapshot"), (2, "snapshot"), (3, "snapshot")]


async def test_callers_take_turns(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "_AT_ONCE_US", 200)
    parts = parts_of(source)
    greedy, other = Asking(parts), Asking(parts)
    for number in range(5):
        greedy.ask(f'{{__name__=~".*{number}"}}', number=number)
    other.ask('{__name__=~".*7"}')
    async with at_work(parts.requests.preparation.run, parts.snapshots.run):
        await until(lambda: other.told != [])
        assert len(greedy.told) < 5
        await until(lambda: len(greedy.told) == 5)


async def test_too_much_work_and_too_many_requests_are_refused(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "_AT_ONCE_US", 200)
    parts = parts_of(source)
    viewer = Asking(parts)
    for number in range(9):
        viewer.ask(f'{{__name__=~".*{number}.*1"}}', number=number)
    assert [(each["id"], each["code"]) for each in viewer.told] == [(8, "rate_limited")]
    monkeypatch.setattr(preparation, "_MAX_COST_US", 1_000)
    other = Asking(parts)
    other.ask(*(f'{{__name__=~".*{number}.*2"}}' for number in range(9)))
    assert [each["code"] for each in other.told] == ["invalid"]


async def test_a_view_of_too_many_members_is_refused(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "_MAX_MEMBERS", 5_999)
    parts = parts_of(source)
    viewer = Asking(parts)
    viewer.ask('{__name__=~"metric_.*"}', '{__name__!=""}')
    async with at_work(parts.requests.preparation.run):
        await until(lambda: viewer.told != [])
    (refused,) = viewer.told
    assert "6000" in refused["message"]


async def test_a_client_that_has_gone_is_passed_over(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "_AT_ONCE_US", 200)
    parts = parts_of(source)
    gone, other = Asking(parts), Asking(parts)
    gone.ask('{__name__=~".*1"}')
    other.ask('{__name__=~".*2"}')
    parts.hub.dropped(gone.connection, 1001)
    async with at_work(parts.requests.preparation.run, parts.snapshots.run):
        await until(lambda: other.told != [])
    assert gone.told == []
    assert len(parts.views) == 1


async def test_other_tasks_run_between_two_requests_even_if_their_matches_are_known(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "_AT_ONCE_US", -1)
    parts = parts_of(source)
    viewers = [Asking(parts) for _ in range(5)]
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    finish, found = parts.requests.preparation._finish, list[int]()

    def looked_at(job: Any) -> None:
        finish(job)
        found.append(turns)

    monkeypatch.setattr(parts.requests.preparation, "_finish", looked_at)
    for viewer in viewers:
        viewer.ask('{__name__=~"metric_.*7"}')
    async with at_work(parts.requests.preparation.run, others):
        await until(lambda: len(found) == 5)
    assert len(set(found)) == 5


async def test_a_pattern_that_may_take_long_waits_for_its_turn_and_is_refused_when_it_does(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.feed(*(f'long{{n="{number}{"ab" * 300}"}}' for number in range(60)))
    parts = parts_of(source)
    viewer = Asking(parts)
    dear = 'long{n=~".*[ab].{30}x"}'
    assert parts.views.cost(parse_selectors([dear])) < preparation._AT_ONCE_US
    viewer.ask(dear)
    assert viewer.told == []
    monkeypatch.setattr(preparation, "_MAX_S", -1.0)
    async with at_work(parts.requests.preparation.run, parts.snapshots.run):
        await until(lambda: viewer.told != [])
    assert [each["code"] for each in viewer.told] == ["invalid"]
