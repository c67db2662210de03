"""The sqlite engine beyond the contract: it survives kills, locks its folder, commits in groups, and recovers."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.domain.errors import ConfigurationError, Overloaded, Unavailable
from dashboard.domain.position import Position
from dashboard.journal import sqlite
from dashboard.journal.port import Entry, Gap, Journal
from dashboard.journal.sqlite import SqliteJournal
from dashboard.journal.tail import Tail
from tests.support.deadline import deadline, scaled, within
from tests.support.journals import PART, Engine, payloads, read, start_of


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine("sqlite", tmp_path / "data")


def file_of(journal: Journal) -> Any:
    assert isinstance(journal, SqliteJournal)
    return journal._file


async def one(*records: tuple[str, bytes | None]) -> AsyncIterator[list[tuple[str, bytes | None]]]:
    yield list(records)


async def answered(*appends: asyncio.Future[Position]) -> None:
    """Wait until all appends are answered; fail if one of them never is."""
    _, pending = await asyncio.wait(appends, timeout=scaled(10))
    for append in pending:
        append.cancel()
    await asyncio.gather(*appends, return_exceptions=True)
    assert not pending


# --- surviving ---


@pytest.mark.gen_test
async def test_everything_is_there_after_reopening(engine: Engine) -> None:
    async with engine.opened() as journal:
        for number in range(1, 4):
            await journal.append(PART, b"%d" % number, request_id=f"r{number}")
        await journal.append("other", b"x")
        head = journal.head(PART)
        await journal.save_checkpoint(PART, head, one(("a", b"1")))
    async with engine.opened() as journal:
        assert journal.head(PART) == head
        assert journal.head("other").seq == 1
        assert journal.size_bytes() == 4
        assert await journal.load_checkpoint(PART) == (head, {"a": b"1"})
        assert await journal.append(PART, b"again", request_id="r2") == Position(head.epoch, 2)
        assert await journal.append(PART, b"4") == Position(head.epoch, 4)
        got = await read(journal, start_of(journal), 4)
        assert payloads(got) == [b"1", b"2", b"3", b"4"]


@pytest.mark.gen_test
async def test_a_new_folder_has_another_epoch(tmp_path: Path) -> None:
    epochs = set()
    for name in ("one", "two", "one"):
        async with Engine("sqlite", tmp_path / name).opened() as journal:
            epochs.add(journal.head(PART).epoch)
    assert len(epochs) == 2


@pytest.mark.gen_test
async def test_numbers_go_on_after_reopening_a_journal_that_was_trimmed_empty(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "TRIM_EVERY_S", -1.0)
    async with engine.opened(max_bytes=0) as journal:
        for _ in range(3):
            await journal.append(PART, b"x")
        await journal.append(PART, b"")
    async with engine.opened(max_bytes=0) as journal:
        assert journal.head(PART).seq == 4
        assert (await journal.append(PART, b"")).seq == 5
        got = await read(journal, start_of(journal), 5)
        assert isinstance(got[0], Gap)
        assert got[0].reason == "trimmed"


@pytest.mark.gen_test
async def test_a_long_history_is_read_from_the_file_in_order(engine: Engine) -> None:
    async with engine.opened() as journal:
        await asyncio.gather(*(journal.append(PART, b"%d" % n) for n in range(2_500)))
    async with engine.opened() as journal:
        reader = asyncio.ensure_future(read(journal, start_of(journal), 2_600))
        await asyncio.gather(*(journal.append(PART, b"%d" % (2_500 + n)) for n in range(100)))
        got = await reader
        assert [(e.seq, e.payload) for e in got if isinstance(e, Entry)] == [(n + 1, b"%d" % n) for n in range(2_600)]


@pytest.mark.gen_test
async def test_what_waits_is_stored_by_close(engine: Engine) -> None:
    journal = engine.make()
    await journal.open()  # and never run
    waiting = [asyncio.ensure_future(journal.append(PART, b"%d" % n)) for n in range(3)]
    await asyncio.sleep(0)
    await journal.close()
    assert [p.seq for p in await asyncio.gather(*waiting)] == [1, 2, 3]


@pytest.mark.gen_test
async def test_appends_under_way_when_the_journal_stops_are_answered(engine: Engine) -> None:
    """Appends that came in the meantime are stored: the heads in memory must not be behind those of the file."""
    journal = engine.make()
    await journal.open()
    running = asyncio.ensure_future(journal.run())
    begun, go_on = threading.Event(), threading.Event()
    store = file_of(journal).append

    def gated(*args: Any) -> Any:
        begun.set()
        go_on.wait(scaled(10))
        return store(*args)

    file_of(journal).append = gated
    first = asyncio.ensure_future(journal.append(PART, b"1"))
    await asyncio.get_running_loop().run_in_executor(None, begun.wait, 10)
    second = asyncio.ensure_future(journal.append(PART, b"2"))
    await asyncio.sleep(0)
    running.cancel()
    go_on.set()
    await asyncio.gather(running, return_exceptions=True)
    await journal.close()
    await answered(first, second)
    assert [first.result().seq, second.result().seq] == [1, 2]


@pytest.mark.gen_test
async def test_an_append_that_cannot_be_stored_does_not_harm_its_neighbours(engine: Engine) -> None:
    async with engine.opened() as journal:
        bad = asyncio.ensure_future(journal.append(PART, b"1", request_id="\ud800"))  # not a character: no UTF-8 for it
        good = asyncio.ensure_future(journal.append(PART, b"2"))
        await answered(bad, good)


# --- one at a time ---


@pytest.mark.gen_test
async def test_a_second_opener_of_the_folder_is_refused_and_harms_nothing(engine: Engine) -> None:
    async with engine.opened() as journal:
        await journal.append(PART, b"1")
        second = engine.make()
        with pytest.raises(ConfigurationError, match="another dashboard server is using this folder"):
            await second.open()
        await second.close()
        assert (await journal.append(PART, b"2")).seq == 2
    async with engine.opened() as journal:
        assert journal.head(PART).seq == 2


@pytest.mark.gen_test
async def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        journal = Engine("sqlite", folder).make()
        with pytest.raises(ConfigurationError, match="--data"):
            await journal.open()
        await journal.close()


@pytest.mark.gen_test
async def test_a_journal_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"this is not a database" * 100)
    journal = Engine("sqlite", tmp_path).make()
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        await journal.open()
    await journal.close()


@pytest.mark.expects_log("was damaged and is put aside")
@pytest.mark.gen_test
async def test_a_checkpoint_that_is_no_database_is_put_aside(engine: Engine) -> None:
    engine.folder.mkdir(exist_ok=True)
    (engine.folder / "checkpoint.sqlite3").write_bytes(b"this is not a database" * 100)
    async with engine.opened() as journal:
        assert await journal.load_checkpoint(PART) is None
        await journal.append(PART, b"1")
    assert (engine.folder / "checkpoint.damaged").exists()


# --- group commit ---


@pytest.mark.gen_test
async def test_many_concurrent_appends_need_few_transactions(engine: Engine) -> None:
    async with engine.opened() as journal:
        sizes: list[int] = []
        store: Callable[..., list[int]] = file_of(journal).append

        def counting(rows: list[Any], *args: Any) -> list[int]:
            sizes.append(len(rows))
            return store(rows, *args)

        file_of(journal).append = counting
        await asyncio.gather(*(journal.append(PART, b"x") for _ in range(1_000)))
        assert sum(sizes) == 1_000
        assert len(sizes) <= 5


@pytest.mark.gen_test
async def test_what_is_appended_during_a_commit_goes_into_the_next_one(engine: Engine) -> None:
    async with engine.opened() as journal:
        begun, go_on = threading.Event(), threading.Event()
        sizes: list[int] = []
        store: Callable[..., list[int]] = file_of(journal).append

        def gated(rows: list[Any], *args: Any) -> list[int]:
            sizes.append(len(rows))
            begun.set()
            go_on.wait(scaled(10))
            return store(rows, *args)

        file_of(journal).append = gated
        first = asyncio.ensure_future(journal.append(PART, b"1", request_id="same"))
        await asyncio.get_running_loop().run_in_executor(None, begun.wait, 10)
        rest = [asyncio.ensure_future(journal.append(PART, b"x", request_id="same")) for _ in range(50)]
        await asyncio.sleep(0)
        go_on.set()
        assert {p.seq for p in await asyncio.gather(first, *rest)} == {1}
        assert sizes == [1, 50]
        assert journal.size_bytes() == 1


# --- trouble ---


@pytest.mark.gen_test
async def test_a_full_disk_is_told_and_mends_by_itself(engine: Engine) -> None:
    async with engine.opened() as journal:
        await journal.append(PART, b"1")
        store = file_of(journal).append

        def full(*args: Any) -> Any:
            raise sqlite3.OperationalError("database or disk is full")

        file_of(journal).append = full
        results = await asyncio.gather(*(journal.append(PART, b"x") for _ in range(5)), return_exceptions=True)
        assert [type(result) for result in results] == [Unavailable] * 5
        assert "disk is full" in journal.fault()
        assert journal.head(PART).seq == 1
        assert payloads(await read(journal, start_of(journal), 1)) == [b"1"]  # reads go on
        file_of(journal).append = store
        assert (await journal.append(PART, b"2")).seq == 2
        assert journal.fault() == ""


@pytest.mark.gen_test
async def test_a_locked_database_is_told_and_mends_by_itself(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.01)
    async with engine.opened() as journal:
        await journal.append(PART, b"1", request_id="a")
        other = sqlite3.connect(engine.folder / "journal.sqlite3", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match="locked"):
            await journal.append(PART, b"2", request_id="b")
        assert "locked" in journal.fault()
        assert payloads(await read(journal, start_of(journal), 1)) == [b"1"]
        other.execute("ROLLBACK")
        other.close()
        assert (await journal.append(PART, b"2", request_id="b")).seq == 2
        assert (await journal.append(PART, b"1", request_id="a")).seq == 1


@pytest.mark.gen_test
async def test_a_locked_database_is_waited_for_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", scaled(2))
    loop = asyncio.get_running_loop()
    async with engine.opened(max_bytes=1) as journal:
        await asyncio.gather(*(journal.append(PART, b"%d" % n) for n in range(5)))
        other = sqlite3.connect(engine.folder / "journal.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = loop.time()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await journal._writer.call(file_of(journal).trim, 0, 1)  # type: ignore[attr-defined]
        within(loop.time() - began, 1.5, "what can be done later is given up")
        appends = [asyncio.ensure_future(journal.append(PART, b"a"))]
        await asyncio.sleep(0.1)
        appends.append(asyncio.ensure_future(journal.append(PART, b"b")))
        results = await asyncio.gather(*appends, return_exceptions=True)
        assert [type(result) for result in results] == [Unavailable] * 2
        within(loop.time() - began, 3.5, "one wait for all")
        other.execute("ROLLBACK")
        other.close()
        assert (await journal.append(PART, b"c")).seq == 6
        assert journal._waiting_bytes == 0  # type: ignore[attr-defined]


@pytest.mark.gen_test
async def test_a_locked_checkpoint_is_told_and_does_not_touch_the_journal(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.01)
    async with engine.opened() as journal:
        await journal.save_checkpoint(PART, Position("aaaaaaaa", 1), one(("a", b"1")))
        other = sqlite3.connect(engine.folder / "checkpoint.sqlite3", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match="locked"):
            await journal.save_checkpoint(PART, Position("aaaaaaaa", 2), one(("a", b"2")))
        assert (await journal.append(PART, b"1")).seq == 1
        other.execute("ROLLBACK")
        other.close()
        assert await journal.load_checkpoint(PART) == (Position("aaaaaaaa", 1), {"a": b"1"})
        await journal.save_checkpoint(PART, Position("aaaaaaaa", 3), one(("a", b"3")))
        assert await journal.load_checkpoint(PART) == (Position("aaaaaaaa", 3), {"a": b"3"})


@pytest.mark.gen_test
async def test_a_failed_commit_takes_nothing(engine: Engine) -> None:
    """The numbers that a failed transaction assigned are assigned again."""
    async with engine.opened() as journal:
        file = file_of(journal)
        file._db.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON entries WHEN NEW.payload = x'21' BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        results = await asyncio.gather(
            *(journal.append(PART, p, request_id=p.decode()) for p in (b"1", b"2", b"!", b"3")), return_exceptions=True
        )
        assert [type(result) for result in results] == [Unavailable] * 4
        assert (await journal.append(PART, b"2", request_id="2")).seq == 1
        assert journal.size_bytes() == 1


@pytest.mark.gen_test
async def test_the_waiting_buffer_is_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "MAX_WAITING_BYTES", 1_000)
    monkeypatch.setattr(sqlite, "ENTRY_BYTES", 0)
    journal = engine.make()
    await journal.open()  # nothing is written until run
    waiting = [asyncio.ensure_future(journal.append(PART, b"x" * 100)) for _ in range(10)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await journal.append(PART, b"x")
    running = asyncio.ensure_future(journal.run())
    assert [p.seq for p in await asyncio.gather(*waiting)] == list(range(1, 11))
    assert (await journal.append(PART, b"x" * 1_000)).seq == 11
    with pytest.raises(Overloaded):
        await journal.append(PART, b"x" * 1_001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await journal.close()


@pytest.mark.gen_test
async def test_the_bound_holds_under_a_flood_of_small_entries(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One round of trimming (one a second) brings the journal back within its bound."""
    async with engine.opened(max_bytes=10_000) as journal:
        await asyncio.gather(*(journal.append(PART, b"x" * 10) for _ in range(8_000)))
        monkeypatch.setattr(sqlite, "TRIM_EVERY_S", -1.0)
        await journal.append(PART, b"x" * 10)
        async with deadline(20):
            while journal.size_bytes() > 11_000:
                await journal.append(PART, b"x" * 10)  # appends go on between the rows that are deleted


@pytest.mark.gen_test
async def test_a_fault_of_one_reader_does_not_end_the_storing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))

    push = Tail.push

    def push_and_fail(tail: Tail, entries: list[Entry]) -> None:
        push(tail, entries)
        raise RuntimeError("a reader's fault")

    async with engine.opened() as journal:
        with monkeypatch.context() as patch:
            patch.setattr(Tail, "push", push_and_fail)
            lost = asyncio.ensure_future(journal.append(PART, b"1"))
            async with deadline(10):
                while not faults:
                    await asyncio.sleep(0.01)
        lost.cancel()
        async with deadline(10):
            await journal.append(PART, b"2")


@pytest.mark.gen_test
async def test_an_append_to_a_closed_journal_is_answered(engine: Engine) -> None:
    async with engine.opened() as journal:
        await journal.append(PART, b"1")
    with pytest.raises(Unavailable):
        async with deadline(10):
            await journal.append(PART, b"2")
