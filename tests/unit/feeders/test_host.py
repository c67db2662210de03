from __future__ import annotations

import time

import msgspec
import pytest

from dashboard.feeders.host import PROCESSES, HostFeeder, file_systems, top_processes
from tests.support.intakes import IntakeStand
from tests.support.nodes import at_work, until


@pytest.mark.gen_test
async def test_the_machines_own_numbers_are_fed() -> None:
    stand = IntakeStand(max_bytes=100_000)
    feeder = HostFeeder(samples=stand.samples, documents=stand.documents, every_s=0.05, monotonic=time.monotonic)
    async with stand.running(), at_work(feeder.run):
        await until(lambda: PROCESSES in stand.replica.documents)
        await until(lambda: stand.replica.table.by_text.keys() >= {"host_cpu_percent", 'host_load{minutes="1"}'})
        units = {series.key.name: series.unit for series in stand.replica.table}
    feeder.close()
    assert (units["host_memory_percent"], units["host_memory_total_bytes"], units["host_uptime_seconds"]) == (
        "%",
        "B",
        "s",
    )


def test_the_processes_are_a_table() -> None:
    table = msgspec.json.decode(top_processes())
    assert [column["title"] for column in table["columns"]] == ["Process", "PID", "CPU", "Memory"]
    assert 1 <= len(table["rows"]) <= 12
    assert all(len(row) == 4 for row in table["rows"])


def test_a_file_system_says_how_full_it_is() -> None:
    found = list(file_systems())
    assert all(0 <= each.value <= 100 for each in found if each.name == "host_filesystem_percent")
    assert {each.unit for each in found} <= {"%", "B"}
