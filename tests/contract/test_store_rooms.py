"""Rooms, read marks and unread counts (dashboard/store/rooms.py), over both databases."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from dashboard.domain.errors import Invalid, NotFound
from dashboard.domain.room import Room
from dashboard.store.database import Database
from dashboard.store.messages import get_message, take_back
from dashboard.store.revisions import latest_revision
from dashboard.store.rooms import (
    change_room,
    changed_rooms,
    create_room,
    ends_of,
    ensure_room,
    mark_read,
    read_marks,
    rooms_of,
    unread_counts,
)
from dashboard.store.schema import rooms
from dashboard.store.users import delete_user
from tests.support.stores import NOW, Place, make_room, make_user, say

pytestmark = pytest.mark.gen_test


async def mark(database: Database, user: str, seq: int, room: str = "ops") -> int:
    async with database.write() as tx:
        return await mark_read(tx, user, room, seq)


async def unread(database: Database, user: str, *of: str) -> dict[str, int]:
    async with database.read() as tx:
        counts = await unread_counts(tx, {user: of, "somebody": [], "else": ["ops"]})
    return {room: count for room in of if (count := counts.of(user, room))}


async def test_a_room_is_given_back_as_made_and_as_changed(place: Place) -> None:
    async with place.one() as database:
        await make_room(database, "ops", private=True, members=("alice", "bob"))
        async with database.read() as tx:
            room = Room("ops", "room", "Ops", True, ("alice", "bob"), 0)
            assert await changed_rooms(tx, 0) == [(room, False)]
            before = await latest_revision(tx)
        async with database.write() as tx:
            changed = await change_room(tx, "ops", title="O", members=())
        assert changed == Room("ops", "room", "O", True, (), 0)
        async with database.write() as tx:
            assert (await change_room(tx, "ops", closed=True)).title == "O"
        async with database.read() as tx:
            assert await changed_rooms(tx, before) == [(changed, True)]
        for name in ("ops", "none"):
            with pytest.raises(NotFound):
                async with database.write() as tx:
                    await change_room(tx, name, title="x")


async def test_an_id_is_a_rooms_for_ever(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        async with database.write() as tx:
            await change_room(tx, "ops", closed=True)
        with pytest.raises(Invalid) as raised:
            async with database.write() as tx:
                await create_room(tx, Room("ops", "room", "x"), "olga", NOW)
        assert raised.value.field == "id"


async def test_a_board_takes_over_an_operators_room_of_its_id_but_no_private_one(place: Place) -> None:
    async def ensure(database: Database) -> tuple[Room, bool]:
        async with database.write() as tx:
            await ensure_room(tx, "ops", "board", "The ops", NOW)
        async with database.read() as tx:
            ((room, closed),) = await changed_rooms(tx, 0)
        return room, closed

    async with place.one() as database:
        await make_room(database, private=True, members=("alice",))
        await say(database, "not for everybody")
        with pytest.raises(Invalid):
            await ensure(database)
        async with database.write() as tx:
            await change_room(tx, "ops", private=False)
        assert await ensure(database) == (Room("ops", "board", "The ops", False, (), 1), False)
        async with database.write() as tx:
            await tx.execute(update(rooms).values(kind="room", private=True, closed=True))
        assert await ensure(database) == (Room("ops", "board", "The ops", False, (), 1), False)


async def test_a_boards_room_is_made_once_also_by_several_processes_and_follows_the_title(place: Place) -> None:
    async def ensure(database: Database, title: str) -> None:
        async with database.write() as tx:
            await ensure_room(tx, "host", "board", title, NOW)

    async with place.opened(3) as databases:
        await asyncio.gather(*(ensure(databases[n % 3], "Host") for n in range(6)))
        await say(databases[0], "x", room="host")
        await ensure(databases[1], "The host")
        async with databases[0].read() as tx:
            assert await changed_rooms(tx, 0) == [(Room("host", "board", "The host", False, (), 1), False)]
            before = await latest_revision(tx)
        await ensure(databases[2], "The host")
        async with databases[0].read() as tx:
            assert await latest_revision(tx) == before


async def test_how_far_rooms_have_got_is_told_of_those_that_are_asked_for(place: Place) -> None:
    async with place.one() as database:
        for room in ("ops", "dev", "new"):
            await make_room(database, room)
        await say(database, "1", "2")
        await say(database, "1", room="dev")
        async with database.read() as tx:
            assert await ends_of(tx, ["ops", "new", "none"]) == {"ops": 2, "new": 0}


async def test_conversations_of_two_are_both_theirs_and_nobody_elses(place: Place) -> None:
    async with place.opened(2) as databases:

        async def ensure(database: Database, room: str, kind: str) -> None:
            async with database.write() as tx:
                await ensure_room(tx, room, kind, "", NOW)  # type: ignore[arg-type]

        await asyncio.gather(*(ensure(databases[n % 2], "direct:alice:bob", "direct") for n in range(4)))
        await ensure(databases[0], "inbox:bob", "inbox")
        async with databases[0].read() as tx:
            private = await rooms_of(tx, ("alice", "bob", "eve"))
            found = {user: sorted(room.id for room in rooms) for user, rooms in private.items()}
            assert found == {"alice": ["direct:alice:bob"], "bob": ["direct:alice:bob", "inbox:bob"], "eve": []}
            assert all(room.private for room in private["bob"])
            assert await changed_rooms(tx, 0) == []
        for room in ("direct:alice:bob", "inbox:bob"):
            with pytest.raises(NotFound):
                async with databases[0].write() as tx:
                    await change_room(tx, room, private=False)


async def test_a_mark_only_grows_and_never_beyond_the_end(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await say(database, "1", "2", "3", "4")
        assert [await mark(database, "bob", seq) for seq in (2, 1, 3, 99, 4, 0)] == [0, 2, 2, 3, 4, 4]
        async with database.read() as tx:
            assert await read_marks(tx, ["bob", "alice"]) == {"bob": {"ops": 4}, "alice": {}}
        with pytest.raises(NotFound):
            await mark(database, "bob", 1, "none")


async def test_of_marks_at_once_the_greatest_stands(place: Place) -> None:
    async with place.opened(3) as databases:
        await make_room(databases[0])
        await say(databases[0], *(str(n) for n in range(20)))
        order = [7, 20, 3, 18, 11, 1, 19, 5, 16, 2, 13, 9]
        await asyncio.gather(*(mark(databases[n % 3], "bob", seq) for n, seq in enumerate(order)))
        async with databases[0].read() as tx:
            assert await read_marks(tx, ["bob"]) == {"bob": {"ops": 20}}


async def test_unread_are_others_messages_after_the_mark_that_are_not_deleted(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await make_room(database, "dev")
        await say(database, "1", "2", "3")
        await say(database, "mine", author="bob")
        await say(database, "5")
        await say(database, "dev 1", room="dev")
        assert await unread(database, "bob", "ops", "dev", "none") == {"ops": 4, "dev": 1}
        assert await unread(database, "alice", "ops", "dev") == {"ops": 1}
        await mark(database, "bob", 2)
        async with database.write() as tx:
            await take_back(tx, await get_message(tx, "ops", 3), NOW)
        assert await unread(database, "bob", "ops") == {"ops": 1}
        await mark(database, "bob", 5)
        assert await unread(database, "bob", "ops") == {}


async def test_what_a_deleted_user_has_read_is_forgotten(place: Place) -> None:
    async with place.one() as database:
        await make_user(database, "bob")
        await make_room(database)
        await say(database, "1")
        await mark(database, "bob", 1)
        async with database.write() as tx:
            await ensure_room(tx, "direct:alice:bob", "direct", "", NOW)
            await delete_user(tx, "bob")
        async with database.read() as tx:
            assert await read_marks(tx, ["bob"]) == {"bob": {}}
            found = await rooms_of(tx, ["alice", "bob"])
            assert (len(found["alice"]), found["bob"]) == (1, [])
