"""The journal's contract for checkpoints and leases: every engine passes these unchanged."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from dashboard.domain.position import Position
from tests.support.deadline import deadline
from tests.support.journals import PART, Engine

Records = list[tuple[str, bytes | None]]


async def stream(*batches: Records) -> AsyncIterator[Records]:
    for batch in batches:
        yield batch


@pytest.mark.gen_test
async def test_a_checkpoint_comes_back_as_it_was_stored(engine: Engine) -> None:
    async with engine.opened() as journal:
        position = Position(journal.head(PART).epoch, 7)
        await journal.save_checkpoint(
            PART, position, stream([("a", b"1"), ("b", b"")], [], [("c", bytes(range(256)) * 99)])
        )
        stored = await journal.load_checkpoint(PART)
        assert stored is not None
        assert stored.position == position
        assert stored.records == {"a": b"1", "b": b"", "c": bytes(range(256)) * 99}
        assert await journal.load_checkpoint("other") is None


@pytest.mark.gen_test
async def test_a_second_checkpoint_changes_only_the_records_it_names(engine: Engine) -> None:
    async with engine.opened() as journal:
        await journal.save_checkpoint(PART, Position("aaaaaaaa", 1), stream([("a", b"1"), ("b", b"2"), ("c", b"3")]))
        second = stream([("b", b"22"), ("d", b"4")], [("c", None), ("never", None), ("d", None)], [("e", b"5")])
        await journal.save_checkpoint(PART, Position("bbbbbbbb", 2), second)
        stored = await journal.load_checkpoint(PART)
        assert stored == (Position("bbbbbbbb", 2), {"a": b"1", "b": b"22", "e": b"5"})


@pytest.mark.gen_test
async def test_a_checkpoint_that_fails_midway_leaves_the_old_one(engine: Engine) -> None:
    async def failing() -> AsyncIterator[Records]:
        yield [("a", b"new"), ("b", None)]
        yield [("c", b"3")]
        raise RuntimeError("capture failed")

    async with engine.opened() as journal:
        await journal.save_checkpoint(PART, Position("aaaaaaaa", 1), stream([("a", b"1"), ("b", b"2")]))
        with pytest.raises(RuntimeError, match="capture failed"):
            await journal.save_checkpoint(PART, Position("aaaaaaaa", 9), failing())
        old = (Position("aaaaaaaa", 1), {"a": b"1", "b": b"2"})
        assert await journal.load_checkpoint(PART) == old
        await journal.save_checkpoint(PART, Position("aaaaaaaa", 2), stream([("z", b"26")]))
        stored = await journal.load_checkpoint(PART)
        assert stored == (Position("aaaaaaaa", 2), {**old[1], "z": b"26"})


@pytest.mark.gen_test
async def test_a_cancelled_checkpoint_leaves_the_old_one(engine: Engine) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[Records]:
        yield [("a", b"new")]
        begun.set()
        await asyncio.get_running_loop().create_future()
        yield []

    async with engine.opened() as journal:
        await journal.save_checkpoint(PART, Position("aaaaaaaa", 1), stream([("a", b"1")]))
        task = asyncio.ensure_future(journal.save_checkpoint(PART, Position("aaaaaaaa", 9), endless()))
        async with deadline(10):
            await begun.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert await journal.load_checkpoint(PART) == (Position("aaaaaaaa", 1), {"a": b"1"})


async def stepwise(turn: asyncio.Event, done: asyncio.Event, *records: str) -> AsyncIterator[Records]:
    """Give the first record, let the other checkpoint take a step, then give the rest."""
    yield [(records[0], b"1")]
    done.set()
    with contextlib.suppress(TimeoutError):  # an engine may let only one begin
        async with asyncio.timeout(0.2):
            await turn.wait()
    for record in records[1:]:
        yield [(record, b"1")]


@pytest.mark.gen_test
async def test_two_checkpoints_at_once_are_both_whole(engine: Engine) -> None:
    one, two = asyncio.Event(), asyncio.Event()
    async with engine.opened() as journal, deadline(10):
        await asyncio.gather(
            journal.save_checkpoint(PART, Position("aaaaaaaa", 1), stepwise(one, two, "a", "b")),
            journal.save_checkpoint("other", Position("aaaaaaaa", 2), stepwise(two, one, "c", "d")),
        )
        assert await journal.load_checkpoint(PART) == (Position("aaaaaaaa", 1), {"a": b"1", "b": b"1"})
        assert await journal.load_checkpoint("other") == (Position("aaaaaaaa", 2), {"c": b"1", "d": b"1"})


@pytest.mark.gen_test
async def test_of_two_checkpoints_on_one_base_one_is_refused(engine: Engine) -> None:
    one, two = asyncio.Event(), asyncio.Event()
    async with engine.opened() as journal, deadline(10):
        told = await asyncio.gather(
            journal.save_checkpoint(PART, Position("aaaaaaaa", 1), stepwise(one, two, "a", "b"), base=None),
            journal.save_checkpoint(PART, Position("aaaaaaaa", 2), stepwise(two, one, "c", "d"), base=None),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in told) == ["Conflict", "NoneType"]
        stored = await journal.load_checkpoint(PART)
        assert stored is not None
        assert stored.records in ({"a": b"1", "b": b"1"}, {"c": b"1", "d": b"1"})


@pytest.mark.gen_test
async def test_a_checkpoint_that_is_cancelled_twice_spoils_no_later_one(engine: Engine) -> None:
    begun = asyncio.Event()

    async def ends_slowly() -> AsyncIterator[Records]:
        yield [("a", b"new")]
        begun.set()
        await asyncio.get_running_loop().create_future()

    async with engine.opened() as journal, deadline(10):
        for turns in range(4):  # the second cancellation comes a little later each time
            task = asyncio.ensure_future(journal.save_checkpoint(PART, Position("aaaaaaaa", 9), ends_slowly()))
            await begun.wait()
            begun.clear()
            task.cancel()
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await journal.save_checkpoint(PART, Position("aaaaaaaa", 1), stream([("a", b"1")]))
        assert await journal.load_checkpoint(PART) == (Position("aaaaaaaa", 1), {"a": b"1"})


@pytest.mark.gen_test
async def test_appends_go_on_while_a_checkpoint_is_stored(engine: Engine) -> None:
    async with engine.opened() as journal:

        async def slow() -> AsyncIterator[Records]:
            for number in range(5):
                assert (await journal.append(PART, b"x")).seq == number + 1
                yield [(str(number), b"x")]

        async with deadline(10):
            await journal.save_checkpoint(PART, Position("aaaaaaaa", 1), slow())
        assert journal.head(PART).seq == 5


@pytest.mark.gen_test
async def test_a_whole_checkpoint_replaces_all_records(engine: Engine) -> None:
    async with engine.opened() as journal:
        await journal.save_checkpoint(PART, Position("aaaaaaaa", 1), stream([("a", b"1"), ("b", b"2")]))
        await journal.save_checkpoint(PART, Position("aaaaaaaa", 2), stream([("b", b"3")]), whole=True)
        assert await journal.load_checkpoint(PART) == (Position("aaaaaaaa", 2), {"b": b"3"})


# --- leases ---


@pytest.mark.gen_test
async def test_a_lease_that_is_free_is_had_and_kept(engine: Engine) -> None:
    async with engine.opened() as journal:
        assert await journal.hold("work", 5)
        assert await journal.hold("work", 5)
        assert await journal.hold("other work", 5)
