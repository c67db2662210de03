from __future__ import annotations

import pytest

from dashboard.conversation.fanout import notification_state
from dashboard.domain.room import Message, direct_room
from tests.support.stores import NOW
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


async def test_what_is_said_in_a_room_comes_to_all_who_hear_it() -> None:
    async with talking() as talk:
        ann, bob, outside = await talk.page("ann", "ops"), await talk.page("bob", "ops"), await talk.page("olga")
        said = await talk.conversation.post(talk.caller("ann"), "ops", "hello")
        for page in (ann, bob):
            assert (await page.hear("message"))["messageId"] == f"ops.{said.seq}"
        await talk.conversation.delete(talk.caller("ann"), "ops", f"ops.{said.seq}")
        assert (await bob.hear("message_changed"))["deleted"]
        assert outside.told("message") == []


async def test_what_is_said_to_one_comes_to_all_pages_of_both() -> None:
    async with talking() as talk:
        pages = [await talk.page("ann"), await talk.page("bob"), await talk.page("bob")]
        other = await talk.page("olga")
        await talk.conversation.direct(talk.caller("ann"), "bob", "psst")
        for page in pages:
            assert (await page.hear("message"))["roomId"] == direct_room("ann", "bob")
        assert other.told("message") == []


async def test_that_something_was_read_comes_to_the_readers_pages_and_to_the_authors() -> None:
    async with talking() as talk:
        ann, bob, bobs_other = (
            await talk.page("ann", "ops"),
            await talk.page("bob", "ops"),
            await talk.page("bob", "ops"),
        )
        said = await talk.conversation.post(talk.caller("ann"), "ops", "hello")
        await bob.hear("message")
        await talk.conversation.read(talk.caller("bob"), "ops", f"ops.{said.seq}")
        mark = await bobs_other.hear("read")
        assert (mark["messageId"], mark["unread"]) == (f"ops.{said.seq}", 0)
        ack = await ann.hear("ack")
        assert (ack["status"], ack["userId"], ack["messageId"]) == ("read", "bob", f"ops.{said.seq}")
        assert talk.people.fanout.mark("bob", "ops") == said.seq
        assert await talk.people.fanout.unread("bob", "ops") == 0
        talk.people.fanout.forget("bob")
        assert talk.people.fanout.mark("bob", "ops") == 0


async def test_how_a_user_stands_says_rooms_unread_messages_and_notifications() -> None:
    async with talking() as talk:
        await talk.conversation.post(talk.caller("ann"), "ops", "hello @bob")
        await talk.conversation.direct(talk.caller("ann"), "bob", "psst")
        standing = await talk.people.fanout.prepare(talk.caller("bob"))
        rooms = {room.room_id: room for room in standing.rooms}
        assert (rooms["ops"].unread, rooms["ops"].title, rooms["ops"].kind) == (1, "Ops", "room")
        assert (rooms["direct:ann:bob"].unread, rooms["direct:ann:bob"].title) == (1, "Ann")
        assert (rooms["host"].kind, standing.unread) == ("board", 1)
        assert await talk.people.fanout.room_states(talk.caller("bob")) == standing.rooms


async def test_the_directory_shows_rooms_and_boards_that_the_caller_may_see() -> None:
    async with talking() as talk:
        ann = await talk.page("ann", "ops")
        ann.say(type="watch", board="host")
        seen = await talk.page("bob")

        async def listed() -> list[dict[str, object]]:
            return [each for each in (await seen.ask(type="users"))["users"] if each["id"] == "ann" and each["screens"]]

        while not (found := await listed()):
            pass
        assert (found[0]["rooms"], found[0]["screens"]) == (["ops"], [{"board": "host", "kind": "person"}])


async def test_a_notification_in_a_list_says_whether_it_was_read() -> None:
    said = Message("inbox:ann", 3, 3, "from olga", "", "body", "", NOW, title="Title", data='{"n":1}')
    state = notification_state(said, read=True)
    assert (state.notification_id, state.title, state.body, bytes(state.data), state.read) == (
        "inbox:ann.3", "Title", "body", b'{"n":1}', True,
    )  # fmt: skip
