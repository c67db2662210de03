"""HTTP handler for the marks of a user on a board."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from dashboard.boards.visible import seen_board
from dashboard.domain.errors import Invalid
from dashboard.web.boards.boards import BoardApi
from dashboard.web.server.operation import Operation, Operations


class MarkChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``PATCH /api/v1/boards/ID/marks``: what to change. ``seen``: True if the user sees the board now."""

    favourite: bool | None = None
    home: bool | None = None
    seen: bool = False


class MarksHandler(BoardApi):
    """``PATCH /api/v1/boards/ID/marks``: change the caller's marks on a board."""

    operations: ClassVar[Operations] = {
        "patch": Operation(
            "Make a board the caller's favourite or home board, or note that it was seen", body=MarkChange
        )
    }

    async def patch(self, board_id: str) -> None:
        seen_board(self.services.boards, self.services.access, self.caller, board_id)
        body = self.json(MarkChange)
        if body == MarkChange():
            raise Invalid("say what to change: favourite, home or seen", field="body")
        await self.services.marks.change(
            self.caller, board_id, favourite=body.favourite, home=body.home, seen=body.seen
        )
        self.set_status(204)
