"""Directory of users, tokens and rooms after a pause of the process or of its store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.accounts import directory as directory_module
from dashboard.accounts.directory import Directory
from dashboard.entries.signals import Signal
from dashboard.store import database as database_module
from dashboard.store.commit_count import CommitMark
from dashboard.store.database import Database
from tests.support.deadline import deadline
from tests.support.nodes import until
from tests.support.stores import NOW, Place, make_user

pytestmark = pytest.mark.gen_test

_TRANSACTION_S = 2.5


class Standing(Database):
    """Store whose reading transactions stall the process, as often as the test says."""

    times = reads = marks = 0

    async def mark(self) -> CommitMark | None:
        self.marks += 1
        return await super().mark()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        self.reads += 1
        async with super().read() as tx:
            if self.times:
                self.times -= 1
                time.sleep(_TRANSACTION_S + 0.1)  # this is what it is about
            yield tx


@asynccontextmanager
async def _at_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Directory, Standing]]:
    monkeypatch.setattr(database_module, "_TRANSACTION_S", _TRANSACTION_S)
    async with Place("sqlite", folder, None).one() as database:
        database.__class__ = Standing
        assert isinstance(database, Standing)
        directory = Directory(database, now_ms=lambda: NOW)
        await directory.look()
        running = asyncio.create_task(directory.run())
        try:
            yield directory, database
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def test_a_process_that_stood_still_does_not_say_that_the_store_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _at_work(tmp_path, monkeypatch) as (directory, database):
        database.times = 1
        await make_user(database, "ann")
        await until(lambda: "ann" in directory.users)
        assert (database.times, directory.fault) == (0, "")


@pytest.mark.expects_log(
    "the store of people and messages does not answer (TimeoutError); known users and tokens stay valid"
)
async def test_a_store_that_does_not_answer_twice_is_named_once_and_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with _at_work(tmp_path, monkeypatch) as (directory, database):
        database.times = 3
        await make_user(database, "ann")
        await until(lambda: directory.fault != "")
        await until(lambda: "ann" in directory.users)
        await until(lambda: directory.fault == "")
        assert len([r for r in caplog.records if r.name == "dashboard.accounts.directory"]) == 1


async def test_who_changes_something_does_not_wait_for_the_others_to_be_told(tmp_path: Path) -> None:
    async with Place("sqlite", tmp_path, None).one() as database:
        directory = Directory(database, now_ms=lambda: NOW)

        async def never(_: Signal) -> bool:
            await asyncio.Event().wait()
            return True

        directory.say = never
        await make_user(database, "ann")
        async with deadline(3):
            await directory.changed()
        assert "ann" in directory.users


async def test_the_store_is_read_only_when_something_was_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_module, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(directory_module, "_QUERY_EVERY_S", 1e9)
    place = Place("sqlite", tmp_path, None)
    async with _at_work(tmp_path, monkeypatch) as (directory, database), place.one() as other:
        for name in ("ann", "bob"):  # by another process
            await make_user(other, name)
            await until(lambda name=name: name in directory.users)  # type: ignore[misc]
        reads, marks = database.reads, database.marks
        await until(lambda: database.marks > marks + 5)
        assert database.reads == reads
        monkeypatch.setattr(directory_module, "_QUERY_EVERY_S", 0.0)  # the time for it has come
        await until(lambda: database.reads > reads + 1)
