from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from dashboard.cluster.vitals import Vitals
from dashboard.entries.signals import NodeBeat
from dashboard.feeders.server import CLUSTER_TABLE, ServerFeeder
from tests.support.histories import T0
from tests.support.intakes import IntakeStand
from tests.support.nodes import at_work, bus_of, membership, until

LATEST = {"viewers": 3.0, "delay_to_screen_p50_ms": 40.0}


@pytest.mark.gen_test
async def test_a_process_feeds_its_own_numbers_and_one_of_them_the_totals_and_the_table() -> None:
    stand = IntakeStand(max_bytes=10_000)
    bus = bus_of(stand.journal, "here")
    nodes = membership(bus, stand.journal, latest=LATEST)
    feeder = ServerFeeder(
        samples=stand.samples,
        documents=stand.documents,
        journal=stand.journal,
        vitals=cast("Vitals", SimpleNamespace(latest=LATEST, every_s=1.0)),
        nodes=nodes,
        now_ms=lambda: T0,
    )
    async with stand.running(), at_work(bus.run):
        await bus.publish(NodeBeat("there", "there", 0, "", 2, {"viewers": 4.0}))
        await bus.catch_up()
        async with at_work(feeder.run):
            await until(lambda: CLUSTER_TABLE in stand.replica.documents)
        table = stand.replica.table
        values = {series.text: series.values[-1] for series in table}
        cadences = {series.text: series.every_s for series in table}
        document = stand.replica.documents[CLUSTER_TABLE].document
    assert (values['node_viewers{node="here"}'], values["dashboard_viewers"], values["dashboard_nodes"]) == (
        3.0,
        7.0,
        2.0,
    )
    assert values['dashboard_delay_to_screen_ms{quantile="p50"}'] == 40.0
    assert cadences['dashboard_delay_to_screen_ms{quantile="p50"}'] == 5.0
    assert document is not None
    rows = msgspec.json.decode(document.body)["rows"]
    assert [(row[0], row[3], row[9], row[10]) for row in rows] == [("there", 4, 2, "not said")]


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("files", "cells"),
    [
        ([{"a": "1"}, {"a": "1"}, None], ["same", "same", "not said"]),
        ([{"a": "1", "b": "2"}, {"a": "9", "b": "2"}], ["a 1", "a 9"]),
        ([{"a": "1"}, {}], ["a 1", "a missing"]),
        ([{}, {}], ["none", "none"]),
        ([{f"b{n}": "1" for n in range(7)}, {}], [
            "b0 1, b1 1, b2 1, b3 1, b4 1 and 2 more",
            "b0 missing, b1 missing, b2 missing, b3 missing, b4 missing and 2 more",
        ]),
    ],
)  # fmt: skip
async def test_the_table_shows_where_board_files_differ(files: list[dict[str, str] | None], cells: list[str]) -> None:
    stand = IntakeStand(max_bytes=10_000)
    bus = bus_of(stand.journal, "here")
    nodes = membership(bus, stand.journal)
    feeder = ServerFeeder(
        samples=stand.samples,
        documents=stand.documents,
        journal=stand.journal,
        vitals=cast("Vitals", SimpleNamespace(latest={}, every_s=1.0)),
        nodes=nodes,
        now_ms=lambda: T0,
    )
    async with at_work(bus.run):
        for number, each in enumerate(files):
            await bus.publish(NodeBeat(f"n{number}", f"n{number}", 0, "", 0, {}, board_files=each))
        await bus.catch_up()
    assert [row[10] for row in msgspec.json.decode(feeder._table())["rows"]] == cells
