"""Limits of a user's marks. Both databases are in tests/contract/test_store_boards.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.domain.errors import LimitReached
from dashboard.domain.identity import Role, User
from dashboard.store.board_marks import MOST_FAVOURITES, MOST_SEEN, change_mark, forget_marks, read_marks
from dashboard.store.users import create_user
from tests.unit.boards.test_library import opened

pytestmark = pytest.mark.gen_test


async def test_favourites_are_limited_and_boards_that_were_only_seen_make_room(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, database.write() as tx:
        await create_user(tx, User("ann", "Ann", Role.VIEWER, created_ms=1), "")
        for n in range(MOST_FAVOURITES):
            await change_mark(tx, "ann", f"f{n}", favourite=True)
        with pytest.raises(LimitReached, match="remove one first"):
            await change_mark(tx, "ann", "more", favourite=True)
        await change_mark(tx, "ann", "f0", favourite=True)  # it is one already
        for n in range(MOST_SEEN + 5):
            await change_mark(tx, "ann", f"s{n}", seen_ms=n + 1)
        marks = await read_marks(tx, "ann")
        assert sum(each.favourite for each in marks) == MOST_FAVOURITES
        seen = [each.board_id for each in marks if each.seen_ms]
        assert seen == [f"s{n}" for n in reversed(range(5, MOST_SEEN + 5))]
        await forget_marks(tx, "ann")
        assert await read_marks(tx, "ann") == []
