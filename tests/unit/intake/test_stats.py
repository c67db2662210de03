"""Ingest statistics that processes exchange."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.domain.identity import Caller
from dashboard.ingest.batch import Batch, Refusal
from dashboard.intake import stats as tap_module
from dashboard.intake.stats import IngestStats
from tests.support.deadline import deadline
from tests.support.nodes import a_journal, at_work, bus_of, membership


def feed(stats: IngestStats, *numbers: int) -> None:
    for number in numbers:
        stats.note(Caller("user", f"u{number}"), "json", Batch(), 1, [])


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap_module, "_TELL_EVERY_S", 0.01)


@pytest.mark.gen_test
@pytest.mark.usefixtures("soon")
async def test_more_feeders_than_are_told_of_at_once_are_all_told_of_and_so_are_their_changes() -> None:
    journal = a_journal()
    one, other = bus_of(journal, "a"), bus_of(journal, "b")
    times = iter(range(1, 100_000))
    taps = [IngestStats(bus=each, nodes=membership(each, journal), now_ms=lambda: next(times)) for each in (one, other)]
    others = taps[1]._others.setdefault("a", {})
    feed(taps[0], *range(1_300))
    busy = set(range(600))  # more than are told of at once change all the time
    async with at_work(one.run, other.run, taps[0].run), deadline(30):
        while len(others := taps[1]._others.get("a", others)) < 1_300:
            feed(taps[0], *busy)
            await asyncio.sleep(0.005)


def test_of_more_feeders_than_are_told_apart_the_longest_silent_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap_module, "_MAX_FEEDERS", 3)
    times = iter(range(1, 100))
    stats = IngestStats(
        bus=(bus := bus_of(a_journal(), "a")), nodes=membership(bus, a_journal()), now_ms=lambda: next(times)
    )
    feed(stats, 1, 2, 3, 1, 4)
    assert list(stats._feeders) == ["user:u1", "user:u3", "user:u4"]


def test_a_feeder_is_shown_with_what_came_and_what_was_refused() -> None:
    bus = bus_of(a_journal(), "a")
    stats = IngestStats(bus=bus, nodes=membership(bus, a_journal()), now_ms=lambda: 7)
    caller = Caller("user", "ann", "Ann")
    stats.note(
        caller, "json", Batch(["a"], [None], [1.5]), 1, [Refusal(1, "value", "is not a number", "invalid", "b x")]
    )
    stats.note_fault(caller, "influx", "not UTF-8", b"\xff")
    stats.note_series(caller, 9)
    (shown,) = stats.feeders()
    assert (shown.key, shown.name, shown.kind, shown.formats) == ("user:ann", "Ann", "user", ("influx", "json"))
    assert (shown.accepted, shown.refused, shown.series, shown.last_ms, shown.last_line) == (1, 2, 9, 7, "a 1.5")
    assert [refusal.reason for refusal in shown.refusals] == ["value: is not a number", "not UTF-8"]
