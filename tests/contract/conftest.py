"""The engines that the contract suites run over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.journal import redis_log, sqlite
from tests.support.journals import Engine
from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.stores import Place


@pytest.fixture(params=["memory", "sqlite", "sqlite with a short tail", "redis", "redis with a short tail"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_redis: RedisServer
) -> Engine:
    monkeypatch.setattr(
        sqlite, "TRIM_EVERY_S", -1.0
    )  # trim after every transaction, so that nothing has to be waited for
    if "short" in request.param:
        for module in (sqlite, redis_log):
            monkeypatch.setattr(module, "TAIL_BYTES", 1)  # readers that are not at the head read what is stored
    name = request.param.partition(" ")[0]
    return Engine(name, tmp_path / "data", short_tail="short" in request.param, redis_url=shared_redis.url)


@pytest.fixture(scope="session")
def shared_postgres() -> Iterator[PostgresServer]:
    """Start one PostgreSQL for all tests; each test has a database of its own."""
    postgres = PostgresServer("fsync=off", "full_page_writes=off", "max_connections=200").start()
    yield postgres
    postgres.close()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return an empty store."""
    postgres = request.getfixturevalue("shared_postgres") if request.param == "postgres" else None
    return Place(request.param, tmp_path / "store", postgres)
