"""Marks of callers who have none, and while the store is silent. Those of users are in tests/handlers/test_board_marks.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.boards import own_marks
from dashboard.boards.own_marks import Marks, OwnMarks
from dashboard.domain.errors import Forbidden, Unavailable
from dashboard.domain.identity import ANONYMOUS, Caller
from tests.unit.boards.test_library import Node, opened

pytestmark = pytest.mark.gen_test


async def test_whoever_is_no_user_has_no_marks_here(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        marks = OwnMarks(database=database, boards=Node(database).boards, now_ms=lambda: 1)
        assert await marks.read(ANONYMOUS) is None
        with pytest.raises(Forbidden, match="the browser keeps"):
            await marks.change(ANONYMOUS, "wall", favourite=True, home=None, seen=False)


async def test_while_the_store_is_silent_the_marks_of_a_user_are_unknown_and_not_those_of_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise Unavailable("the database does not answer")

    async with opened(tmp_path) as database:
        marks = OwnMarks(database=database, boards=Node(database).boards, now_ms=lambda: 1)
        monkeypatch.setattr(own_marks, "read_marks", fail)
        assert await marks.read(Caller("user", "u1", "Ann")) == Marks("", (), (), unknown=True)
