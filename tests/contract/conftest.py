"""The engines that the contract suites run over."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.journal import redis_log, sqlite
from tests.support.journals import Engine
from tests.support.redis_server import RedisServer


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
