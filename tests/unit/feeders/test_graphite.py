"""Listener for Graphite: connections of other protocols are named."""

from __future__ import annotations

import pickle

import pytest

from dashboard.feeders.graphite import _foreign

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
