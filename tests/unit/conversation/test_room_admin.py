from __future__ import annotations

import pytest

from dashboard.domain.errors import ConfigurationError, Invalid, NotFound
from dashboard.domain.room import Room
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


async def audited(talk: object) -> list[str]:
    return [each["action"] for each in await talk.accounts.accounts.audit(None, 50)]  # type: ignore[attr-defined]


async def test_a_room_is_made_changed_and_closed_and_all_of_it_is_in_the_audit_log() -> None:
    async with talking() as talk:
        admin, rooms = talk.people.room_admin, talk.accounts.directory.rooms
        await admin.create("olga", "::1", Room("dev", "room", "Developers"))
        assert rooms["dev"].title == "Developers"
        changed = await admin.change("olga", "::1", "dev", title="Makers", private=True, members=("ann",))
        assert rooms["dev"] == changed
        assert (changed.title, changed.private, changed.members) == ("Makers", True, ("ann",))
        assert talk.conversation.may_join(talk.caller("ann"), "dev")
        assert not talk.conversation.may_join(talk.caller("bob"), "dev")
        await admin.close("olga", "::1", "dev")
        assert "dev" not in rooms
        assert [name for name in await audited(talk) if name.startswith("room.")] == [
            "room.deleted", "room.changed", "room.created",
        ]  # fmt: skip


async def test_members_are_users() -> None:
    async with talking() as talk:
        admin = talk.people.room_admin
        with pytest.raises(Invalid, match="gone"):
            await admin.create("olga", "::1", Room("dev", "room", "Dev", private=True, members=("ann", "gone")))
        with pytest.raises(Invalid, match="gone"):
            await admin.change("olga", "::1", "ops", title=None, private=None, members=("gone",))
        with pytest.raises(NotFound):
            await admin.change("olga", "::1", "gone", title="x", private=None, members=None)


async def test_what_was_said_in_a_room_is_forgotten_with_it_also_where_notifications_quote_it() -> None:
    async with talking() as talk:
        await talk.conversation.post(talk.caller("ann"), "ops", "look @bob")
        await talk.people.room_admin.close("olga", "::1", "ops")
        ((quote, _),), _ = await talk.people.notify.list(talk.caller("bob"), None, 10)
        assert quote.text == ""
        assert await talk.conversation.messages_after("ops", 0, 10) == []


async def test_each_board_has_a_room_that_stays() -> None:
    async with talking() as talk:
        admin = talk.people.room_admin
        await admin.ensure_boards({"wall": "The wall"})
        await talk.accounts.directory.look()
        assert (talk.accounts.directory.rooms["wall"].kind, talk.accounts.directory.rooms["wall"].title) == (
            "board",
            "The wall",
        )
        with pytest.raises(Invalid):
            await admin.close("olga", "::1", "wall")


async def test_a_board_whose_name_a_private_room_has_stops_the_start() -> None:
    async with talking() as talk:
        admin = talk.people.room_admin
        await admin.create("olga", "::1", Room("wall", "room", "Wall", private=True, members=("ann",)))
        with pytest.raises(ConfigurationError, match="wall"):
            await admin.ensure_boards({"wall": "The wall"})
