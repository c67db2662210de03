"""Marks of callers who have none. Those of users are in tests/handlers/test_board_marks.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.boards.own_marks import OwnMarks
from dashboard.domain.errors import Forbidden
from dashboard.domain.identity import ANONYMOUS
from tests.unit.boards.test_library import Node, opened

pytestmark = pytest.mark.gen_test


async def test_whoever_is_no_user_has_no_marks_here(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        marks = OwnMarks(database=database, boards=Node(database).boards, now_ms=lambda: 1)
        assert await marks.read(ANONYMOUS) is None
        with pytest.raises(Forbidden, match="the browser keeps"):
            await marks.change(ANONYMOUS, "wall", favourite=True, home=None, seen=False)
