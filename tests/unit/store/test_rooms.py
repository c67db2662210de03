"""Rooms: whose they are, who reads which changes of them, and how many messages are unread."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.domain.errors import Invalid, NotFound
from dashboard.domain.room import Message, Room
from dashboard.store.messages import latest_changes, post
from dashboard.store.revisions import latest_revision
from dashboard.store.rooms import (
    change_room,
    changed_rooms,
    create_room,
    ends_of,
    ensure_room,
    forget_room,
    mark_read,
    progress,
    read_marks,
    rooms_of,
    unread_counts,
)
from tests.support.stores import message
from tests.unit.store.tables import tables

pytestmark = pytest.mark.gen_test


async def say(tx: AsyncConnection, room: str, *said: tuple[str, str]) -> list[Message]:
    return [(await post(tx, message(text, room=room, author=author)))[0] for author, text in said]


async def test_a_board_takes_over_a_room_of_its_name_unless_that_is_private() -> None:
    async with tables() as tx:
        await create_room(tx, Room("host", "room", "Old"), "olga", 1)
        await change_room(tx, "host", closed=True)
        await ensure_room(tx, "host", "board", "Host", 2)
        assert await changed_rooms(tx, 0) == [(Room("host", "board", "Host"), False)]
        before = await latest_revision(tx)
        await ensure_room(tx, "host", "board", "Host", 3)
        assert await latest_revision(tx) == before
        await create_room(tx, Room("pay", "room", "Pay", private=True, members=("ann",)), "olga", 1)
        with pytest.raises(Invalid, match="private room pay"):
            await ensure_room(tx, "pay", "board", "Pay", 2)


async def test_an_id_of_a_room_is_given_once() -> None:
    async with tables() as tx:
        await create_room(tx, Room("ops", "room", "Ops"), "olga", 1)
        await change_room(tx, "ops", closed=True)
        with pytest.raises(NotFound):
            await change_room(tx, "ops", title="again")
        with pytest.raises(Invalid, match="there is, or was, a room ops"):
            await create_room(tx, Room("ops", "room", "Ops"), "olga", 2)


async def test_direct_rooms_and_inboxes_belong_to_their_users() -> None:
    async with tables() as tx:
        await ensure_room(tx, "direct:ann:bob", "direct", "", 1)
        await ensure_room(tx, "inbox:ann", "inbox", "", 1)
        found = await rooms_of(tx, ["ann", "bob", "eve"])
        assert {user: sorted(each.id for each in rooms) for user, rooms in found.items()} == {
            "ann": ["direct:ann:bob", "inbox:ann"],
            "bob": ["direct:ann:bob"],
            "eve": [],
        }
        assert all(room.private for rooms in found.values() for room in rooms)
        assert await changed_rooms(tx, 0) == []  # nobody else hears of them


async def test_a_read_mark_only_rises_and_not_beyond_the_newest_change() -> None:
    async with tables() as tx:
        await create_room(tx, Room("ops", "room", "Ops"), "olga", 1)
        await say(tx, "ops", ("ann", "1"), ("bob", "2"), ("ann", "3"))
        assert [await mark_read(tx, "bob", "ops", seq) for seq in (2, 1, 99)] == [0, 2, 2]
        assert await read_marks(tx, ["bob", "eve"]) == {"bob": {"ops": 3}, "eve": {}}
        with pytest.raises(NotFound):
            await mark_read(tx, "bob", "none", 1)


async def test_unread_are_the_messages_of_others_after_the_mark() -> None:
    async with tables() as tx:
        for room in ("ops", "dev"):
            await create_room(tx, Room(room, "room", room), "olga", 1)
        await say(tx, "ops", ("ann", "1"), ("bob", "2"), ("ann", "3"))
        await say(tx, "dev", ("bob", "1"), ("ann", "2"))
        await mark_read(tx, "bob", "ops", 1)
        counts = await unread_counts(tx, {"bob": ["ops", "dev"], "eve": ["ops"]})
        assert (counts.of("bob", "ops"), counts.of("bob", "dev"), counts.of("eve", "ops")) == (1, 1, 3)
        await forget_room(tx, "dev")
        assert (await unread_counts(tx, {"bob": ["dev"]})).of("bob", "dev") == 0
        assert await latest_changes(tx, "dev", 9) == ([], 2, 0)


async def test_the_end_of_a_room_is_that_of_its_newest_change() -> None:
    async with tables() as tx:
        for room, t_ms in (("ops", 10), ("dev", 20)):
            await create_room(tx, Room(room, "room", room), "olga", t_ms)
        await post(tx, message("x", room="dev", t_ms=30))
        assert await ends_of(tx, ["ops", "dev", "none"]) == {"ops": 0, "dev": 1}
        assert await progress(tx, 30) == {"dev": 1}
