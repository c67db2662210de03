"""Messages: each change takes the room's next number, and no number is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.domain.errors import NotFound
from dashboard.domain.room import Room
from dashboard.store.messages import (
    authors_between,
    changes_after,
    count_forgettable,
    find_by_key,
    forget_messages,
    get_message,
    latest_changes,
    lock_rooms,
    newest,
    newest_seq,
    notifications_called,
    notifications_that_quote,
    oldest,
    post,
    requote,
    rewrite,
    take_back,
)
from dashboard.store.rooms import create_room, ensure_room, mark_read
from tests.support.stores import NOW, message
from tests.unit.store.tables import tables

pytestmark = pytest.mark.gen_test


@asynccontextmanager
async def ops() -> AsyncIterator[AsyncConnection]:
    """Open a transaction with a room and three messages in it."""
    async with tables() as tx:
        await create_room(tx, Room("ops", "room", "Ops"), "olga", 1)
        for n, author in ((1, "ann"), (2, "bob"), (3, "ann")):
            await post(tx, message(f"m{n}", author=author, t_ms=NOW + n))
        yield tx


async def test_a_repeated_key_takes_no_number() -> None:
    async with ops() as tx:
        again, is_new = await post(tx, message("other text", author="ann", key="m1"))
        assert (again.text, again.seq, is_new) == ("m1", 1, False)
        later, is_new = await post(tx, message("m1", author="bob"))
        assert (later.seq, later.changed_seq, is_new) == (4, 4, True)
        assert await find_by_key(tx, "ops", "bob", "m1") == later
        assert await find_by_key(tx, "ops", "eve", "m1") is None
        with pytest.raises(NotFound, match="none"):
            await post(tx, message("x", room="none"))


async def test_a_change_moves_a_message_to_the_end_of_the_log_and_not_of_the_room() -> None:
    async with ops() as tx:
        first = await get_message(tx, "ops", 1)
        edited = await rewrite(tx, first, 7, text="new", html="<p>new</p>", mentions=("bob",))
        assert (edited.seq, edited.changed_seq, edited.text, edited.mentions, edited.edited_ms) == (
            1, 4, "new", ("bob",), 7,
        )  # fmt: skip
        gone = await take_back(tx, await get_message(tx, "ops", 2), 8)
        assert (gone.text, gone.html, gone.mentions, gone.deleted, gone.changed_seq) == ("", "", (), True, 5)
        assert [each.seq for each in (await newest(tx, "ops", None, 9))[0]] == [1, 2, 3]
        changes, end, is_whole = await changes_after(tx, "ops", 3, 9)
        assert ([each.seq for each in changes], end, is_whole) == ([1, 2], 5, True)
        with pytest.raises(NotFound):
            await get_message(tx, "ops", 9)


@pytest.mark.parametrize(("after", "limit", "is_whole"), [(0, 3, True), (0, 2, False), (3, 1, True), (4, 1, False)])
async def test_a_list_of_changes_says_whether_some_are_missing(after: int, limit: int, is_whole: bool) -> None:
    async with ops() as tx:
        found, end, whole = await changes_after(tx, "ops", after, limit)
        assert ([each.changed_seq for each in found], end) == (list(range(after + 1, 4))[:limit], 3)
        assert whole is is_whole
        assert await changes_after(tx, "none", 0, 9) == ([], 0, True)


async def test_the_latest_changes_say_from_where_on_none_is_missing() -> None:
    async with ops() as tx:
        found, end, whole_after = await latest_changes(tx, "ops", 2)
        assert ([each.seq for each in found], end, whole_after) == ([3, 2], 3, 1)
        assert (await latest_changes(tx, "ops", 9))[1:] == (3, 0)
        assert await latest_changes(tx, "none", 9) == ([], 0, 0)


async def test_pages_of_a_room_lead_both_ways() -> None:
    async with ops() as tx:
        page, has_older = await newest(tx, "ops", 3, 1)
        assert ([each.seq for each in page], has_older) == ([2], True)
        assert (await newest(tx, "ops", 2, 1))[1] is False
        assert [each.seq for each in await oldest(tx, "ops", 1, 9)] == [2, 3]
        assert await authors_between(tx, "ops", 1, 3) == {"bob": 2, "ann": 3}
        assert await newest_seq(tx, "ops") == 3
        await lock_rooms(tx, ["ops", "none"])


async def test_old_messages_are_forgotten_and_unread_notifications_are_not() -> None:
    async with ops() as tx:
        await ensure_room(tx, "inbox:eve", "inbox", "", 1)
        for key in ("n1", "n2"):
            await post(tx, message(key, room="inbox:eve", author="server", t_ms=NOW))
        await mark_read(tx, "eve", "inbox:eve", 1)
        assert await count_forgettable(tx, NOW + 3) == 3
        assert await forget_messages(tx, NOW + 3) == 3
        assert [each.seq for each in await oldest(tx, "ops", 0, 9)] == [3]
        assert [each.key for each in await oldest(tx, "inbox:eve", 0, 9)] == ["n2"]
        assert (await changes_after(tx, "ops", 1, 9))[2] is False  # the second is missing
        assert (await changes_after(tx, "ops", 2, 9))[2] is True
        await forget_messages(tx, NOW + 99)
        assert await newest_seq(tx, "ops") == 3


async def test_notifications_are_found_by_the_message_that_they_quote() -> None:
    async with tables() as tx:
        for inbox in ("inbox:bob", "inbox:ann"):
            await ensure_room(tx, inbox, "inbox", "", 1)
            for key in ("ops_1 1", "ops_1 x", "ops11 1"):
                await post(tx, message("quoted", room=inbox, author="server", key=key))
        assert [each.room for each in await notifications_called(tx, "server", "ops_1 1")] == ["inbox:ann", "inbox:bob"]
        first, second = await notifications_that_quote(tx, "ops_1 ")
        assert {first.key, second.key} == {"ops_1 1"}
        assert (await requote(tx, first, 9, "edited")).text == "edited"
        await take_back(tx, second, 9)
        assert [each.text for each in await notifications_that_quote(tx, "ops_1 ")] == ["edited"]
