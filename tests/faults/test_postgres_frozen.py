"""A frozen PostgreSQL (SIGSTOP) delays nobody for longer than a few seconds, and is reported."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from dashboard.accounts.directory import Directory
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.errors import Unavailable
from dashboard.store.database import Database, open_database
from tests.support.deadline import wait_until, within
from tests.support.postgres import PostgresServer, available
from tests.support.pulse import seconds_since
from tests.support.server import ServerProcess

pytestmark = [
    pytest.mark.gen_test,
    pytest.mark.skipif(not available(), reason="no PostgreSQL here"),
]
#: 3 s, and what a busy machine needs.
_MOST_S = 5.0


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer("fsync=off").start()
    yield server
    server.close()


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Signal processes, of which some may have ended by themselves (autovacuum workers)."""
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(number)


@contextmanager
def frozen(postgres: PostgresServer) -> Iterator[None]:
    head = psutil.Process(postgres.pid)
    processes = [head, *head.children(recursive=True)]
    try:
        signal_all(processes, signal.SIGSTOP)
        yield
    finally:
        signal_all(processes, signal.SIGCONT)
        assert postgres.process is not None
        postgres.process.send_signal(signal.SIGCONT)  # runuser stops itself with its child


async def read(database: Database) -> int:
    async with database.read() as tx:
        return int((await tx.execute(text("SELECT 1"))).scalar_one())


async def frozen_meanwhile(postgres: PostgresServer, database: Database, *, statement_after: bool) -> float:
    """Freeze PostgreSQL within a transaction, before a statement or the commit; return the seconds until that is refused."""
    stop = frozen(postgres)
    began = time.monotonic()
    try:
        async with database.write() as tx:
            await tx.execute(text("UPDATE revisions SET value = value + 1"))
            stop.__enter__()
            began = time.monotonic()
            if statement_after:
                await tx.execute(text("SELECT 1"))
    except Unavailable:
        return seconds_since(began)
    finally:
        stop.__exit__(None, None, None)
    raise AssertionError("it was not refused")


async def test_a_frozen_postgresql_is_unavailable_within_seconds_and_then_well(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    database = open_database(postgres.url, DataFolder(tmp_path))
    await database.open()
    directory = Directory(database, now_ms=lambda: 1)
    try:
        assert await read(database) == 1
        with frozen(postgres):
            began = time.monotonic()  # an idle connection of the pool
            with pytest.raises(Unavailable):
                await read(database)
            within(seconds_since(began), _MOST_S, "a read is refused")
        assert await read(database) == 1
        for after in (True, False):
            took_s = await frozen_meanwhile(postgres, database, statement_after=after)
            within(took_s, _MOST_S, "a transaction is refused")
            assert await read(database) == 1
        await directory.look()
    finally:
        await database.close()


def test_a_running_server_says_so_and_refuses_messages_in_time(postgres: PostgresServer, tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--store", postgres.url, "--no-host-feeder", "--no-server-feeder")
    message = {"roomId": "host", "text": "x"}
    try:
        server.start()
        assert server.json("POST", "/api/message", message)[0] in (200, 201)
        with frozen(postgres):
            began = time.monotonic()
            assert server.json("POST", "/api/message", message)[0] == 503
            within(seconds_since(began), 5, "a message is refused")  # 3 s, and what the request takes
            wait_until(lambda: server.json("GET", "/readyz")[1]["checks"]["store"] != "ok", 15, "the store is named")
            status, told = server.json("GET", "/readyz")
            assert status == 503
            assert not {postgres.url, "127.0.0.1", "localhost"} & set(re.split(r"[\s'\"/:@]+", told["checks"]["store"]))
            server.post("orders", 1)  # samples do not wait for it
        wait_until(lambda: server.request("GET", "/readyz")[0] == 200, 20, "the store is well again")
        assert server.json("POST", "/api/message", message)[0] in (200, 201)
    finally:
        server.close()
