"""What the screens of a board are told to do."""

from __future__ import annotations

RELOAD = "reload"
#: Instead of a board's name: the screens of all.
ALL_BOARDS = "*"
