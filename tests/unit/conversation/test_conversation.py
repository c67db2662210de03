from __future__ import annotations

import pytest

from dashboard.domain.errors import Forbidden, Invalid, NotFound, TooMany
from dashboard.domain.room import Room, direct_room
from tests.support.stores import make_room
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


async def test_what_is_said_is_kept_in_order_and_the_same_key_is_the_same_message() -> None:
    async with talking() as talk:
        ann, say = talk.caller("ann"), talk.conversation
        first = await say.post(ann, "ops", "hello *you*", key="k1", at_ms=5)
        again = await say.post(ann, "ops", "hello *you*", key="k1")
        second = await say.post(ann, "ops", "there")
        messages, more = await say.history(ann, "ops", None, 10)
        assert (first.seq, again.seq, more) == (second.seq - 1, first.seq, False)
        assert [(each.text, each.author, each.at_ms) for each in messages] == [
            ("hello *you*", "ann", 5),
            ("there", "ann", None),
        ]
        assert "<em>you</em>" in messages[0].html
        assert [each.text for each in (await say.history(ann, "ops", f"ops.{second.seq}", 10))[0]] == ["hello *you*"]
        assert [each.text for each in await say.messages_after("ops", first.seq, 10)] == ["there"]


async def test_ones_own_message_is_edited_and_taken_back_and_nobody_elses() -> None:
    async with talking() as talk:
        ann, bob, say = talk.caller("ann"), talk.caller("bob"), talk.conversation
        said = await say.post(ann, "ops", "helo")
        where = f"ops.{said.seq}"
        with pytest.raises(Forbidden):
            await say.edit(bob, "ops", where, "mine")
        with pytest.raises(Forbidden):
            await say.delete(bob, "ops", where)
        changed = await say.edit(ann, "ops", where, "hello")
        assert (changed.text, changed.seq) == ("hello", said.seq)
        assert changed.changed_seq > said.seq
        assert (await say.delete(talk.caller("olga"), "ops", where)).deleted
        with pytest.raises(NotFound):
            await say.edit(ann, "ops", where, "again")


async def test_a_conversation_of_two_is_one_room_from_either_side() -> None:
    async with talking() as talk:
        ann, bob, say = talk.caller("ann"), talk.caller("bob"), talk.conversation
        first = await say.direct(ann, "bob", "psst")
        second = await say.direct(bob, "ann", "yes?")
        assert first.room == second.room == direct_room("ann", "bob")
        assert not say.may_join(talk.caller("olga"), first.room)
        for other in ("ann", "gone"):
            with pytest.raises(NotFound):
                await say.direct(ann, other, "hello")


async def test_a_room_is_there_for_those_who_may_join_it() -> None:
    async with talking() as talk:
        await make_room(talk.accounts.database, "secret", private=True, members=("bob",))
        say, ann, bob = talk.conversation, talk.caller("ann"), talk.caller("bob")
        assert (await say.find_room(bob, "secret")).id == "secret"  # another process has just made it
        assert (say.may_join(bob, "secret"), say.may_join(ann, "secret")) == (True, False)
        assert "secret" in {room.id for room in say.rooms(bob)} - {room.id for room in say.rooms(ann)}
        assert say.rooms(ann)[0].kind == "board"
        with pytest.raises(NotFound):
            await say.post(ann, "secret", "let me in")
        with pytest.raises(NotFound):
            say.room(ann, direct_room("ann", "gone"))
        assert isinstance(say.room(ann, direct_room("ann", "bob")), Room)


async def test_rooms_say_how_far_their_logs_have_got() -> None:
    async with talking() as talk:
        ann = talk.caller("ann")
        said = await talk.conversation.post(ann, "ops", "hello")
        ends = {room.id: room.last_seq for room in await talk.conversation.rooms_now(ann)}
        assert ends["ops"] == said.seq


async def test_whoever_is_mentioned_is_notified_once() -> None:
    async with talking() as talk:
        say = talk.conversation
        said = await say.post(talk.caller("ann"), "ops", "look @bob and @nobody and @ann")
        assert said.mentions == ("bob",)
        assert (say.is_user("bob"), say.is_user("nobody")) == (True, False)
        await say.edit(talk.caller("ann"), "ops", f"ops.{said.seq}", "look here @bob")
        found, _ = await talk.people.notify.list(talk.caller("bob"), None, 10)
        assert [(each.text, read) for each, read in found] == [("look here @bob", False)]


async def test_what_has_been_read_is_noted_and_only_what_was_said_can_be_read() -> None:
    async with talking() as talk:
        say, bob = talk.conversation, talk.caller("bob")
        said = await say.post(talk.caller("ann"), "ops", "hello")
        assert await talk.people.fanout.count("bob", "ops") == 1
        await say.read(bob, "ops", f"ops.{said.seq}")
        assert await talk.people.fanout.count("bob", "ops") == 0
        for where in ("ops.99", "dev.1", ""):
            with pytest.raises(NotFound):
                await say.read(bob, "ops", where)


async def test_nobody_writes_quicker_than_the_pace() -> None:
    async with talking(chat_per_s=1, chat_burst=2) as talk:
        ann = talk.caller("ann")
        for text in ("a", "b"):
            await talk.conversation.post(ann, "ops", text)
        with pytest.raises(TooMany):
            await talk.conversation.post(ann, "ops", "c")
        await talk.conversation.post(talk.caller("bob"), "ops", "c")


@pytest.mark.parametrize(
    ("text", "key"), [("", None), ("  ", None), ("x" * 5_000, None), ("x", ""), ("x", "k" * 101), ("x", "\0")]
)
async def test_what_cannot_be_shown_is_refused(text: str, key: str | None) -> None:
    async with talking() as talk:
        with pytest.raises(Invalid):
            await talk.conversation.post(talk.caller("ann"), "ops", text, key=key)


async def test_a_user_sees_the_boards_that_there_are_for_them() -> None:
    async with talking(private_boards=("host",)) as talk:
        assert talk.conversation.may_see(talk.caller("adam"), "host")
        assert not talk.conversation.may_see(talk.caller("ann"), "host")
