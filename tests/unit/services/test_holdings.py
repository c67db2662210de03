"""What each holder holds, on one process and on several."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from dashboard.domain.holding import Held
from dashboard.domain.presence import AskRoster, Stirred
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import Journal
from dashboard.services.holdings import Holdings
from dashboard.services.nodes import Nodes
from tests.support.holdings import holdings, node
from tests.support.journals import HandClock


def test_what_a_holder_does_not_hold_any_more_is_told() -> None:
    held = holdings()
    assert held.replace("job", ["a", "b"]) == set()
    held.add("job", ["c"])
    assert held.replace("job", ["b"]) == {"a", "c"}
    assert held.replace("other", ["z"]) == set()
    assert held.replace("job", []) == {"b"}
    assert held.replace("job", []) == set()


def test_more_series_than_may_be_remembered_are_all_forgotten() -> None:
    held = holdings(3)
    held.add("job", ["a", "b"])
    held.add("other", ["c", "d"])
    assert (set(held.of("job")), set(held.of("other"))) == (set(), {"c", "d"})
    held.replace("job", ["a", "b", "c", "d"])
    assert not held.of("job")
    held.keep("other", "d".__eq__)
    held.add("job", ["a", "b"])
    assert (set(held.of("job")), set(held.of("other"))) == (set("ab"), set())


class Process:
    """One of several over a journal."""

    def __init__(self, journal: Journal, name: str) -> None:
        self.nodes: Nodes = node(journal, name)
        self.held: Holdings = holdings(10_000, self.nodes)
        self.heard: list[Held] = []
        self.nodes.listeners.append(lambda signal, _: self.heard.append(signal) if isinstance(signal, Held) else None)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        tasks = [asyncio.ensure_future(work()) for work in (self.nodes.run, self.held.run)]
        await self.nodes.say(AskRoster(""))  # as each does that starts
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.001)


def many() -> tuple[MemoryJournal, list[str]]:
    return MemoryJournal(clock=HandClock().journal_clock()), [f"s{n}" for n in range(4_500)]


def test_what_comes_to_one_process_is_known_on_the_other() -> None:
    async def play() -> None:
        journal, keys = many()
        async with Process(journal, "a").running() as one, Process(journal, "b").running() as other:
            one.held.replace("job", keys)  # more than are told at once
            await until(lambda: set(other.held.of("job")) == set(keys))
            other.held.add("job", ["new"])
            await until(lambda: "new" in one.held.of("job"))
            assert other.held.replace("job", keys[:1]) == {*keys[1:], "new"}
            await until(lambda: set(one.held.of("job")) == {"s0"})
            told = len(one.heard)
            one.held.replace("job", ["s0"])
            one.held.add("job", ["s0"])
            other.held.add("end", ["e"])
            await until(lambda: "e" in one.held.of("end"))
            assert [each.holder for each in one.heard[told:]] == ["end"]  # what is known is not told again

    asyncio.run(play())


def test_who_comes_later_is_told_everything() -> None:
    async def play() -> None:
        journal, _ = many()
        async with Process(journal, "a").running() as one, Process(journal, "b").running() as other:
            one.held.replace("job", ["x", "y"])
            await until(lambda: len(other.held.of("job")) == 2)
            for _ in range(150):  # what was said before is not read any more by who comes now
                await one.nodes.say(Stirred())
            async with Process(journal, "c").running() as late:
                await until(lambda: set(late.held.of("job")) == {"x", "y"})
                assert late.held.replace("job", ["x"]) == {"y"}
                await until(lambda: set(one.held.of("job")) == {"x"} == set(other.held.of("job")))

    asyncio.run(play())
