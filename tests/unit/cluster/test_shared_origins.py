"""Owners of series over several processes."""

from __future__ import annotations

import pytest

from dashboard.cluster.bus import Bus
from dashboard.cluster.ownership import SeriesOwnership
from dashboard.cluster.shared_origins import SharedOrigins
from dashboard.ingest.origins import NameTaken
from tests.support.claims import own
from tests.support.nodes import a_journal, at_work, bus_of, until

pytestmark = pytest.mark.gen_test
T = 1_700_000_000_000


def of_process(bus: Bus, latest_ms: int = T) -> SharedOrigins:
    return SharedOrigins(bus=bus, shared=True, max_items=100, latest_ms=lambda: latest_ms)


async def test_a_claim_of_one_process_holds_in_the_others_by_kind() -> None:
    journal = a_journal()
    buses = [bus_of(journal, name) for name in "ab"]
    one, other = (of_process(bus) for bus in buses)
    async with at_work(*(bus.run for bus in buses), one.run, other.run):
        one.of("lines").renew(T)
        own(one.of("lines"), "a_b", "a b")

        def is_known() -> bool:
            try:
                own(other.of("lines"), "a_b", "a_b")
            except NameTaken:
                return True
            return False

        own(other.of("telegraf"), "a_b", "a_b")
        await until(lambda: "a_b" in other.of("lines")._present)
        assert is_known()


async def test_a_process_that_starts_late_learns_all_claims_before_anybody_contradicts_it() -> None:
    journal = a_journal()
    buses = [bus_of(journal, name) for name in "abc"]
    one, other = (of_process(bus) for bus in buses[:2])
    async with at_work(*(bus.run for bus in buses[:2]), one.run, other.run):
        one.of("lines").renew(T)
        for number in range(50):
            own(one.of("lines"), f"a_{number}", f"a {number}")
        await until(lambda: len(other.of("lines")._present) == 50)
        late = of_process(buses[2])
        ownership = SeriesOwnership(
            "token", bus=buses[2], max_series=10, shared=True, monotonic=lambda: 0.0, jitter=lambda *_: 0.0
        )
        async with at_work(buses[2].run, late.run, ownership.run):  # ownership asks
            await until(lambda: len(late.of("lines")._present) == 50)
            with pytest.raises(NameTaken):
                own(late.of("lines"), "a_7", "a_7")
        await until(lambda: not any(each.of("lines").take_claims(1) for each in (one, other, late)))


async def test_a_process_that_is_alone_publishes_nothing() -> None:
    bus = bus_of(a_journal(), "a")
    alone = SharedOrigins(bus=bus, shared=False, max_items=100, latest_ms=lambda: T)
    own(alone.of("lines"), "a", "a")
    await alone.run()
    assert alone.of("lines").take_claims(10) == {}
