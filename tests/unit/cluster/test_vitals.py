from __future__ import annotations

import time

import pytest

from dashboard.cluster.vitals import LAG_BOUNDS_S, VITALS, LoopLag, Vitals
from dashboard.domain.counters import Counters
from dashboard.hub.registry import ConnectionRegistry
from dashboard.journal.port import METRICS
from tests.support.hubs import connect
from tests.support.nodes import a_journal, at_work, replicas_of, until


class Stand:
    def __init__(self) -> None:
        self.counters = Counters()
        self.registry = ConnectionRegistry()
        self.journal = a_journal()
        self.lag = LoopLag()
        self.now_s = 100.0
        self.vitals = Vitals(
            counters=self.counters,
            registry=self.registry,
            journal=self.journal,
            replicas=replicas_of(self.journal),
            lag=self.lag,
            every_s=5.0,
            monotonic=lambda: self.now_s,
        )


@pytest.mark.gen_test
async def test_readings_say_how_much_there_is() -> None:
    stand = Stand()
    stand.registry.connections.update([connect(), connect()])
    stand.counters.gaps["epoch"] += 3
    stand.counters.resumes = 4
    stand.lag.add(0.0125)
    await stand.journal.append(METRICS, b"x")
    stand.vitals.measure()
    latest = stand.vitals.latest
    assert (latest["viewers"], latest["gaps"], latest["resumes"], latest["loop_lag_ms"]) == (2.0, 3.0, 4.0, 12.5)
    assert latest["lag_entries"] == 1.0
    assert latest["journal_bytes"] > 0
    assert set(latest) <= set(VITALS)


def test_rates_are_differences_between_two_measurements() -> None:
    stand = Stand()
    stand.vitals.measure()
    assert "frames_per_s" not in stand.vitals.latest
    stand.counters.frames_sent += 10
    stand.counters.samples_accepted += 20
    stand.counters.journal_appends += 5
    stand.now_s += 5
    stand.vitals.measure()
    latest = stand.vitals.latest
    assert (latest["frames_per_s"], latest["samples_per_s"], latest["appends_per_s"]) == (2.0, 4.0, 1.0)


def test_delays_are_those_since_the_last_measurement() -> None:
    stand = Stand()
    stand.counters.accept_to_socket_ms.extend(range(101))
    stand.counters.accept_to_paint_ms.append(30.0)
    stand.counters.journal_round_trip_ms.append(2.0)
    stand.vitals.measure()
    latest = stand.vitals.latest
    assert latest["delay_to_socket_p50_ms"] == 50.0
    assert latest["delay_to_socket_p99_ms"] > 95.0
    assert (latest["delay_to_screen_p50_ms"], latest["round_trip_ms"]) == (30.0, 2.0)
    stand.vitals.measure()
    assert "delay_to_socket_p50_ms" not in stand.vitals.latest


@pytest.mark.gen_test
async def test_readings_are_taken_as_soon_as_they_are_asked_for() -> None:
    stand = Stand()
    async with at_work(stand.vitals.run):
        await until(lambda: bool(stand.vitals.latest))


@pytest.mark.gen_test
async def test_a_loop_that_stands_still_is_late() -> None:
    lag = LoopLag()
    async with at_work(lag.run):
        await until(lambda: lag.last_ms > 0)
        time.sleep(0.15)  # the loop itself is held up
        await until(lambda: sum(lag.counts[LAG_BOUNDS_S.index(0.25) :]) > 0)
        assert lag.sum_s >= 0.1


def test_each_reader_is_told_the_worst_lag_since_it_read_last() -> None:
    lag = LoopLag()
    lag.take_worst_ms("beat"), lag.take_worst_ms("scrape")
    lag.add(0.2)
    lag.add(0.01)
    assert lag.take_worst_ms("beat") == 200.0
    lag.add(0.03)
    assert (lag.take_worst_ms("beat"), lag.take_worst_ms("beat"), lag.take_worst_ms("scrape")) == (30.0, 0.0, 200.0)
    assert (sum(lag.counts), lag.counts[LAG_BOUNDS_S.index(0.25)]) == (3, 1)
    assert lag.sum_s == pytest.approx(0.24)
