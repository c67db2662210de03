"""Fixtures for all tests, and a stand-in for ``pkg_resources``, which pytest-tornado still imports.

``io_loop`` and ``http_server`` are pytest-tornado's; coroutine tests carry ``@pytest.mark.gen_test``.
An unexpected warning or a log record of a warning or worse fails the test.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.version import parse as parse_version
from tornado.ioloop import IOLoop

from tests.support.lanes import files_of, lane_of, place_of
from tests.support.redis_server import RedisServer
from tests.support.server import ServerProcess

ROOT = Path(__file__).resolve().parents[1]

if "pkg_resources" not in sys.modules:
    stand_in = types.ModuleType("pkg_resources")
    stand_in.parse_version = parse_version  # type: ignore[attr-defined]
    sys.modules["pkg_resources"] = stand_in

# A shell that starts the suite in the background of a script ignores SIGINT, and every child would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    "pytest_tornado.plugin",
    "tests.support.fairness",
    "tests.support.durations",
    "tests.support.collector",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that must run alone or in threes (see scripts/test); put the longest tests first."""
    for item in items:
        file = _file(item.path)
        if item.get_closest_marker("alone"):
            if file not in files_of("alone"):
                raise pytest.UsageError(
                    f"{item.nodeid}: write pytest.mark.alone in {file}, where tests/support/lanes.py finds it"
                )
        elif lane := lane_of(file):
            item.add_marker(lane)
    items.sort(key=lambda item: place_of(_file(item.path)))


@cache
def _file(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture
def io_loop() -> Iterator[IOLoop]:
    """Create a new loop for each test; cancel the tasks that the test leaves behind."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    current = IOLoop(asyncio_loop=loop, make_current=True)  # type: ignore[call-arg]
    yield current
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    current.close(all_fds=False)
    asyncio.set_event_loop(None)


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Start a Redis for all tests that leave it unchanged; each test uses keys of its own."""
    redis = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield redis
    redis.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """Run a server without its own feeders. A log record of level warning or above fails the test."""
    process = ServerProcess(tmp_path, "--no-host-feeder", "--no-server-feeder").start()
    yield process
    process.close()
    assert process.complaints() == ""


@pytest.fixture(autouse=True)
def no_unexpected_log_records(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail for unexpected log records. A test that expects one has the mark ``@pytest.mark.expects_log("part of the text")``."""
    expected = [mark.args[0] for mark in request.node.iter_markers("expects_log")]
    yield
    records = [r for r in caplog.get_records("call") if r.levelno >= logging.WARNING]
    unexpected = [r.getMessage() for r in records if not any(text in r.getMessage() for text in expected)]
    assert unexpected == []
    for text in expected:
        assert any(text in r.getMessage() for r in records), f"expected a log record with {text!r}"
