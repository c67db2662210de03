from __future__ import annotations

import pytest

from dashboard.domain.identity import Role
from dashboard.rfc6455.close_codes import CloseCode
from tests.support.nodes import until
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


async def test_a_connection_is_a_users_when_it_shows_their_token() -> None:
    async with talking() as talk:
        page = talk.nobodys_page()
        assert (await page.ask(type="rooms"))["code"] == "not_authenticated"
        told = await page.ask(type="auth", userId="ann", token=talk.token("ann"))
        assert (told["type"], told["user"]["id"], told["role"]) == ("authenticated", "ann", "viewer")
        assert page.connection.caller.id == "ann"
        assert (await page.ask(type="rooms"))["type"] == "rooms"


@pytest.mark.parametrize("user", ["bob", "gone"])
async def test_a_token_that_is_not_the_users_ends_the_connection(user: str) -> None:
    async with talking() as talk:
        page = talk.nobodys_page()
        assert (await page.ask(type="auth", userId=user, token=talk.token("ann")))["code"] == "bad_token"
        assert page.viewer.ended == CloseCode.BAD_TOKEN


async def test_requests_of_a_connection_are_answered_in_their_order() -> None:
    async with talking(chat_burst=100) as talk:
        page = await talk.page("ann", "ops")
        sent = [page.say(type="message", roomId="ops", text=f"m{number}") for number in range(20)]
        await until(lambda: len(page.told("ack")) == 20)
        assert [each["id"] for each in page.told("ack")] == sent
        answered = await page.ask(type="history", roomId="ops")
        assert [each["text"] for each in answered["messages"]] == [f"m{number}" for number in range(20)]


async def test_what_is_asked_for_is_done_and_answered() -> None:
    async with talking() as talk:
        page = await talk.page("ann", "ops")
        said = await page.ask(type="message", roomId="ops", text="helo", key="k1")
        assert (said["status"], said["key"]) == ("delivered", "k1")
        where = said["messageId"]
        assert (await page.ask(type="edit", roomId="ops", messageId=where, text="hello"))["status"] == "changed"
        assert (await page.ask(type="read", roomId="ops", messageId=where))["unread"] == 0
        assert (await page.ask(type="delete", roomId="ops", messageId=where))["status"] == "changed"
        assert (await page.ask(type="direct", userId="bob", text="psst"))["roomId"] == "direct:ann:bob"
        assert (await page.ask(type="notifications"))["type"] == "notifications"
        assert (await page.ask(type="notification_read"))["unread"] == 0
        assert (await page.ask(type="leave_room", roomId="ops"))["type"] == "left"
        assert (await page.ask(type="message", roomId="ops", text="x"))["code"] == "not_member"
        page.say(type="presence", status="away")
        await until(lambda: page.connection.status == "away")


async def test_not_more_connections_of_a_user_are_taken_than_there_may_be() -> None:
    async with talking(max_user_connections=2) as talk:
        for _ in range(2):
            await talk.page("ann")
        page = talk.nobodys_page()
        page.say(type="auth", userId="ann", token=talk.token("ann"))
        await until(lambda: page.viewer.ended == CloseCode.TOO_MANY_CONNECTIONS)


async def test_a_connection_ends_with_its_session_and_comes_back_with_another_role() -> None:
    async with talking() as talk:
        page, other = await talk.page("ann"), await talk.page("bob")
        await talk.accounts.accounts.log_out(page.connection.caller, "::1")
        await until(lambda: page.viewer.ended == CloseCode.REVOKED)
        await talk.accounts.accounts.change_user("adam", "::1", "bob", role=Role.EDITOR)
        await until(lambda: other.viewer.ended == CloseCode.TOKEN_EXPIRED)


async def test_whoever_may_not_be_in_a_room_any_more_leaves_it() -> None:
    async with talking() as talk:
        page = await talk.page("ann", "ops")
        await talk.people.room_admin.change("olga", "::1", "ops", title=None, private=True, members=("bob",))
        assert (await page.hear("left"))["roomId"] == "ops"
        assert page.connection.rooms == set()


async def test_a_connection_that_is_over_is_in_no_room_and_nobodys() -> None:
    async with talking() as talk:
        page, registry = await talk.page("ann", "ops"), talk.server.cluster.registry
        assert list(registry.connections_of("ann")) == list(registry.in_room("ops")) == [page.connection]
        page.drop()
        assert list(registry.connections_of("ann")) == list(registry.in_room("ops")) == []


async def test_too_many_requests_that_wait_are_refused() -> None:
    async with talking(message_burst=1_000) as talk:
        page = await talk.page("ann")
        for _ in range(150):
            page.say(type="rooms")
        await until(lambda: any(each["code"] == "rate_limited" for each in page.told("error")))


async def test_a_step_waits_for_the_requests_before_it() -> None:
    async with talking() as talk:
        page = await talk.page("ann", "ops")
        done: list[int] = []
        page.say(type="message", roomId="ops", text="last words")
        talk.people.dispatcher.after_requests(page.connection, lambda: done.append(len(page.told("ack"))))
        await until(lambda: done == [1])
        talk.people.dispatcher.after_requests(page.connection, lambda: done.append(7))
        assert done == [1, 7]
