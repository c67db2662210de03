from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.collectd import parse_collectd
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import LATEST_MS, T, check_parsed

CPU = {
    "values": [197141504], "dstypes": ["derive"], "dsnames": ["value"], "time": T / 1000, "interval": 10.000, "host": "leeloo.example.org",
    "plugin": "cpu", "plugin_instance": "0", "type": "cpu", "type_instance": "idle",
}  # fmt: skip
NET = CPU | {
    "values": [1, None], "dstypes": ["counter", "gauge"], "dsnames": ["rx", "tx"], "plugin": "interface", "plugin_instance": "eth0",
    "type": "if_octets", "type_instance": "",
}  # fmt: skip


def parse(given: Any) -> Parsed:
    parsed = parse_collectd(json.dumps(given).encode(), LATEST_MS)
    check_parsed(parsed)
    return parsed


def test_value_lists_with_their_kind_and_cadence() -> None:
    parsed = parse([CPU, NET])
    cpu = 'cpu{host="leeloo.example.org",plugin_instance="0",type_instance="idle"}'
    rx = 'interface_if_octets_rx{host="leeloo.example.org",plugin_instance="eth0"}'
    assert parsed.batch.keys == [cpu, rx]
    assert parsed.batch.times == [T, T]
    assert parsed.batch.declared == [(0, None, 10), (1, None, 10)]
    assert parsed.batch.kinds == {cpu: "counter", rx: "counter"}
    assert parsed.batch.refused == []  # null is no value and no fault


def test_two_value_lists_that_would_become_one_series_are_refused_and_integers_of_64_bits_are_kept() -> None:
    parsed = parse([CPU | {"plugin": "a", "type": "b_c", "values": [2**63 - 1]}, CPU | {"plugin": "a_b", "type": "c"}])
    assert parsed.batch.values == [2.0**63]
    assert [(r.index, r.code) for r in parsed.batch.refused] == [(1, "name_taken")]


def test_bad_lists_are_refused_alone() -> None:
    wrong = [5, {}, CPU | {"values": []}, CPU | {"dsnames": ["a", "b"]}, CPU | {"plugin": ""}, CPU | {"host": 5}, CPU | {"interval": "x"},
             CPU | {"time": 5}, CPU | {"values": ["x"]}, CPU | {"interval": -1}]  # fmt: skip
    parsed = parse([*wrong, CPU])
    assert len(parsed.batch.keys) == 1
    assert [r.index for r in parsed.batch.refused] == list(range(len(wrong)))


@pytest.mark.parametrize("body", [b"", b"{}", b"5", b"["])
def test_other_bodies_are_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_collectd(body, LATEST_MS)
