"""Old messages are deleted only if two readings of the clock agree, and clients are told."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dashboard.accounts import housekeeping as housekeeping_module
from dashboard.store.schema import messages
from tests.support.site import Site, site

pytestmark = pytest.mark.gen_test
DAY_S = 86_400


class Hands:
    """Both clocks of the housekeeping, moved by the test."""

    def __init__(self, at: Site) -> None:
        self.house = at.server.accounts.housekeeping
        self.wall_s = at.server.clock.now_ms() / 1000
        self.monotonic_s = 0.0
        self.house._planned = None  # the server has begun by its own clocks
        self.house._now_ms = lambda: int(1000 * self.wall_s)
        self.house._monotonic = lambda: self.monotonic_s

    async def move(self, seconds: float, *, wall: float | None = None) -> None:
        self.monotonic_s += seconds
        self.wall_s += seconds if wall is None else wall
        await self.house.tidy()


async def count(at: Site) -> int:
    async with at.server.accounts.database.read() as tx:
        return int((await tx.execute(select(func.count()).select_from(messages))).scalar_one())


@pytest.mark.expects_log("nothing is deleted yet")
async def test_a_clock_that_jumps_for_a_minute_costs_no_message(tmp_path: Path) -> None:
    async with site(tmp_path, message_days=2) as at:
        await (await at.socket(as_="vera")).ask("join_room", roomId="host")
        assert (await at.fetch("POST", "/api/message", {"roomId": "host", "text": "kept"}, as_="vera")).code == 200
        hands = Hands(at)
        await hands.move(0, wall=3 * DAY_S)
        await hands.move(70)
        await hands.move(1, wall=-3 * DAY_S)
        await hands.move(housekeeping_module.PATIENCE_S)
        assert await count(at) == 1


async def test_what_is_too_old_is_announced_and_then_forgotten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(tmp_path, message_days=2) as at:
        assert (await at.fetch("POST", "/api/message", {"roomId": "host", "text": "old"}, as_="vera")).code == 200
        hands = Hands(at)
        hands.wall_s += 3 * DAY_S
        with caplog.at_level(logging.INFO):
            await hands.move(0)
        assert "1 messages from before" in caplog.text
        assert "will be deleted in 10 minutes (message_days = 2)" in caplog.text
        await hands.move(housekeeping_module.PATIENCE_S / 2)
        assert await count(at) == 1
        await hands.move(housekeeping_module.PATIENCE_S / 2)
        assert await count(at) == 0
