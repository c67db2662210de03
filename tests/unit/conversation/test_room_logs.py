from __future__ import annotations

import pytest

from dashboard.domain.room import Message
from dashboard.entries.rooms import MessageEntry, ReadEntry
from dashboard.journal.port import ROOMS
from tests.support.nodes import until
from tests.support.stores import say
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


def texts(messages: list[Message] | None) -> list[str]:
    return [each.text for each in messages or []]


async def test_a_room_is_read_from_the_store_when_it_is_first_asked_for() -> None:
    async with talking() as talk:
        logs = talk.people.logs
        await say(talk.accounts.database, "one", "two")
        assert logs.known("ops") is None
        log = await logs.get("ops")
        assert texts(log.newest(10)) == ["one", "two"]
        assert logs.known("ops") is await logs.get("ops") is log


async def test_what_the_store_has_and_nobody_told_is_caught_up_with_and_told() -> None:
    async with talking() as talk:
        page, logs = await talk.page("ann", "ops"), talk.people.logs
        await say(talk.accounts.database, "one", "two", author="bob")
        await logs.catch_up("ops")
        assert [each["text"] for each in page.told("message")] == ["one", "two"]
        assert talk.server.counters.room_messages_healed == 2


async def test_what_comes_before_what_it_follows_waits_for_it() -> None:
    async with talking() as talk:
        page, logs = await talk.page("ann", "ops"), talk.people.logs
        first, second = await say(talk.accounts.database, "one", "two", author="bob")
        assert await logs.publish(MessageEntry(second), "r2")
        assert await logs.publish(MessageEntry(first), "r1")
        await page.hear("message", 2)
        assert [each["text"] for each in page.told("message")] == ["one", "two"]


async def test_a_hole_that_the_journal_does_not_fill_is_filled_by_the_store() -> None:
    async with talking() as talk:
        page, logs = await talk.page("ann", "ops"), talk.people.logs
        _, second = await say(talk.accounts.database, "one", "two", author="bob")
        await logs.publish(MessageEntry(second), "r2")
        await page.hear("message", 2)
        assert [each["text"] for each in page.told("message")] == ["one", "two"]


async def test_that_something_was_read_goes_through_the_journal_once() -> None:
    async with talking() as talk:
        page, logs = await talk.page("ann", "ops"), talk.people.logs
        before = talk.server.journal.head(ROOMS).seq
        for _ in range(2):
            assert await logs.publish(ReadEntry("ops", "bob", 1, {"ann": 1}), "read bob ops 1")
        assert talk.server.journal.head(ROOMS).seq == before + 1
        assert (await page.hear("ack"))["userId"] == "bob"


async def test_a_conversation_of_two_begins_where_its_log_stands() -> None:
    async with talking() as talk:
        logs = talk.people.logs
        logs.begin("direct:ann:bob", 7)
        logs.begin("direct:ann:bob", 3)
        log = logs.known("direct:ann:bob")
        assert log is not None
        await until(lambda: log.seq == 7)
