"""The journal's contract (dashboard/journal/port.py): every engine passes these unchanged."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from dashboard.domain.position import Position
from dashboard.journal.port import Entry, Gap
from tests.support.deadline import deadline
from tests.support.journals import PART, Engine, payloads, read, start_of

# --- order ---


@pytest.mark.gen_test
async def test_a_new_journal_is_empty(engine: Engine) -> None:
    async with engine.opened() as journal:
        assert journal.head(PART).seq == 0
        assert journal.size_bytes() == 0
        assert journal.fault() == ""
        assert await journal.load_checkpoint(PART) is None


@pytest.mark.gen_test
async def test_seq_is_contiguous_from_one_and_time_is_the_journals(engine: Engine) -> None:
    async with engine.opened() as journal:
        epoch = journal.head(PART).epoch
        for number in range(1, 6):
            assert await journal.append(PART, b"%d" % number) == Position(epoch, number)
            assert journal.head(PART) == Position(epoch, number)
            engine.time.move(1)
        got = await read(journal, start_of(journal), 5)
        assert got == [Entry(n, 1_700_000_000_000 + (n - 1) * 1000, b"%d" % n) for n in range(1, 6)]


@pytest.mark.gen_test
async def test_partitions_are_counted_apart(engine: Engine) -> None:
    async with engine.opened() as journal:
        assert (await journal.append("a", b"1")).seq == 1
        assert (await journal.append("b", b"2", request_id="r")).seq == 1
        assert (await journal.append("a", b"3", request_id="r")).seq == 2
        assert payloads(await read(journal, start_of(journal, "a"), 2, "a")) == [b"1", b"3"]
        assert payloads(await read(journal, start_of(journal, "b"), 1, "b")) == [b"2"]
        assert journal.size_bytes() == 3


@pytest.mark.gen_test
async def test_concurrent_appends_get_distinct_contiguous_numbers_and_keep_each_tasks_order(engine: Engine) -> None:
    async def feeder(name: int) -> list[int]:
        return [(await journal.append(PART, b"%d:%d" % (name, n))).seq for n in range(10)]

    async with engine.opened() as journal:
        each = await asyncio.gather(*(feeder(name) for name in range(30)))
        assert sorted(seq for seqs in each for seq in seqs) == list(range(1, 301))
        assert all(seqs == sorted(seqs) for seqs in each)
        kept = {
            entry.seq: entry.payload
            for entry in await read(journal, start_of(journal), 300)
            if isinstance(entry, Entry)
        }
        assert all(kept[seq] == b"%d:%d" % (name, n) for name, seqs in enumerate(each) for n, seq in enumerate(seqs))


@pytest.mark.gen_test
async def test_any_bytes_come_back_as_they_were(engine: Engine) -> None:
    payloads = [b"", b"\x00", bytes(range(256)), b"x" * 1_000_000]
    async with engine.opened() as journal:
        for payload in payloads:
            await journal.append(PART, payload)
        got = await read(journal, start_of(journal), len(payloads))
        assert [entry.payload for entry in got if isinstance(entry, Entry)] == payloads
        assert journal.size_bytes() == sum(map(len, payloads))


# --- idempotence ---


@pytest.mark.gen_test
async def test_a_request_seen_before_stores_nothing(engine: Engine) -> None:
    async with engine.opened() as journal:
        first = await journal.append(PART, b"one", request_id="r1")
        await journal.append(PART, b"two", request_id="r2")
        assert await journal.append(PART, b"other bytes", request_id="r1") == first
        assert journal.head(PART).seq == 2
        assert journal.size_bytes() == 6
        assert (await journal.append(PART, b"three")).seq == 3


@pytest.mark.gen_test
async def test_the_same_request_many_times_at_once_is_one_entry(engine: Engine) -> None:
    async with engine.opened() as journal:
        names = ["r1", "r2", "r1", "", "r1", "r2", ""]
        got = await asyncio.gather(*(journal.append(PART, b"x", request_id=name) for name in names))
        assert [p.seq for p in got] == [1, 2, 1, 3, 1, 2, 4]
        assert len(await read(journal, start_of(journal), 4)) == 4
        assert journal.size_bytes() == 4


@pytest.mark.gen_test
async def test_appends_without_a_request_id_are_all_stored(engine: Engine) -> None:
    async with engine.opened() as journal:
        got = await asyncio.gather(*(journal.append(PART, b"same") for _ in range(5)))
        assert [p.seq for p in got] == [1, 2, 3, 4, 5]


@pytest.mark.gen_test
async def test_a_request_is_remembered_while_its_entry_is_kept_and_not_for_ever(engine: Engine) -> None:
    async with engine.opened(max_bytes=1000) as journal:
        for number in range(50):
            await journal.append(PART, b"x" * 100, request_id=f"r{number}")
        for seq in range(42, 51):
            assert (await journal.append(PART, b"", request_id=f"r{seq - 1}")).seq == seq
        assert (await journal.append(PART, b"again", request_id="r0")).seq == 51


@pytest.mark.gen_test
async def test_a_cancelled_append_is_not_taken_back(engine: Engine) -> None:
    async with engine.opened() as journal:
        task = asyncio.ensure_future(journal.append(PART, b"one", request_id="r"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await journal.append(PART, b"one", request_id="r")).seq == 1
        assert payloads(await read(journal, start_of(journal), 1)) == [b"one"]


# --- follow ---


@pytest.mark.gen_test
async def test_a_reader_gets_history_and_then_what_comes(engine: Engine) -> None:
    async with engine.opened() as journal:
        for number in range(1, 6):
            await journal.append(PART, b"%d" % number)
        got: list[int] = []
        reading = asyncio.Event()

        async def follow() -> None:
            async for batch in journal.follow(PART, Position(journal.head(PART).epoch, 2)):
                assert not isinstance(batch, Gap)
                assert batch
                got.extend(entry.seq for entry in batch)
                reading.set()
                if got[-1] == 25:
                    return

        reader = asyncio.ensure_future(follow())
        async with deadline(10):
            await reading.wait()
            assert got == [3, 4, 5]
            await asyncio.gather(*(journal.append(PART, b"x") for _ in range(20)))
            await reader
        assert got == list(range(3, 26))


@pytest.mark.gen_test
async def test_many_readers_from_many_places_all_get_everything(engine: Engine) -> None:
    async with engine.opened() as journal:
        await asyncio.gather(*(journal.append(PART, b"x") for _ in range(20)))
        epoch = journal.head(PART).epoch
        readers = [asyncio.ensure_future(read(journal, Position(epoch, after), 40)) for after in range(0, 40, 3)
                   if after <= 20]  # fmt: skip
        await asyncio.gather(*(journal.append(PART, b"y") for _ in range(20)))
        for after, got in zip(range(0, 40, 3), await asyncio.gather(*readers), strict=False):
            assert [entry.seq for entry in got if isinstance(entry, Entry)] == list(range(after + 1, 41))


@pytest.mark.gen_test
async def test_an_acknowledged_entry_is_there_for_readers_at_once(engine: Engine) -> None:
    async with engine.opened() as journal:
        position = await journal.append(PART, b"x")
        assert journal.head(PART) == position
        batches = journal.follow(PART, start_of(journal))
        assert await anext(batches) == [Entry(1, 1_700_000_000_000, b"x")]


@pytest.mark.gen_test
async def test_a_reader_of_another_epoch_is_told_and_gets_what_there_is(engine: Engine) -> None:
    async with engine.opened() as journal:
        await journal.append(PART, b"1")
        await journal.append(PART, b"2")
        got = await read(journal, Position("00000000", 1), 2)
        assert got[0] == Gap("epoch", start_of(journal))
        assert [e.seq for e in got[1:] if isinstance(e, Entry)] == [1, 2]


@pytest.mark.gen_test
async def test_a_reader_of_another_epoch_of_an_empty_journal_is_told_too(engine: Engine) -> None:
    async with engine.opened() as journal:
        assert await read(journal, Position("00000000", 7), 0) == [Gap("epoch", start_of(journal))]


@pytest.mark.gen_test
async def test_a_reader_that_is_ahead_is_told_and_gets_what_there_is(engine: Engine) -> None:
    async with engine.opened() as journal:
        for payload in (b"1", b"2"):
            await journal.append(PART, payload)
        got = await read(journal, Position(journal.head(PART).epoch, 3), 2)
        assert got[0] == Gap("ahead", start_of(journal))
        assert [e.seq for e in got[1:] if isinstance(e, Entry)] == [1, 2]


@pytest.mark.gen_test
async def test_a_reader_at_the_head_gets_no_gap(engine: Engine) -> None:
    async with engine.opened() as journal:
        head = await journal.append(PART, b"1")
        reader = asyncio.ensure_future(read(journal, head, 2))
        await journal.append(PART, b"2")
        assert [type(each) for each in await reader] == [Entry]


# --- bounds ---


@pytest.mark.gen_test
async def test_size_is_bounded_by_bytes_and_a_reader_of_what_is_gone_is_told(engine: Engine) -> None:
    async with engine.opened(max_bytes=10_000) as journal:
        for _ in range(50):
            await journal.append(PART, b"x" * 1000)
        await journal.append(PART, b"last")
        assert 8_000 <= journal.size_bytes() <= 12_000
        got = await read(journal, start_of(journal), 51)
        if not engine.memory_beyond:
            assert isinstance(got[0], Gap)
        entries = [each for each in got if isinstance(each, Entry)]
        assert [entry.seq for entry in entries] == list(range(entries[0].seq, 52))
        if isinstance(gap := got[0], Gap):  # nothing skipped in silence
            assert gap == Gap("trimmed", Position(journal.head(PART).epoch, entries[0].seq - 1))
            assert 8 <= len(entries) <= 13
        else:
            assert entries[0].seq == 1


@pytest.mark.gen_test
async def test_what_is_too_old_is_let_go_of(engine: Engine) -> None:
    async with engine.opened(max_age_s=60) as journal:
        for _ in range(10):
            await journal.append(PART, b"old")
            engine.time.move(1)
        engine.time.move(55)  # the first five are now older than a minute, the others are not
        await journal.append(PART, b"now")
        await journal.append(PART, b"now")
        got = await read(journal, start_of(journal), 12)
        assert got[0] == Gap("trimmed", Position(journal.head(PART).epoch, 5)) or engine.memory_beyond
        assert journal.size_bytes() == 5 * 3 + 2 * 3


@pytest.mark.gen_test
async def test_numbers_go_on_when_everything_was_let_go_of(engine: Engine) -> None:
    async with engine.opened(max_age_s=60) as journal:
        for _ in range(3):
            await journal.append(PART, b"x")
        engine.time.move(1000)
        assert (await journal.append(PART, b"x")).seq == 4
        assert (await journal.append(PART, b"x")).seq == 5


@pytest.mark.gen_test
async def test_a_reader_that_was_overtaken_by_the_trimming_is_told(engine: Engine) -> None:
    async with engine.opened(max_bytes=2_000) as journal:
        await journal.append(PART, b"x")
        async with aclosing(journal.follow(PART, start_of(journal))) as batches:  # type: ignore[type-var]
            assert await anext(batches) == [Entry(1, 1_700_000_000_000, b"x")]
            for _ in range(40):
                await journal.append(PART, b"x" * 500)
            seqs: list[int] = []
            gaps = 0
            async with deadline(10):
                while not seqs or seqs[-1] < 41:
                    batch = await anext(batches)
                    if isinstance(batch, Gap):
                        gaps += 1
                        assert not seqs
                    else:
                        seqs += [entry.seq for entry in batch]
            assert seqs == list(range(seqs[0], 42))
            assert bool(gaps) == (seqs[0] != 2)  # nothing skipped in silence
