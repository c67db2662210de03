"""Series of each owner, on one process and on several."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dashboard.cluster import bus as bus_module
from dashboard.cluster import ownership as holdings_module
from dashboard.cluster.bus import Bus
from dashboard.cluster.ownership import SeriesOwnership
from dashboard.domain.errors import Unavailable
from dashboard.entries.signals import DirectoryChanged, SeriesOwned, Signal
from dashboard.journal.port import Journal
from tests.support.nodes import a_journal, at_work, bus_of, ownership, until


def test_what_is_added_and_what_replaces() -> None:
    held = ownership()
    held.replace("job", ["a", "b"])
    held.add("job", ["c"])
    assert set(held.of("job")) == {"a", "b", "c"}
    held.replace("job", ["b"])
    held.replace("other", ["z"])
    assert (set(held.of("job")), set(held.of("other"))) == ({"b"}, {"z"})
    held.replace("job", [])
    assert not held.of("job")


def test_what_is_exchanged_leaves_the_rest_as_it_is() -> None:
    held = ownership(4)
    held.replace("job", ["a", "b"])
    held.exchange("job", ["a", "z"], ["c"])
    assert set(held.of("job")) == {"b", "c"}
    held.exchange("job", ["b", "c"], ["c", "d", "e", "f"])
    assert set(held.of("job")) == {"c", "d", "e", "f"}
    held.exchange("job", ["c", "d", "e", "f"], [])
    assert not held.of("job")


def test_more_series_than_may_be_remembered_are_all_forgotten() -> None:
    now = [0.0]
    held = ownership(3, monotonic=lambda: now[0])
    held.add("job", ["a", "b"])
    held.add("other", ["c", "d"])
    assert (set(held.of("job")), set(held.of("other"))) == (set(), {"c", "d"})
    held.replace("job", ["a", "b", "c", "d"])
    assert not held.of("job")
    held.add("other", ["c", "d"])
    now[0] = 11
    held.keep("other", "d".__eq__)
    assert set(held.of("other")) == {"d"}
    held.add("job", ["a", "b"])
    assert (set(held.of("job")), set(held.of("other"))) == (set("ab"), {"d"})
    held.add("job", ["c"])
    assert (set(held.of("job")), set(held.of("other"))) == ({"c"}, set())


def test_what_is_new_is_kept_for_the_series_itself_may_come_later() -> None:
    now = [0.0]
    held = ownership(monotonic=lambda: now[0])
    held.add("job", ["a"])
    now[0] = 5
    held.add("job", ["a", "b"])
    now[0] = 10
    held.keep("job", lambda _: False)
    assert set(held.of("job")) == {"b"}
    now[0] = 15
    held.keep("job", lambda _: False)
    assert not held.of("job")


class Process:
    """One of several processes over a journal; ``says`` is False while the journal accepts nothing."""

    def __init__(self, journal: Journal, name: str, max_series: int = 10_000) -> None:
        self.bus: Bus = bus_of(journal, name)
        self.held: SeriesOwnership = ownership(max_series, self.bus)
        self.heard: list[SeriesOwned] = []
        self.bus.subscribe(SeriesOwned, lambda signal, _: self.heard.append(signal))
        self.says = True
        publish = self.bus.publish

        async def said(signal: Signal) -> bool:
            await asyncio.sleep(0)
            return self.says and await publish(signal)

        self.bus.publish = said  # type: ignore[method-assign]  # the one thing here that is not as in the server

    def of(self, holder: str = "job") -> set[str]:
        return set(self.held.of(holder))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        async with at_work(self.bus.run, self.held.run):
            yield self


async def old(process: Process) -> None:
    """Publish so many signals that a process which joins now no longer reads the earlier ones."""
    for _ in range(150):
        await process.bus.publish(DirectoryChanged())


@pytest.mark.gen_test
async def test_what_comes_to_one_process_is_known_on_the_other() -> None:
    journal, keys = a_journal(), [f"s{n}" for n in range(4_500)]
    async with Process(journal, "a").running() as one, Process(journal, "b").running() as other:
        one.held.replace("job", keys)
        await until(lambda: other.of() == set(keys))
        other.held.add("job", ["new"])
        await until(lambda: "new" in one.of())
        other.held.replace("job", keys[:1])
        await until(lambda: one.of() == {"s0"})
        told = len(one.heard)
        one.held.replace("job", ["s0"])
        one.held.add("job", ["s0"])
        other.held.add("end", ["e"])
        await until(lambda: "e" in one.of("end"))
        assert [each.holder for each in one.heard[told:]] == ["end"]  # what is known is not told again


@pytest.mark.gen_test
async def test_what_is_exchanged_on_both_is_all_there_and_news_that_wait_are_put_together() -> None:
    journal = a_journal()
    async with Process(journal, "a").running() as one, Process(journal, "b").running() as other:
        one.held.replace("job", ["a", "b", "c"])
        await until(lambda: other.of() == {"a", "b", "c"})
        one.says = False
        one.held.exchange("job", ["a"], ["x"])
        one.held.exchange("job", ["x", "b"], ["a", "y"])
        assert not await one.held.tell()
        other.held.exchange("job", ["c"], ["z"])
        assert await other.held.tell()
        one.says = True
        await until(lambda: one.of() == other.of() == {"a", "y", "z"})
        one.held.replace("job", ["k"])
        one.held.exchange("job", ["k"], ["l"])
        await until(lambda: one.of() == other.of() == {"l"})


@pytest.mark.gen_test
async def test_what_was_told_is_known_to_who_catches_up() -> None:
    journal = a_journal()
    async with Process(journal, "a").running() as one, Process(journal, "b").running() as other:
        await until(lambda: other.bus._heard.epoch != "")
        for number in range(50):
            one.held.add("job", [str(number)])
            assert await one.held.tell()
            await other.held.catch_up()
            assert str(number) in other.of()


@pytest.mark.gen_test
async def test_who_has_just_started_knows_all_that_was_told_before() -> None:
    journal, keys = a_journal(), {f"s{n}" for n in range(3_000)}
    async with Process(journal, "a").running() as one:
        one.held.replace("job", keys)
        await one.held.tell()
        await old(one)
        async with Process(journal, "b").running() as late:
            await late.held.catch_up()
            assert late.of() == keys


@pytest.mark.gen_test
async def test_who_tells_waits_for_what_another_is_just_telling() -> None:
    journal = a_journal()
    async with Process(journal, "a").running() as one, Process(journal, "b").running() as other:
        await until(lambda: other.bus._heard.epoch != "")
        publish, out = one.bus.publish, asyncio.Event()

        async def slowly(signal: Signal) -> bool:
            out.set()
            await asyncio.sleep(0.1)
            return await publish(signal)

        one.bus.publish = slowly  # type: ignore[method-assign]
        one.held.add("job", ["x"])
        await out.wait()  # ``run`` is at it
        assert await one.held.tell()
        await other.held.catch_up()
        assert other.of() == {"x"}


@pytest.mark.gen_test
async def test_what_cannot_be_heard_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "_CATCH_UP_S", 0.05)
    monkeypatch.setattr(holdings_module, "_CATCH_UP_S", 0.05)
    process = Process(a_journal(), "a")
    with pytest.raises(Unavailable, match="not known"):
        await process.held.catch_up()
    with pytest.raises(Unavailable, match="do not arrive"):
        await process.bus.catch_up()
    await ownership().catch_up()  # of a process that is the only one


@pytest.mark.gen_test
async def test_who_comes_later_is_told_everything_and_takes_nothing_from_the_others() -> None:
    journal = a_journal()
    async with Process(journal, "a").running() as one, Process(journal, "b").running() as other:
        one.held.replace("job", ["x", "y"])
        await until(lambda: len(other.of()) == 2)
        await old(one)
        late = Process(journal, "c")
        late.says = False
        async with late.running():
            late.held.add("job", ["z"])
            await asyncio.sleep(0.01)
            late.says = True  # what could not be said is said later, the question too
            await until(lambda: late.of() == one.of() == other.of() == {"x", "y", "z"})


@pytest.mark.gen_test
async def test_who_has_missed_something_asks_and_says_nothing_stale() -> None:
    journal = a_journal()
    async with Process(journal, "a").running() as one:
        one.held.replace("job", ["x"])
        async with Process(journal, "b").running() as other:
            await until(lambda: other.of() == {"x"})
            one.held.add("job", ["y"])
            await until(lambda: other.of() == {"x", "y"})
            other.held._take("job", True, ["x"])  # as if it had not heard of the second
            await old(one)
            for missed in other.bus._on_gap:
                missed()
            await until(lambda: other.of() == {"x", "y"})
            assert one.of() == {"x", "y"}


@pytest.mark.gen_test
async def test_after_an_outage_all_know_the_same() -> None:
    journal = a_journal()
    async with Process(journal, "a").running() as one, Process(journal, "b").running() as other:
        one.held.replace("job", ["0"])
        await until(lambda: other.of() == {"0"})
        one.says = other.says = False
        one.held.replace("job", ["0", "a"])
        other.held.replace("job", ["0", "b"])
        await asyncio.gather(one.held.tell(), other.held.tell())
        one.says = other.says = True
        await until(lambda: one.of() == other.of() != {"0"} and len(one.heard) == len(other.heard) == 3)


@pytest.mark.gen_test
async def test_what_is_told_at_once_and_fails_is_told_later() -> None:
    journal = a_journal()
    async with Process(journal, "a").running() as one, Process(journal, "b").running() as other:
        await until(lambda: not one.held._asks)  # it has begun
        one.says = False
        one.held.add("job", ["x"])
        assert not await one.held.tell()  # before ``run`` came to it
        await asyncio.sleep(0)
        one.says = True
        await until(lambda: other.of() == {"x"})
