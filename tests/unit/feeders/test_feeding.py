from __future__ import annotations

import asyncio

import pytest

from dashboard.domain.errors import Unavailable
from dashboard.feeders.feeding import Reading, run_every, to_batch
from tests.support.nodes import at_work, until


def test_readings_become_a_batch_that_declares_units_and_cadences() -> None:
    batch = to_batch([Reading("cpu", 1.5, "%"), Reading("disk", 2.0, "B", (("mount", "/"),), every_s=30.0)], 5.0)
    assert (batch.keys, batch.values, batch.times) == (["cpu", 'disk{mount="/"}'], [1.5, 2.0], [None, None])
    assert batch.declared == [(0, "%", 5.0), (1, "B", 30.0)]


@pytest.mark.gen_test
@pytest.mark.expects_log("could not be stored: the disk is full")
async def test_a_feeder_beats_on_also_when_the_journal_refuses() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        beats += 1
        if beats < 3:
            raise Unavailable("the disk is full")

    async with at_work(lambda: run_every(0.001, beat)):
        await until(lambda: beats > 5)


@pytest.mark.gen_test
async def test_a_beat_that_took_too_long_is_not_made_up_for() -> None:
    times: list[float] = []

    async def beat() -> None:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 1:
            await asyncio.sleep(0.1)

    async with at_work(lambda: run_every(0.03, beat)):
        await until(lambda: len(times) == 3)
    assert times[2] - times[1] >= 0.02
