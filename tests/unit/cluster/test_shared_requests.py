"""First times of requests over several processes."""

from __future__ import annotations

import pytest

from dashboard.cluster.bus import Bus
from dashboard.cluster.shared_requests import SharedRequests
from dashboard.entries.signals import Signal
from tests.support.nodes import a_journal, at_work, bus_of, until

pytestmark = pytest.mark.gen_test
T = 1_700_000_000_000


class Clock:
    now_ms = T

    def __call__(self) -> int:
        return self.now_ms


def of_process(bus: Bus, clock: Clock, *, shared: bool = True) -> SharedRequests:
    return SharedRequests(bus=bus, shared=shared, now_ms=clock, kept_ms=60_000)


async def test_a_request_has_the_time_of_the_process_that_received_it_first() -> None:
    journal, clock = a_journal(), Clock()
    buses = [bus_of(journal, name) for name in "ab"]
    one, other = (of_process(bus, clock) for bus in buses)
    async with at_work(*(bus.run for bus in buses), one.run, other.run):
        assert one.began_ms("x") == T
        await until(lambda: "x" in other._began_ms)
        clock.now_ms += 59_999
        assert (one.began_ms("x"), other.began_ms("x")) == (T, T)
        assert one.period("x") == other.period("x") == T // 60_000
        assert other.began_ms("y") == T + 59_999
        clock.now_ms += 1
        assert other.began_ms("x") == T + 60_000
        await until(lambda: one._began_ms["x"] == T + 60_000)


async def test_of_two_times_the_earlier_one_holds_in_both_processes() -> None:
    journal, clock = a_journal(), Clock()
    buses = [bus_of(journal, name) for name in "ab"]
    one, other = (of_process(bus, clock) for bus in buses)
    assert one.began_ms("x") == T
    clock.now_ms += 5
    assert other.began_ms("x") == T + 5
    async with at_work(*(bus.run for bus in buses), one.run, other.run):
        await until(lambda: other.began_ms("x") == T and not one._untold)
        assert one.began_ms("x") == T


async def test_a_process_that_is_alone_publishes_nothing() -> None:
    alone = of_process(bus_of(a_journal(), "a"), Clock(), shared=False)
    assert alone.began_ms("x") == T
    await alone.run()
    assert alone._untold == {}


async def test_the_number_of_remembered_requests_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.cluster.shared_requests._MAX_ITEMS", 10)
    requests = of_process(bus_of(a_journal(), "a"), Clock())
    for n in range(100):
        requests.began_ms(str(n))
    assert (len(requests._began_ms), len(requests._untold)) == (10, 10)
    assert list(requests._began_ms) == [str(n) for n in range(90, 100)]  # only the oldest are forgotten


async def test_what_could_not_be_published_is_published_later(monkeypatch: pytest.MonkeyPatch) -> None:
    journal, clock = a_journal(), Clock()
    buses = [bus_of(journal, name) for name in "ab"]
    one, other = (of_process(bus, clock) for bus in buses)
    publish, tried = buses[0].publish, []

    async def failing_once(signal: Signal) -> bool:
        tried.append(signal)
        return len(tried) > 1 and await publish(signal)

    monkeypatch.setattr(buses[0], "publish", failing_once)
    assert one.began_ms("x") == T
    async with at_work(*(bus.run for bus in buses), one.run, other.run):
        await until(lambda: "x" in other._began_ms)
    assert len(tried) == 2
