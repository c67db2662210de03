from __future__ import annotations

import asyncio

import pytest

from dashboard.accounts.housekeeping import Housekeeping
from tests.support.nodes import at_work
from tests.support.talk import Talk, talking

pytestmark = pytest.mark.gen_test
DAY_MS = 86_400_000


def housekeeping(talk: Talk, days_later: int) -> Housekeeping:
    return Housekeeping(
        database=talk.accounts.database,
        journal=talk.server.journal,
        identify=talk.accounts.authenticator,
        now_ms=lambda: talk.server.clock.now_ms() + days_later * DAY_MS,
        message_days=10,
        audit_days=20,
    )


async def actions(talk: Talk) -> list[str]:
    return [each["action"] for each in await talk.accounts.accounts.audit(None, 10)]


async def test_messages_and_audit_events_are_forgotten_when_they_are_old_enough() -> None:
    async with talking() as talk:
        await talk.accounts.accounts.create_link("adam", "::1", "host", 1)
        await talk.conversation.post(talk.caller("ann"), "ops", "hello")
        await housekeeping(talk, 9).tidy()
        assert len(await talk.conversation.messages_after("ops", 0, 10)) == 1
        await housekeeping(talk, 11).tidy()
        assert await talk.conversation.messages_after("ops", 0, 10) == []
        assert await actions(talk) == ["link.created"]
        await housekeeping(talk, 21).tidy()
        assert await actions(talk) == []


async def test_when_tokens_were_last_used_is_stored() -> None:
    async with talking() as talk:
        _, text = await talk.accounts.accounts.create_token("adam", "::1", name="ci")
        talk.accounts.authenticator.by_token(text)
        async with at_work(housekeeping(talk, 0).run):
            async with asyncio.timeout(20):
                while (await talk.accounts.accounts.list_tokens())[0].last_used_ms is None:
                    await asyncio.sleep(0)
