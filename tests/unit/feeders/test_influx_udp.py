"""Listener for line protocol by UDP: datagrams as Proxmox VE sends them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from dashboard.feeders.influx_udp import InfluxUdpSource
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import InfluxUdp
from dashboard.feeders.submitter import Submitter
from tests.unit.feeders.keeper import Keeper

pytestmark = pytest.mark.gen_test
T = 1_789_000_000_000


def source(**settings: Any) -> tuple[InfluxUdpSource, Keeper]:
    keeper, state = Keeper(), SourceState("influx", "influx", "127.0.0.1:8089", lambda: T, 10_000)
    return InfluxUdpSource(InfluxUdp(**settings), submitter=cast("Submitter", keeper), state=state), keeper


async def test_the_lines_of_several_datagrams_are_stored_together() -> None:
    made, keeper = source()
    lines = b'system,object=nodes,host=pve uptime=7i,status="running" %d\ncpustat,host=pve cpu=0.25 %d\n' % (
        T * 10**6,
        T * 10**6,
    )
    await made.take([lines, b"cpustat,host=b cpu=0.5"])
    (kept,) = keeper.kept
    assert kept.batch.keys == [
        'system_uptime{host="pve",object="nodes"}', 'cpustat_cpu{host="pve"}', 'cpustat_cpu{host="b"}',
    ]  # fmt: skip
    assert kept.batch.times == [T, T, None]
    assert [key for key, _, _ in kept.documents] == ["system_status/host:pve/object:nodes"]


async def test_a_datagram_that_was_cut_off_takes_nothing_of_the_next() -> None:
    made, keeper = source()
    await made.take([b'a v=1\na text="cut o', b'b v=2\nb text="whole"'])
    assert [key for kept in keeper.kept for key in kept.batch.keys] == ["a_v", "b_v"]
    assert sum(made.state.refused.values()) == 1


async def test_two_names_of_one_series_in_two_datagrams_do_not_become_one() -> None:
    made, keeper = source()
    await made.take([b"edge_a b=1", b"edge a_b=2"])
    assert [kept.batch.keys for kept in keeper.kept] == [["edge_a_b"], ["edge_a_b"]]
    assert [claim.origin for kept in keeper.kept for claim in kept.batch.claims.values()] == ["edge_a b", "edge a_b"]


async def test_the_times_have_the_unit_of_the_configuration() -> None:
    made, keeper = source(precision="s")
    await made.take([b"a v=1 %d" % (T // 1_000)])
    assert keeper.kept[0].batch.times == [T]
