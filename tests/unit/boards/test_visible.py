from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.boards.visible import seen_board
from dashboard.domain.errors import NotAuthenticated, NotFound
from dashboard.domain.identity import ANONYMOUS
from tests.support.hubs import person


@pytest.fixture
def boards(tmp_path: Path) -> Boards:
    for name in ("open", "closed"):
        (tmp_path / f"{name}.yaml").write_text(f"title: {name}")
    return Boards(tmp_path)


ACCESS = Access(("open",), ("closed",))


def test_anybody_sees_a_public_board(boards: Boards) -> None:
    assert seen_board(boards, ACCESS, ANONYMOUS, "open") is boards.get("open")


def test_whoever_is_not_known_may_log_in_first(boards: Boards) -> None:
    with pytest.raises(NotAuthenticated):
        seen_board(boards, ACCESS, ANONYMOUS, "closed")


def test_a_board_that_a_user_may_not_see_is_as_if_it_were_not_there(boards: Boards) -> None:
    with pytest.raises(NotFound):
        seen_board(boards, ACCESS, person("ann"), "closed")
    with pytest.raises(NotFound):
        seen_board(boards, ACCESS, person("ann"), "gone")
