"""Lookup of a board with the check that the caller may see it."""

from __future__ import annotations

from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.domain.board import Board
from dashboard.domain.errors import NotAuthenticated
from dashboard.domain.identity import Caller


def seen_board(boards: Boards, access: Access, caller: Caller, board_id: str) -> Board:
    """Return a board that the caller may see.

    Raises NotAuthenticated if a login may help, NotFound if there is no such board or the caller may not see it.
    """
    if not access.sees(caller, board_id):
        if caller.kind in ("anonymous", "share"):
            raise NotAuthenticated("log in to see this board")
        raise boards.missing(board_id)
    return boards.get(board_id)
