from __future__ import annotations

import pytest

from dashboard.domain.counters import Counters
from dashboard.journal.wall_clock import WallClock
from tests.support.journals import HandClock
from tests.support.nodes import at_work, until


@pytest.mark.gen_test
async def test_the_journals_clock_is_set_when_somebody_sets_the_machines() -> None:
    hand, counters = HandClock(), Counters()
    clock = hand.journal_clock()
    before_ms = clock.now_ms()
    hand.wall_s += 3_600
    assert clock.now_ms() < before_ms + 1_000
    async with at_work(WallClock(clock, counters).run):
        await until(lambda: counters.clock_steps == 1)
    assert clock.now_ms() >= before_ms + 3_600_000
