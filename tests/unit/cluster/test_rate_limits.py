"""Rate limits by key, on one process and on several."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dashboard.cluster import rate_limits as shared_rates
from dashboard.cluster.rate_limits import SharedRateLimits
from dashboard.domain.rate import Pace
from dashboard.entries.signals import RateUsed
from dashboard.journal.port import SIGNALS, Journal
from tests.support.nodes import a_journal, at_work, bus_of, rates, until

PACE = Pace(10, 100)


@asynccontextmanager
async def process(journal: Journal, name: str, kind: str = "token") -> AsyncIterator[SharedRateLimits]:
    bus = bus_of(journal, name)
    made = rates(kind, bus)
    async with at_work(bus.run, made.run):
        await until(lambda: bus._heard.epoch != "")
        yield made


def test_each_holder_has_its_own_and_is_told_how_long_to_wait() -> None:
    one = rates("token")
    assert one.take("a", PACE, 100) == 0.0
    assert one.take("a", PACE, 5) == 0.5
    assert one.take("b", PACE, 5) == 0.0
    assert one.take("a", Pace(20, 200), 5) == 0.0  # its pace was altered


def test_holders_beyond_the_bound_are_forgotten_the_first_ones_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_rates, "_MAX_KEYS", 2)
    one = rates("token")
    for holder in "abc":
        assert one.take(holder, PACE, 100) == 0.0
    assert one.take("b", PACE) > 0
    assert one.take("a", PACE, 100) == 0.0


@pytest.mark.gen_test
async def test_what_one_process_let_through_is_owed_on_the_other() -> None:
    journal = a_journal()
    async with process(journal, "a") as one, process(journal, "b") as other:
        assert one.take("job", PACE, 60) == 0.0
        assert other.take("else", PACE) == 0.0
        await until(lambda: one.take("else", PACE, 100) > 0)  # 99 are left
        assert other.take("job", PACE, 41) > 0
        assert other.take("job", PACE, 40) == 0.0
        await until(lambda: one.take("job", PACE) > 0)


@pytest.mark.gen_test
async def test_kinds_are_apart_and_one_process_alone_tells_nobody() -> None:
    journal = a_journal()
    async with process(journal, "a", "user") as one, process(journal, "b") as other, process(journal, "c") as third:
        assert one.take("job", PACE, 100) == 0.0
        assert other.take("else", PACE, 100) == 0.0
        await until(lambda: third.take("else", PACE) > 0)
        assert third.take("job", PACE, 100) == 0.0
    quiet = a_journal()
    alone = SharedRateLimits("token", bus=bus_of(quiet, "a"), shared=False, monotonic=lambda: 0.0)
    assert alone.take("job", PACE) == 0.0
    assert not alone._work.is_set()
    assert quiet.head(SIGNALS).seq == 0


@pytest.mark.gen_test
async def test_more_holders_than_are_told_at_once_are_told_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_rates, "_MAX_PUBLISHED", 2)
    monkeypatch.setattr(shared_rates, "_TELL_EVERY_S", 0.001)
    journal = a_journal()
    heard: list[dict[str, float]] = []
    async with process(journal, "a") as one, process(journal, "b") as other:
        other._bus.subscribe(
            RateUsed, lambda signal, _: heard.append({holder: count for holder, (_, count) in signal.spent.items()})
        )
        for holder in "abca":
            one.take(holder, PACE, 7)
        await until(lambda: sum(map(len, heard)) == 3)
        assert heard == [{"b": 7, "c": 7}, {"a": 14}]


@pytest.mark.gen_test
async def test_what_was_spent_before_a_process_began_to_hear_is_not_owed() -> None:
    journal = a_journal()
    async with process(journal, "a") as one:
        assert one.take("job", PACE, 100) == 0.0
        await until(lambda: journal.head(SIGNALS).seq == 1)
        async with process(journal, "b") as late:
            assert one.take("job", Pace(1, 1)) == 0.0
            await until(lambda: late.take("job", Pace(1, 1)) > 0)  # has heard the second
            assert late.take("job", PACE, 100) == 0.0
