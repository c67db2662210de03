from __future__ import annotations

import pytest

from dashboard.cluster.degraded import DegradedNotices
from dashboard.journal.memory import MemoryJournal
from tests.support.hubs import Source, hub_of, watch
from tests.support.journals import HandClock
from tests.support.nodes import at_work, bus_of, membership, until


class Faulty(MemoryJournal):
    """Journal that reports the given fault."""

    wrong = ""

    def fault(self) -> str:
        return self.wrong


@pytest.mark.gen_test
async def test_clients_are_told_when_the_journal_does_not_answer_and_when_it_does_again() -> None:
    journal = Faulty(clock=HandClock().journal_clock())
    parts = hub_of(Source())
    viewer = watch(parts)
    nodes = membership(bus_of(journal, "a"), journal)

    def reasons() -> list[str]:
        return [each["reason"] for each in viewer.told if each["type"] == "degraded"]

    async with at_work(DegradedNotices(journal=journal, nodes=nodes, hub=parts.hub).run):
        journal.wrong = "the disk is full"
        await until(lambda: len(reasons()) == 1)
        assert parts.hub.degraded == reasons()[0] != ""
        journal.wrong = ""
        await until(lambda: len(reasons()) == 2)
    assert parts.hub.degraded == reasons()[1] == ""
