"""Listener for Graphite: lines are stored, connections of other protocols are named."""

from __future__ import annotations

import pickle
from typing import cast

import pytest

from dashboard.feeders.graphite import GraphiteSource, _foreign
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import Graphite
from dashboard.feeders.submitter import Submitter
from tests.support.parsed_checks import T
from tests.support.redis_server import free_port
from tests.unit.feeders.keeper import Keeper
from tests.unit.feeders.talking import told

PICKLE = pickle.dumps([("a.b", (1_700_000_000, 1.5))], protocol=2)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (len(PICKLE).to_bytes(4) + PICKLE, "pickle"),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\n", "HTTP"),
        (b'{"prefix":"netdata","hostname":"nas-1"}\n', "JSON"),
        (b'[\n{"metric":"a"}]\n', ""),
        (b'[{"metric":"a"}]\n', "JSON"),
        (b"GET 1 -1\n", ""),
        (b"put 1 -1\n", ""),
        (b"{a} 1 -1\n", ""),
        (b"web.requests 42 1700000000\n", ""),
    ],
)
def test_another_protocol_is_named_and_lines_are_not(data: bytes, named: str) -> None:
    found = _foreign(data)
    assert bool(found) == bool(named)
    assert named in found


@pytest.mark.gen_test
async def test_lines_by_tcp_are_stored_and_another_protocol_ends_its_connection() -> None:
    keeper, port = Keeper(), free_port()
    state = SourceState("graphite", "graphite", f"127.0.0.1:{port}", lambda: T, 10)
    source = GraphiteSource(Graphite(port=port, udp=False), submitter=cast("Submitter", keeper), state=state)
    assert await told(source, port, b"web.requests 42 %d\n" % (T // 1000)) == b""
    assert keeper.keys() == ["web.requests"]
    await told(source, port, b"GET / HTTP/1.1\r\n\r\n")
    assert keeper.keys() == ["web.requests"]
    assert "this is HTTP" in state.refusals[-1].reason
