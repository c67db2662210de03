from __future__ import annotations

import pytest

from tests.support.nodes import until
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


async def test_a_token_tells_the_user_where_the_request_names_none() -> None:
    async with talking() as talk:
        page = talk.nobodys_page()
        assert (await page.ask(type="auth", userId="", token=talk.token("ann")))["code"] == "invalid_message"
        told = await page.ask(type="auth", userId="ann", token=talk.token("ann"))
        assert (told["user"]["id"], told["limits"]["max_user_connections"]) == ("ann", 20)


async def test_a_connection_that_signs_out_leaves_its_rooms_and_its_user_and_stays_open() -> None:
    async with talking() as talk:
        page, other = await talk.page("ann", "ops"), await talk.page("bob", "ops")
        await until(lambda: "ann" in {each.user for each in talk.people.presence.people()})
        talk.people.dispatcher.sign_out(page.connection)
        await until(lambda: "ann" not in {each.user for each in talk.people.presence.people()})
        await other.hear("user_offline")
        assert not page.connection.closed
        assert not page.connection.rooms
        assert (await page.ask(type="rooms"))["code"] == "not_authenticated"
        told = await page.ask(type="auth", userId="ann", token=talk.token("ann"))
        assert told["type"] == "authenticated"
