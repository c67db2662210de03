"""Boards that were ever private stay known, whether they are missing or there again."""

from __future__ import annotations

import pytest

from dashboard.domain.room import Room
from dashboard.store.private_boards import boards_ever, note_private, private_ever
from dashboard.store.rooms import create_room, ensure_room
from tests.unit.store.tables import tables

pytestmark = pytest.mark.gen_test


async def test_a_private_board_goes_and_comes_back() -> None:
    async with tables() as tx:
        await note_private(tx, "pay", gone=False)
        await note_private(tx, "old", gone=True)
        assert await private_ever(tx) == {"pay": False, "old": True}
        await note_private(tx, "pay", gone=True)
        assert await private_ever(tx) == {"pay": True, "old": True}


async def test_every_board_that_ever_had_a_room_is_known_and_no_other_room() -> None:
    async with tables() as tx:
        await ensure_room(tx, "host", "board", "Host", 1)
        await create_room(tx, Room("ops", "room", "Ops"), "olga", 1)
        assert await boards_ever(tx) == {"host"}
