"""Commands to the screens of a board."""

from __future__ import annotations

RELOAD = "reload"
#: Used instead of a board's name: the command is for the screens of all boards.
ALL_BOARDS = "*"
