from __future__ import annotations

import pytest

from dashboard.cluster.node_addresses import NodeAddresses
from tests.support.nodes import a_journal, at_work, bus_of, membership, until

pytestmark = pytest.mark.gen_test


async def test_processes_know_where_the_others_are_reached_while_they_run() -> None:
    journal = a_journal()
    buses = [bus_of(journal, name) for name in ("one", "two")]
    nodes = [membership(bus, journal) for bus in buses]
    one, two = (NodeAddresses(bus=bus, nodes=node) for bus, node in zip(buses, nodes, strict=True))
    async with at_work(*(bus.run for bus in buses), *(node.run for node in nodes), one.run, two.run):
        one.announce("unix:/one", "tcp:10.0.0.1:9001")
        two.announce("unix:/two")
        await until(lambda: two.of("one") == ("unix:/one", "tcp:10.0.0.1:9001"))
        await until(lambda: one.of("two") == ("unix:/two",))
        assert one.of("one") == ()  # its own requests are served here
        await nodes[1].leave()
        await until(lambda: one.of("two") == ())
