from __future__ import annotations

import pytest

from dashboard.domain.room import Room
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


async def test_those_who_may_join_a_new_room_are_told_of_it() -> None:
    async with talking() as talk:
        ann, bob = await talk.page("ann"), await talk.page("bob")
        await talk.people.room_admin.create("olga", "::1", Room("dev", "room", "Dev", private=True, members=("ann",)))
        told = await ann.hear("room_opened")
        assert (told["roomId"], told["title"], told["kind"]) == ("dev", "Dev", "room")
        await talk.people.room_admin.change("olga", "::1", "dev", title=None, private=False, members=None)
        assert (await bob.hear("room_opened"))["roomId"] == "dev"
        assert len(ann.told("room_opened")) == 1


async def test_a_new_name_of_a_room_is_told_to_all_who_may_join_it() -> None:
    async with talking() as talk:
        page = await talk.page("ann")
        await talk.people.room_admin.change("olga", "::1", "ops", title="Operations", private=None, members=None)
        assert (await page.hear("room_opened"))["title"] == "Operations"
