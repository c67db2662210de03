"""Which processes there are, as one of them hears it."""

from __future__ import annotations

import pytest

from dashboard.entries.signals import NodeBeat
from dashboard.journal.memory import MemoryJournal
from tests.support.journals import HandClock
from tests.support.nodes import at_work, bus_of, membership, until

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
