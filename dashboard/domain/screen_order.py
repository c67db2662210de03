"""What the screens of a board are told to do."""

from __future__ import annotations

from msgspec import Struct

RELOAD = "reload"
#: Instead of a board's name: the screens of all.
ALL_BOARDS = "*"


class ScreenOrder(Struct, array_like=True, tag="o", frozen=True):
    """Somebody told them, over the partition ``signals``."""

    board: str
    order: str
