"""Connections that do not answer: a wait ends when the socket is shut, and a silent connection of the pool is replaced."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from dashboard.store.line import cut_line, ping_at_checkout

pytestmark = pytest.mark.gen_test


def line_of(ours: socket.socket, *, closed: bool = False) -> Any:
    return SimpleNamespace(closed=closed, pgconn=SimpleNamespace(socket=ours.fileno()))


async def test_cutting_a_line_ends_its_reading_and_leaves_its_descriptor() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        cut_line(line_of(ours, closed=True))
        with pytest.raises(BlockingIOError):
            theirs.recv(1)
        cut_line(line_of(ours))
        assert (ours.recv(1), theirs.recv(1)) == (b"", b"")
        assert ours.fileno() >= 0
        cut_line(line_of(ours))  # a second time changes nothing


async def test_a_connection_of_the_pool_that_does_not_answer_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=AsyncAdaptedQueuePool, pool_size=1, max_overflow=0)
    ping_at_checkout(engine, 60)
    dialect = engine.sync_engine.dialect
    silent = [False, True, False]

    def ping(connection: object) -> bool:
        if silent.pop(0):
            raise dialect.loaded_dbapi.OperationalError("the ping was cut")
        return True

    monkeypatch.setattr(dialect, "do_ping", ping)
    async with engine.begin() as tx:
        await tx.execute(text("CREATE TABLE here (n INTEGER)"))
    async with engine.begin() as tx:  # a new connection, to another database in memory
        assert (await tx.execute(text("SELECT name FROM sqlite_master"))).all() == []
    assert silent == []
    await engine.dispose()
