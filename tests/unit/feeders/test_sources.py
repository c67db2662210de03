"""Running of sources: only by the holder of the lease, until it cannot renew it; pauses between failures; counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from dashboard.domain.counters import Counters
from dashboard.feeders import sources as sources_module
from dashboard.feeders.source_state import SourceFault, SourceState
from dashboard.feeders.sources import Sources
from dashboard.journal.port import Journal
from dashboard.runtime import Runtime
from tests.support.deadline import deadline, in_time, within
from tests.support.nodes import until


class Leases:
    """Journal that serves only leases. ``answers`` are given in order, the last one for ever."""

    def __init__(self, *answers: bool, fault: str = "") -> None:
        self.answers = list(answers)
        self.fault_text = fault
        self.asked: list[tuple[str, float]] = []

    async def hold(self, name: str, for_s: float) -> bool:
        self.asked.append((name, for_s))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def fault(self) -> str:
        return self.fault_text


class Scripted:
    """Source that records its begins and ends, and fails as often as the test says."""

    def __init__(self, failures: int = 0) -> None:
        self.state = SourceState("a", "test", "nowhere", lambda: 1_000, 10)
        self.failures = failures
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self.runs = 0

    async def run(self) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise SourceFault("broken", "does not work")
        self.state.well()
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all times a hundred times shorter, in the same proportions."""
    for name in ("_LEASE_S", "_RENEW_EVERY_S", "_MARGIN_S", "_LOOK_EVERY_S", "_FIRST_PAUSE_S"):
        monkeypatch.setattr(sources_module, name, getattr(sources_module, name) / 100)


@pytest.fixture
def runtime(io_loop: Any) -> Iterator[Runtime]:
    made = Runtime(Counters())
    yield made
    io_loop.run_sync(made.stop)


def start(runtime: Runtime, source: Scripted, leases: Leases) -> Sources:
    sources = Sources([source], journal=cast(Journal, leases), jitter=lambda least, most: (least + most) / 2)
    sources.start(runtime)
    return sources


@pytest.mark.gen_test
async def test_it_runs_where_the_lease_is_and_renews_it(runtime: Runtime) -> None:
    source, leases = Scripted(), Leases(True)
    sources = start(runtime, source, leases)
    await in_time(source.began.wait(), 5)
    assert [state.place for state in sources.states()] == ["here"]
    async with deadline(20):
        while len(leases.asked) < 3:
            await asyncio.sleep(0)
    assert leases.asked[0] == ("source:a", 0.1)
    await runtime.stop()
    assert source.ended.is_set()
    assert source.state.place == "waiting"


@pytest.mark.gen_test
async def test_it_does_not_run_while_another_has_the_lease_and_takes_over_when_it_is_free(runtime: Runtime) -> None:
    source, leases = Scripted(), Leases(False, False, True)
    start(runtime, source, leases)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (source.state.place, source.runs) == ("elsewhere", 0)
    await in_time(source.began.wait(), 5)
    assert source.state.place == "here"


@pytest.mark.gen_test
async def test_it_stops_when_another_has_taken_the_lease(runtime: Runtime) -> None:
    source, leases = Scripted(), Leases(True, True, False)
    start(runtime, source, leases)
    await in_time(source.ended.wait(), 5)
    assert len(leases.asked) == 3


@pytest.mark.gen_test
async def test_it_stops_before_the_lease_ends_when_nobody_can_tell_who_has_it(runtime: Runtime) -> None:
    source, leases = Scripted(), Leases(True, False, fault="Redis is away")
    start(runtime, source, leases)
    await in_time(source.began.wait(), 5)
    began = asyncio.get_running_loop().time()
    await in_time(source.ended.wait(), 5)
    took_s = asyncio.get_running_loop().time() - began
    assert took_s > 0.05
    within(took_s, 1, "the end of the source")
    await until(lambda: source.state.place == "waiting")


@pytest.mark.expects_log("source a: does not work")
@pytest.mark.gen_test
async def test_a_source_that_fails_is_run_again_and_says_so_once(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    source = Scripted(failures=4)
    start(runtime, source, Leases(True))
    await in_time(source.began.wait(), 5)
    assert source.state.failures == {"broken": 4}
    assert source.state.failing_since_ms is None
    assert [record.getMessage() for record in caplog.records].count("source a: does not work") == 1


def test_the_last_twenty_refusals_are_kept_beside_their_bytes() -> None:
    state = SourceState("a", "test", "nowhere", lambda: 5, 10)
    for number in range(30):
        state.refuse("invalid", "is wrong", f"line {number} ".encode() + b"\xff" * 300)
    assert state.refused == {"invalid": 30}
    assert len(state.refusals) == 20
    assert state.refusals[-1].snippet.startswith("line 29 ")
    assert all(len(each.snippet.encode()) <= 200 for each in state.refusals)
