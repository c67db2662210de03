"""Table of the processes, as one process learns of them."""

from __future__ import annotations

import pytest

from dashboard.cluster.membership import RosterVersion
from dashboard.domain.node import BEAT_S
from dashboard.entries.signals import NodeBeat
from dashboard.journal.memory import MemoryJournal
from tests.support.journals import HandClock
from tests.support.nodes import a_journal, at_work, bus_of, membership, until

pytestmark = pytest.mark.gen_test


def beat(node_id: str) -> NodeBeat:
    return NodeBeat(node_id, node_id, 0, "", 0, {})


@pytest.mark.expects_log("node there is gone")
async def test_a_process_that_stood_still_gives_nobody_up_for_it_but_for_silence_after_it() -> None:
    clock = HandClock()
    journal = MemoryJournal(clock=clock.journal_clock())
    here = bus_of(journal, "here")
    nodes = membership(here, journal).table.nodes
    async with at_work(here.run):
        await here.catch_up()
        for node_id in ("here", "there", "here"):
            await here.publish(beat(node_id))
        await here.catch_up()
        clock.move(600)
        await here.publish(beat("here"))
        await here.catch_up()
        assert set(nodes) == {"here", "there"}
        for _ in range(3):
            clock.move(5)
            await here.publish(beat("here"))
        await here.catch_up()
        assert set(nodes) == {"here"}


@pytest.mark.expects_log("node there is gone")
async def test_who_was_there_long_before_this_process_is_not_taken_to_be_here() -> None:
    clock = HandClock()
    journal = MemoryJournal(clock=clock.journal_clock())
    await bus_of(journal, "there").publish(beat("there"))
    clock.move(600)
    here = bus_of(journal, "here")
    nodes = membership(here, journal).table.nodes
    async with at_work(here.run):
        await here.catch_up()
        await here.publish(beat("here"))
        await until(lambda: "here" in nodes)
        assert set(nodes) == {"here"}


async def test_a_process_beats_and_says_that_it_leaves() -> None:
    journal = a_journal()
    here, there = bus_of(journal, "here"), bus_of(journal, "there")
    seen, own = membership(there, journal), membership(here, journal)
    async with at_work(there.run):
        async with at_work(own.run):
            await until(lambda: "here" in seen.table.nodes)
        await own.leave()
        await until(lambda: "here" not in seen.table.nodes)


async def test_a_beat_that_does_not_come_back_is_a_fault() -> None:
    journal, now_s = a_journal(), [100.0]
    here = bus_of(journal, "here")
    own = membership(here, journal, monotonic=lambda: now_s[0])
    assert (own.fault(), own.is_troubled()) == ("", False)
    now_s[0] += 2 * BEAT_S
    assert "beat" in own.fault()
    assert own.is_troubled()
    async with at_work(here.run, own.run):
        await until(lambda: not own.fault())


async def test_readings_of_all_nodes_are_added_or_the_greatest_is_taken() -> None:
    journal = a_journal()
    here = bus_of(journal, "here")
    own = membership(here, journal, latest={"viewers": 3.0, "loop_lag_ms": 5.0})
    async with at_work(here.run):
        await here.publish(NodeBeat("there", "there", 0, "", 0, {"viewers": 4.0, "loop_lag_ms": 2.0}))
        await here.publish(NodeBeat("here", "here", 0, "", 0, {"viewers": 99.0}))
        await here.catch_up()
    assert own.totals() == {"nodes": 2.0, "viewers": 7.0, "loop_lag_ms": 5.0}


async def test_each_roster_has_the_next_version() -> None:
    version = RosterVersion()
    assert [version.advance(), version.advance(), version.number] == [1, 2, 2]
