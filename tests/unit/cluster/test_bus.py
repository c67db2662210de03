"""Signals between processes, as one of them hears them."""

from __future__ import annotations

import pytest

from dashboard.cluster.bus import Heard
from dashboard.domain.errors import Unavailable
from dashboard.entries.signals import AskRoster, DirectoryChanged, ScreenOrder
from dashboard.journal.port import SIGNALS
from tests.support.nodes import a_journal, at_work, bus_of, until

pytestmark = pytest.mark.gen_test


async def test_a_subscriber_hears_its_type_in_order_from_every_process_and_nothing_else() -> None:
    journal = a_journal()
    one, other = bus_of(journal, "a"), bus_of(journal, "b")
    heard: list[ScreenOrder] = []
    one.subscribe(ScreenOrder, lambda signal, _: heard.append(signal))
    async with at_work(one.run):
        await other.publish(ScreenOrder("host", "reload"))
        await one.publish(DirectoryChanged())
        await one.publish(ScreenOrder("*", "reload"))
        await one.catch_up()
    assert heard == [ScreenOrder("host", "reload"), ScreenOrder("*", "reload")]


async def test_what_is_not_a_signal_is_counted_and_passed_over() -> None:
    journal = a_journal()
    bus = bus_of(journal, "a")
    heard: list[str] = []
    bus.subscribe(AskRoster, lambda signal, _: heard.append(signal.node))
    async with at_work(bus.run):
        await until(lambda: bus._heard.epoch != "")
        for payload in (b"", b"\xff", b"\x93\xa1x\x01\x02", b"\xc1" * 9):
            await journal.append(SIGNALS, payload)
        await bus.publish(AskRoster("b"))
        await bus.catch_up()
    assert (bus.broken, heard) == (4, ["b"])


async def test_signals_from_before_this_process_began_are_marked_as_behind() -> None:
    journal = a_journal()
    await bus_of(journal, "a").publish(AskRoster("old"))
    bus = bus_of(journal, "b")
    heard: list[tuple[str, bool]] = []

    def hear(signal: AskRoster, _: Heard) -> None:
        heard.append((signal.node, bus.is_behind))

    bus.subscribe(AskRoster, hear)
    async with at_work(bus.run):
        await until(lambda: heard != [])
        await bus.publish(AskRoster("new"))
        await bus.catch_up()
    assert heard == [("old", True), ("new", False)]


async def test_who_does_not_hear_is_told_so_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.cluster.bus._CATCH_UP_S", 0.01)
    bus = bus_of(a_journal(), "a")
    await bus.publish(AskRoster(""))
    with pytest.raises(Unavailable):
        await bus.catch_up()  # it does not run
