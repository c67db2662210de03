from __future__ import annotations

import asyncio

import pytest

from dashboard.accounts import housekeeping as housekeeping_module
from dashboard.accounts.housekeeping import PATIENCE_S, Housekeeping
from tests.support.deadline import deadline
from tests.support.nodes import at_work
from tests.support.talk import Talk, talking

pytestmark = pytest.mark.gen_test
DAY_MS = 86_400_000


class Clocks:
    """The journal's clock, this number of days ahead, and the machine's own clock."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.days, self.monotonic_s = 0, 1_000.0

    def now_ms(self) -> int:
        return self._talk.server.clock.now_ms() + self.days * DAY_MS

    def housekeeping(self) -> Housekeeping:
        return Housekeeping(
            database=self._talk.accounts.database,
            journal=self._talk.server.journal,
            identify=self._talk.accounts.authenticator,
            now_ms=self.now_ms,
            monotonic=lambda: self.monotonic_s,
            message_days=10,
            audit_days=20,
        )

    async def tidy(self, days: int, *, set_by_days: int = 0) -> None:
        """Tidy up after this number of days; ``set_by_days``: the clock is set between its two readings."""
        self.days = days
        house = self.housekeeping()
        await house.tidy()
        self.monotonic_s += PATIENCE_S
        self.days += set_by_days
        await house.tidy()


async def actions(talk: Talk) -> list[str]:
    return [each["action"] for each in await talk.accounts.accounts.audit(None, 10)]


async def test_messages_and_audit_events_are_forgotten_when_they_are_old_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(housekeeping_module, "_AGREES_MS", DAY_MS)  # the journal's clock is not moved by the patience
    async with talking() as talk:
        clocks = Clocks(talk)
        await talk.accounts.accounts.create_link("adam", "::1", "host", 1)
        await talk.conversation.post(talk.caller("ann"), "ops", "hello")
        await clocks.tidy(9)
        assert len(await talk.conversation.messages_after("ops", 0, 10)) == 1
        await clocks.tidy(11)
        assert await talk.conversation.messages_after("ops", 0, 10) == []
        assert await actions(talk) == ["link.created"]
        await clocks.tidy(21)
        assert await actions(talk) == []


@pytest.mark.expects_log("the clock was set")
async def test_a_clock_that_was_set_costs_nothing() -> None:
    async with talking() as talk:
        await talk.conversation.post(talk.caller("ann"), "ops", "hello")
        await Clocks(talk).tidy(11, set_by_days=5)
        assert len(await talk.conversation.messages_after("ops", 0, 10)) == 1


async def test_when_tokens_were_last_used_is_stored() -> None:
    async with talking() as talk:
        _, text = await talk.accounts.accounts.create_token("adam", "::1", name="ci")
        talk.accounts.authenticator.by_token(text)
        async with at_work(Clocks(talk).housekeeping().run), deadline(20):
            while (await talk.accounts.accounts.list_tokens())[0].last_used_ms is None:
                await asyncio.sleep(0)
