"""Marks of a user on a board. What several users and processes see of them is in tests/handlers/test_board_marks.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.domain.identity import Role, User
from dashboard.store.users import create_user
from tests.unit.web.boards.served import served

pytestmark = pytest.mark.gen_test


async def test_a_change_says_only_what_it_changes(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        async with boards.database.write() as tx:
            await create_user(tx, User("vera", "Vera", Role.VIEWER), "no hash")
        for change in (b'{"favourite":true,"home":true}', b'{"home":false}'):
            assert (await boards.ask("/wall/marks", "PATCH", change, by="vera")).status == 204
        kept = (await boards.ask("", by="vera")).json["marks"]
        assert (kept["home"], kept["favourites"]) == ("", ["wall"])


@pytest.mark.parametrize(("change", "field"), [(b'{"star":true}', "star"), (b"{}", "body")])
async def test_a_change_that_says_nothing_that_is_known_is_refused(tmp_path: Path, change: bytes, field: str) -> None:
    async with served(tmp_path) as boards:
        refused = await boards.ask("/wall/marks", "PATCH", change, by="vera")
        assert (refused.status, refused.json["code"]) == (400, "invalid")
        assert field in refused.body.decode()
        assert (await boards.ask("/nowhere/marks", "PATCH", b'{"seen":true}', by="vera")).status == 404
