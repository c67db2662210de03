"""Listener for StatsD: lines by TCP are aggregated and stored, and counted if the listener stops before."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dashboard.feeders import statsd
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import Statsd
from dashboard.feeders.statsd import StatsdSource
from dashboard.feeders.submitter import Submitter
from tests.support.redis_server import free_port
from tests.unit.feeders.keeper import Keeper
from tests.unit.feeders.talking import told

T = 1_789_000_000_000


@pytest.mark.gen_test
async def test_lines_that_a_stop_leaves_undone_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statsd, "_STEP_S", 0.0)  # other tasks run after each piece
    state = SourceState("a", "statsd", "127.0.0.1:8125", lambda: T, 10_000)
    submitter: Any = SimpleNamespace(latest_ms=lambda: T)
    source = StatsdSource(Statsd(), submitter=cast("Submitter", submitter), state=state)
    taking = asyncio.ensure_future(source._take_lines(b"".join(b"m%d:1|c\n" % n for n in range(2_000))))
    await asyncio.sleep(0)  # the first piece is taken
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    source._count_lines()
    assert state.accepted > 0
    assert state.accepted + state.dropped["stopped"] == 2_000


@pytest.mark.gen_test
async def test_lines_by_tcp_are_stored_at_the_latest_when_the_listener_ends() -> None:
    keeper, port = Keeper(), free_port()
    state = SourceState("a", "statsd", f"127.0.0.1:{port}", lambda: T, 10)
    source = StatsdSource(Statsd(port=port, flush_s=300), submitter=cast("Submitter", keeper), state=state)
    assert await told(source, port, b"orders:2|g\norders:5|g\n") == b""
    assert [(parsed.batch.keys, parsed.batch.values) for parsed in keeper.kept] == [(["orders"], [5.0])]
    assert state.accepted == 2
