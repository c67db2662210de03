"""Transactions on a file, and which errors come out of them. Locks and PostgreSQL are in tests/contract and tests/faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError

from dashboard.data_folder.folder import DataFolder
from dashboard.domain.errors import ConfigurationError, Invalid, NotFound, Unavailable
from dashboard.store.database import PEOPLE_FILE, Database, open_database
from dashboard.store.private_boards import note_private, private_ever
from tests.unit.boards.test_library import opened

pytestmark = pytest.mark.gen_test


async def write_and_fail(database: Database) -> None:
    async with database.write() as tx:
        await note_private(tx, "lost", gone=False)
        raise NotFound("of the caller")


async def test_what_a_failed_transaction_wrote_is_taken_back_and_its_error_passes(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        async with database.write() as tx:
            await note_private(tx, "kept", gone=False)
        with pytest.raises(NotFound):
            await write_and_fail(database)
        async with database.read() as tx:
            assert await private_ever(tx) == {"kept": False}


async def test_a_reader_goes_on_with_its_snapshot_while_another_writes(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        before = await database.mark()
        async with database.read() as reading:
            assert await private_ever(reading) == {}
            async with database.write() as tx:
                await note_private(tx, "new", gone=False)
            assert await private_ever(reading) == {}
        assert await database.mark() != before


async def test_errors_of_the_store_are_this_servers_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        with pytest.raises(Unavailable, match="no such table: none"):
            async with database.read() as tx:
                await tx.execute(text("SELECT * FROM none WHERE secret = 'hunter2'"))
        with pytest.raises(Invalid, match="cannot be stored"):
            async with database.write():
                raise DataError("INSERT", {}, ValueError("a NUL"))
        database._folder.fault = "the folder is gone"  # type: ignore[union-attr]  # a file has its folder
        with pytest.raises(Unavailable, match="the folder is gone"):
            async with database.write():
                pass
        assert await database.mark() is None


async def test_a_damaged_file_stops_the_start_and_names_the_cure(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    file = tmp_path / PEOPLE_FILE
    file.write_bytes(b"no database at all" * 100)
    database = open_database("", DataFolder(tmp_path))
    with pytest.raises(ConfigurationError, match=PEOPLE_FILE):
        await database.open()
    await database.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://u:hunter2@h/d", "write postgresql://"),
        ("no url", "not a database URL"),
        ("postgresql://u:hunter2@h:port/d", "not a database URL"),
    ],
)
async def test_an_address_of_no_known_store_is_refused_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as refused:
        open_database(url, DataFolder(Path("/dev/null")))
    assert "hunter2" not in str(refused.value)
