from __future__ import annotations

import pytest

from dashboard.conversation import join
from dashboard.conversation.join import check_member
from dashboard.domain.errors import NotMember
from dashboard.domain.room import direct_room
from dashboard.messages.rooms import state_of
from tests.support.hubs import connect, person
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


async def test_whoever_joins_gets_the_newest_messages_and_who_is_there() -> None:
    async with talking() as talk:
        said = await talk.conversation.post(talk.caller("ann"), "ops", "hello")
        await talk.page("ann", "ops")
        bob = await talk.page("bob")
        joined = await bob.ask(type="join_room", roomId="ops")
        assert [each["text"] for each in joined["messages"]] == ["hello"]
        assert (joined["title"], joined["position"], joined["recovered"]) == ("Ops", str(said.changed_seq), False)
        assert (joined["unread"], joined["lastRead"]) == (1, "")
        assert {each["id"] for each in joined["members"]} == {"ann", "bob"}


async def test_whoever_comes_back_gets_what_they_missed() -> None:
    async with talking() as talk:
        ann = talk.caller("ann")
        seen = await talk.conversation.post(ann, "ops", "one")
        await talk.conversation.post(ann, "ops", "two")
        await talk.conversation.edit(ann, "ops", f"ops.{seen.seq}", "ONE")
        page = await talk.page("bob")
        joined = await page.ask(type="join_room", roomId="ops", since=str(seen.changed_seq))
        assert joined["recovered"]
        assert sorted(each["text"] for each in joined["messages"]) == ["ONE", "two"]


async def test_what_is_said_after_the_answer_follows_it() -> None:
    async with talking() as talk:
        page = await talk.page("bob", "ops")
        await talk.conversation.post(talk.caller("ann"), "ops", "hello")
        assert (await page.hear("message"))["text"] == "hello"
        assert page.connection.rooms == {"ops"}


async def test_clients_that_join_from_one_position_share_the_list_and_few_lists_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(join, "_MAX_LISTED", 12)
    made: list[int] = []
    monkeypatch.setattr(join, "state_of", lambda message: made.append(message.seq) or state_of(message))
    async with talking() as talk:
        for text in "abc":
            await talk.conversation.post(talk.caller("ann"), "ops", text)
        pages = [await talk.page(user) for user in ("ann", "bob", "olga")]

        async def texts(since: str | None) -> list[str]:
            fields = {} if since is None else {"since": since}
            answers = [await page.ask(type="join_room", roomId="ops", **fields) for page in pages]
            assert answers[0]["messages"] == answers[1]["messages"] == answers[2]["messages"]
            return [each["text"] for each in answers[0]["messages"]]

        assert (await texts(None), made) == (["a", "b", "c"], [1, 2, 3])
        assert (await texts("1"), made) == (["b", "c"], [1, 2, 3, 2, 3])
        await talk.conversation.edit(talk.caller("ann"), "ops", "ops.3", "C")
        await pages[0].hear("message_changed")
        assert await texts("1") == ["b", "C"]
        for since in ("0", "2", "1", "3"):
            await texts(since)
        made.clear()
        await texts("3")
        assert made == []
        await texts(None)
        assert made == [1, 2, 3]


async def test_a_room_that_is_not_there_cannot_be_joined() -> None:
    async with talking() as talk:
        page = await talk.page("bob")
        assert (await page.ask(type="join_room", roomId="gone"))["code"] == "not_found"
        assert (await page.ask(type="join_room", roomId="ops", since="x"))["code"] == "invalid"
        assert page.connection.rooms == set()


async def test_a_room_is_joined_on_each_connection_but_a_conversation_of_two_needs_no_joining() -> None:
    connection = connect(caller=person("ann"))
    with pytest.raises(NotMember):
        check_member(connection, "ops")
    check_member(connection, direct_room("ann", "bob"))
    connection.rooms.add("ops")
    check_member(connection, "ops")
