"""Migrations create the tables that the queries expect, in both databases."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from dashboard.data_folder.folder import DataFolder
from dashboard.domain.errors import ConfigurationError
from dashboard.store import database as database_module
from dashboard.store.database import open_database
from dashboard.store.migrate import upgrade
from dashboard.store.schema import metadata
from tests.support.deadline import scaled
from tests.support.postgres import PostgresServer
from tests.support.redis_server import free_port
from tests.support.stores import Place

pytestmark = pytest.mark.gen_test

_PROCESS = """
import asyncio, sys
from pathlib import Path
from dashboard.data_folder.folder import DataFolder
from dashboard.store.database import open_database

async def main():
    database = open_database(sys.argv[1], DataFolder(Path(sys.argv[2])))
    sys.stdin.readline()
    await database.open()
    await database.close()

asyncio.run(main())
"""


def _differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def _constraints(connection: Connection) -> dict[str, Any]:
    """Return what Alembic does not compare: keys and their names."""
    found = inspect(connection)
    return {
        table: (
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((key["referred_table"], *key["constrained_columns"]) for key in found.get_foreign_keys(table)),
            sorted(tuple(unique["column_names"]) for unique in found.get_unique_constraints(table)),
        )
        for table in found.get_table_names()
        if table != "alembic_version"
    }


async def test_the_migrations_make_what_the_queries_know(place: Place, tmp_path: Path) -> None:
    async with place.one() as database, database.write() as tx:
        assert await tx.run_sync(_differences) == []
        made = await tx.run_sync(_constraints)
        await tx.run_sync(metadata.drop_all)
        await tx.run_sync(metadata.create_all)
        assert made == await tx.run_sync(_constraints)


async def test_to_bring_up_to_date_what_is_so_changes_nothing(place: Place) -> None:
    async with place.one() as database:
        async with database.write() as tx:
            await tx.execute(text("UPDATE revisions SET value = 7"))
        await database.open()
        async with database.write() as tx:
            await tx.run_sync(upgrade)
            assert (await tx.execute(text("SELECT value FROM revisions"))).scalars().all() == [7]
            assert (await tx.execute(text("SELECT count(*) FROM alembic_version"))).scalar_one() == 1
            assert await tx.run_sync(_differences) == []


async def test_processes_that_start_at_once_bring_it_up_to_date_once(place: Place) -> None:
    place.folder.mkdir(parents=True, exist_ok=True)
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, place.url, str(place.folder)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in starting:
        _, complaint = process.communicate(timeout=scaled(50))
        assert process.returncode == 0, complaint
    async with place.one() as database, database.write() as tx:
        assert (await tx.execute(text("SELECT id, value FROM revisions"))).all() == [(1, 0)]
        assert await tx.run_sync(_differences) == []


async def test_a_postgresql_that_is_there_later_is_waited_for(tmp_path: Path) -> None:
    postgres = PostgresServer("fsync=off")
    database = open_database(postgres.url, DataFolder(tmp_path))
    opening = asyncio.create_task(database.open())
    try:
        await asyncio.to_thread(postgres.start)  # it takes a second or more to make it
        await opening
        async with database.read() as tx:
            assert await tx.run_sync(_differences) == []
        with pytest.raises(ConfigurationError, match='"nowhere" does not exist'):  # at once
            await open_database(postgres.url.replace("/postgres", "/nowhere"), DataFolder(tmp_path)).open()
    finally:
        opening.cancel()
        await database.close()
        postgres.close()


async def test_a_postgresql_that_never_comes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_START_S", 0.0)
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    with pytest.raises(ConfigurationError, match=r"the store cannot be used: .*refused"):
        await open_database(url, DataFolder(tmp_path)).open()
