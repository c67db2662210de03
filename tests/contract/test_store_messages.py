"""The log of messages (dashboard/store/messages.py): numbers without holes, in the order of commits, over both databases."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest
from sqlalchemy import select

from dashboard.domain.errors import NotFound
from dashboard.domain.room import Message
from dashboard.store.database import Database
from dashboard.store.messages import (
    authors_between,
    changes_after,
    find_by_key,
    forget_messages,
    get_message,
    latest_changes,
    lock_rooms,
    newest,
    newest_seq,
    oldest,
    post,
    rewrite,
    take_back,
)
from dashboard.store.rooms import change_room, ensure_room, forget_room, mark_read, progress
from dashboard.store.schema import messages, rooms
from tests.support.stores import NOW, Place, make_room, message, say

pytestmark = pytest.mark.gen_test


async def edit(database: Database, seq: int, text: str, room: str = "ops") -> Message:
    async with database.write() as tx:
        before = await get_message(tx, room, seq)
        return await rewrite(tx, before, NOW + 5, text=text, html=text, mentions=("bob",))


async def delete(database: Database, seq: int, room: str = "ops") -> Message:
    async with database.write() as tx:
        return await take_back(tx, await get_message(tx, room, seq), NOW + 6)


async def test_a_message_is_given_back_as_it_was_kept(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        said = message("ü 🚀 \n'\"; --", at_ms=NOW - 1, mentions=("bob", "carol"), title="T", data='{"a":1}')
        async with database.write() as tx:
            stored, is_new = await post(tx, said)
        assert (stored, is_new) == (msgspec.structs.replace(said, seq=1, changed_seq=1), True)
        async with database.read() as tx:
            assert await get_message(tx, "ops", 1) == stored
            assert await find_by_key(tx, "ops", "alice", said.key) == stored
            assert await find_by_key(tx, "ops", "bob", said.key) is None
            for room, seq in (("ops", 2), ("other", 1)):
                with pytest.raises(NotFound):
                    await get_message(tx, room, seq)


async def test_nothing_is_posted_in_a_room_that_is_not_there_or_closed(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        async with database.write() as tx:
            await change_room(tx, "ops", closed=True)
        for room in ("ops", "none"):
            with pytest.raises(NotFound):
                await say(database, "x", room=room)
        async with database.read() as tx:
            assert (await tx.execute(select(messages))).all() == []


async def test_numbers_have_no_holes_and_are_in_the_order_of_commits_whoever_posts(place: Place) -> None:
    """A reader beside the writers never sees a number before all smaller numbers."""
    done = asyncio.Event()

    async def writer(database: Database, name: int) -> list[int]:
        return [(await say(database, f"{name} {n}", author=f"u{name}"))[0].seq for n in range(4)]

    async def reader(database: Database) -> int:
        looks = 0
        while not done.is_set():
            async with database.read() as tx:
                seen = list((await tx.execute(select(messages.c.seq).order_by(messages.c.seq))).scalars())
                end = (await tx.execute(select(rooms.c.last_seq))).scalar_one()
            assert seen == list(range(1, end + 1))
            looks += 1
        return looks

    async with place.opened(4) as databases:
        await make_room(databases[0])
        reading = asyncio.ensure_future(reader(databases[3]))
        numbers = await asyncio.gather(*(writer(databases[n % 3], n) for n in range(13)))
        done.set()
        assert await reading > 1
        assert sorted(n for each in numbers for n in each) == list(range(1, 53))
        assert all(each == sorted(each) for each in numbers)


async def test_a_transaction_that_fails_leaves_no_hole(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await say(database, "one")
        with contextlib.suppress(ZeroDivisionError):
            async with database.write() as tx:
                await post(tx, message("lost"))
                raise ZeroDivisionError
        assert [m.seq for m in await say(database, "two", "three")] == [2, 3]


async def test_the_same_key_at_once_from_several_processes_is_one_message(place: Place) -> None:
    async def once(database: Database, number: int) -> tuple[Message, bool]:
        async with database.write() as tx:
            return await post(tx, message(f"text {number}", key="k"))

    async with place.opened(3) as databases:
        await make_room(databases[0])
        outcomes = await asyncio.gather(*(once(databases[n % 3], n) for n in range(12)))
        assert sum(is_new for _, is_new in outcomes) == 1
        assert len({(stored.seq, stored.text) for stored, _ in outcomes}) == 1
        assert [m.seq for m in await say(databases[0], "next")] == [2]


async def test_a_key_is_its_authors_own_and_its_rooms(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await make_room(database, "dev")
        first = await say(database, "a", key="k")
        others = [
            *await say(database, "b", key="k", author="bob"),
            *await say(database, "c", key="k", room="dev"),
            *await say(database, "d", key="K"),
        ]
        assert [(m.room, m.seq) for m in (*first, *others)] == [("ops", 1), ("ops", 2), ("dev", 1), ("ops", 3)]


async def test_an_edit_and_a_deletion_take_the_next_number_and_keep_the_place(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await say(database, "one", "two", mentions=("carol",))
        edited = await edit(database, 1, "ONE")
        assert (edited.seq, edited.changed_seq, edited.text, edited.edited_ms) == (1, 3, "ONE", NOW + 5)
        assert (edited.mentions, edited.deleted, edited.key) == (("bob",), False, "one")
        gone = await delete(database, 2)
        assert (gone.seq, gone.changed_seq, gone.text, gone.html, gone.mentions, gone.deleted) == (
            2,
            4,
            "",
            "",
            (),
            True,
        )
        assert [m.seq for m in await say(database, "three")] == [5]
        async with database.read() as tx:
            assert [m.seq for m in (await newest(tx, "ops", None, 10))[0]] == [1, 2, 5]


async def test_edits_at_once_of_one_message_each_take_a_number(place: Place) -> None:
    async with place.opened(2) as databases:
        await make_room(databases[0])
        await say(databases[0], "one")
        changed = await asyncio.gather(*(edit(databases[n % 2], 1, f"{n}") for n in range(8)))
        assert sorted(m.changed_seq for m in changed) == list(range(2, 10))
        last = max(changed, key=lambda m: m.changed_seq)
        async with databases[0].read() as tx:
            assert await get_message(tx, "ops", 1) == last


async def test_changes_after_a_number_are_in_the_order_of_the_latest_changes(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await say(database, "one", "two", "three")
        await edit(database, 1, "ONE")  # 4
        await delete(database, 3)  # 5
        await say(database, "six")

        async def changes(after: int, limit: int = 100) -> tuple[list[tuple[int, int]], int, bool]:
            async with database.read() as tx:
                found, last, whole = await changes_after(tx, "ops", after, limit)
            return [(m.seq, m.changed_seq) for m in found], last, whole

        assert await changes(0) == ([(2, 2), (1, 4), (3, 5), (6, 6)], 6, True)
        assert await changes(4) == ([(3, 5), (6, 6)], 6, True)
        assert await changes(6) == ([], 6, True)
        assert await changes(0, 4) == ([(2, 2), (1, 4), (3, 5), (6, 6)], 6, True)
        assert await changes(0, 3) == ([(2, 2), (1, 4), (3, 5)], 6, False)
        assert await changes(7) == ([], 6, False)  # of another store
        async with database.read() as tx:
            assert await changes_after(tx, "none", 3, 10) == ([], 0, True)


async def test_a_read_sees_one_moment_whatever_is_committed_meanwhile(place: Place) -> None:
    """Otherwise a reader would take over a message and later expect it again."""
    async with place.opened(2) as (one, other):
        await make_room(one)
        await say(one, "one")
        async with one.read() as tx:
            before = await changes_after(tx, "ops", 0, 10)
            await say(other, "two")
            assert await changes_after(tx, "ops", 0, 10) == before
        async with one.read() as tx:
            assert (await changes_after(tx, "ops", 0, 10))[1] == 2


async def test_the_latest_changes_say_after_which_number_none_is_missing(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await say(database, "one", "two", "three")
        await edit(database, 1, "ONE")  # 4
        async with database.read() as tx:
            for limit, expected in (
                (10, ([1, 3, 2], 4, 0)),
                (3, ([1, 3, 2], 4, 1)),
                (2, ([1, 3], 4, 2)),
                (1, ([1], 4, 3)),
            ):
                found, last, whole_after = await latest_changes(tx, "ops", limit)
                assert ([m.seq for m in found], last, whole_after) == expected, limit
                after, _, _ = await changes_after(tx, "ops", whole_after, 100)
                assert {m.seq for m in after} <= {m.seq for m in found}
            assert await latest_changes(tx, "none", 5) == ([], 0, 0)


async def test_pages_of_messages_are_oldest_first_and_say_whether_there_are_older(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await say(database, *(str(n) for n in range(1, 8)))
        async with database.read() as tx:
            for before, limit, seqs, more in (
                (None, 3, [5, 6, 7], True),
                (5, 3, [2, 3, 4], True),
                (2, 3, [1], False),
                (4, 3, [1, 2, 3], False),
                (1, 3, [], False),
                (None, 7, [1, 2, 3, 4, 5, 6, 7], False),
            ):
                found, is_more = await newest(tx, "ops", before, limit)
                assert ([m.seq for m in found], is_more) == (seqs, more), (before, limit)


async def test_all_messages_can_be_read_in_batches_oldest_first(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await say(database, *(str(n) for n in range(1, 8)))
        await edit(database, 2, "edited")
        async with database.read() as tx:
            batches = [[m.seq for m in await oldest(tx, "ops", after, 3)] for after in (0, 3, 6, 7)]
        assert batches == [[1, 2, 3], [4, 5, 6], [7], []]


async def test_authors_of_what_was_read_and_each_ones_newest(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        for author in ("alice", "bob", "alice", "carol"):
            async with database.write() as tx:
                await post(tx, message("x", author=author, key=f"{author}{asyncio.get_running_loop().time()}"))
        async with database.read() as tx:
            assert await authors_between(tx, "ops", 0, 3) == {"alice": 3, "bob": 2}
            assert await authors_between(tx, "ops", 1, 4) == {"alice": 3, "bob": 2, "carol": 4}
            assert await authors_between(tx, "ops", 4, 4) == {}


# --- retention ---


async def test_old_messages_go_and_whoever_is_behind_them_is_told_that_it_is_not_whole(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await say(database, "old 1", "old 2", t_ms=NOW - 1000)
        await say(database, "new", t_ms=NOW)
        await edit(database, 1, "old, edited")  # 4
        async with database.write() as tx:
            assert await forget_messages(tx, NOW) == 2
        async with database.read() as tx:
            found, last, whole = await changes_after(tx, "ops", 0, 10)
            assert ([m.seq for m in found], last, whole) == ([3], 4, False)
            assert (await changes_after(tx, "ops", 4, 10))[2] is True
            assert (await changes_after(tx, "ops", 3, 10))[2] is False
            assert (await latest_changes(tx, "ops", 10))[2] == 4
        assert [m.seq for m in await say(database, "next")] == [5]
        async with database.write() as tx:
            assert await forget_messages(tx, NOW) == 0


async def test_notifications_stay_until_they_are_read_however_old(place: Place) -> None:
    async with place.one() as database:
        async with database.write() as tx:
            await ensure_room(tx, "inbox:bob", "inbox", "", NOW)
            await ensure_room(tx, "inbox:eve", "inbox", "", NOW)
            await ensure_room(tx, "inboxes", "room", "not an inbox", NOW)
        for room in ("inbox:bob", "inbox:eve", "inboxes"):
            await say(database, "1", "2", "3", room=room, t_ms=NOW - 10)
        async with database.write() as tx:
            await mark_read(tx, "bob", "inbox:bob", 2)
        async with database.write() as tx:
            assert await forget_messages(tx, NOW) == 5
        async with database.read() as tx:
            left = {
                room: [m.seq for m in (await newest(tx, room, None, 9))[0]]
                for room in ("inbox:bob", "inbox:eve", "inboxes")
            }
        assert left == {"inbox:bob": [3], "inbox:eve": [1, 2, 3], "inboxes": []}


async def test_a_room_that_is_forgotten_holds_nothing_and_others_all(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await make_room(database, "dev")
        await say(database, "one")
        await say(database, "one", room="dev")
        async with database.write() as tx:
            await forget_room(tx, "ops")
        async with database.read() as tx:
            assert (await newest(tx, "ops", None, 9))[0] == []
            assert len((await newest(tx, "dev", None, 9))[0]) == 1


async def test_the_newest_messages_number_is_not_that_of_a_change_and_outlives_the_messages(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await make_room(database, "dev")
        first, _ = await say(database, "1", "2")
        async with database.write() as tx:
            await rewrite(tx, first, NOW, text="x", html="", mentions=())
        async with database.read() as tx:
            assert [await newest_seq(tx, room) for room in ("ops", "dev", "none")] == [2, 0, 0]
        async with database.write() as tx:
            await forget_messages(tx, NOW + 1_000_000)
            assert await newest_seq(tx, "ops") == 3


async def test_progress_names_the_rooms_in_which_something_happened_since(place: Place) -> None:
    async with place.one() as database:
        await make_room(database)
        await make_room(database, "dev")
        await say(database, "one", "two", t_ms=NOW + 100)
        async with database.read() as tx:
            assert await progress(tx, NOW + 100) == {"ops": 2}
            assert await progress(tx, NOW + 101) == {}
            assert await progress(tx, 0) == {"ops": 2, "dev": 0}


async def test_an_edit_that_meets_a_deletion_does_not_bring_the_text_back(place: Place) -> None:
    async def take_it_back(database: Database, seq: int) -> None:
        async with database.write() as tx:
            await take_back(tx, await get_message(tx, "ops", seq), NOW)

    async def change(database: Database, seq: int) -> None:
        async with database.write() as tx:
            message = await get_message(tx, "ops", seq)
            await asyncio.sleep(0.02)  # the other begins meanwhile
            if not message.deleted:
                await rewrite(tx, message, NOW, text="secret again", html="", mentions=())

    async with place.opened(2) as databases:
        await make_room(databases[0])
        for _ in range(5):
            await say(databases[0], "secret")
            async with databases[0].read() as tx:
                seq = await newest_seq(tx, "ops")
            await asyncio.gather(take_it_back(databases[0], seq), change(databases[1], seq))
            async with databases[0].write() as tx:
                stored = await get_message(tx, "ops", seq)
            assert (stored.deleted, stored.text) == (True, "")


async def test_two_that_lock_the_same_rooms_do_not_wait_for_each_other_for_ever(place: Place) -> None:
    async with place.opened(2) as databases:
        for room in ("a", "b", "c"):
            await make_room(databases[0], room)

        async def change(database: Database, number: int, *room_ids: str) -> None:
            async with database.write() as tx:
                await lock_rooms(tx, room_ids)
                for room in room_ids:
                    await post(tx, message(f"{number} {room_ids}", room=room))

        for number in range(10):
            await asyncio.gather(
                change(databases[0], number, "a", "b", "c"), change(databases[1], number, "c", "b", "a")
            )
