"""Orders to the screens of a board."""

from __future__ import annotations

RELOAD = "reload"
#: Stands for the name of a board: the order is for the screens of all boards.
ALL_BOARDS = "*"
