from __future__ import annotations

import pytest

from dashboard.cluster.readiness import Readiness
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import METRICS
from tests.support.journals import HandClock
from tests.support.nodes import a_journal, bus_of, membership, replicas_of


class Faulty(MemoryJournal):
    """Journal that reports the given fault."""

    def fault(self) -> str:
        return "the disk is full"


def readiness(journal: MemoryJournal, now_s: list[float]) -> Readiness:
    nodes = membership(bus_of(journal, "a"), journal, monotonic=lambda: now_s[0])
    return Readiness(journal=journal, nodes=nodes, replicas=replicas_of(journal), others={})


def wrong(ready: Readiness) -> dict[str, str]:
    return {part: state for part, state in ready.checks().items() if state != "ok"}


def test_a_process_without_fault_is_ready() -> None:
    ready = readiness(a_journal(), [0.0])
    assert set(ready.checks()) == {"server", "journal", "beat", "replica"}
    assert wrong(ready) == {}


def test_a_process_that_stops_is_not_ready() -> None:
    ready = readiness(a_journal(), [0.0])
    assert not ready.draining
    ready.drain()
    assert ready.draining
    assert set(wrong(ready)) == {"server"}


def test_a_beat_that_does_not_come_back_is_told() -> None:
    now_s = [0.0]
    ready = readiness(a_journal(), now_s)
    now_s[0] = 60.0
    assert set(wrong(ready)) == {"beat"}


def test_a_journal_at_fault_is_told_in_its_own_words() -> None:
    assert wrong(readiness(Faulty(clock=HandClock().journal_clock()), [0.0])) == {"journal": "the disk is full"}


@pytest.mark.gen_test
async def test_a_replica_far_behind_is_told() -> None:
    journal = a_journal()
    ready = readiness(journal, [0.0])
    for _ in range(999):
        await journal.append(METRICS, b"x")
    assert wrong(ready) == {}
    await journal.append(METRICS, b"x")
    assert set(wrong(ready)) == {"replica"}


def test_further_parts_say_what_is_wrong_with_them() -> None:
    journal = a_journal()
    nodes = membership(bus_of(journal, "a"), journal)
    others = {"store": lambda: "does not answer", "disk": lambda: ""}
    ready = Readiness(journal=journal, nodes=nodes, replicas=replicas_of(journal), others=others)
    assert wrong(ready) == {"store": "does not answer"}
    assert ready.checks()["disk"] == "ok"
