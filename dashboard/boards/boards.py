"""Boards from YAML files of a folder, read and checked once at the start."""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from dashboard.domain.board import Board
from dashboard.domain.errors import ConfigurationError, DashboardError, NotFound


class Boards:
    """Boards by id. A board's id is the name of its file without the suffix.

    Raises ConfigurationError with the path and the fault of a bad file.
    """

    def __init__(self, folder: Path) -> None:
        self._boards = {path.stem: load_board(path) for path in sorted(folder.glob("*.yaml"))}

    def get(self, board_id: str) -> Board:
        """Return a board; raises NotFound."""
        if board_id not in self._boards:
            raise self.missing(board_id)
        return self._boards[board_id]

    @staticmethod
    def missing(board_id: str) -> NotFound:
        """Return the error for a board that does not exist, or that the caller may not see."""
        return NotFound(f"there is no board {board_id[:40]!a}")

    def all(self) -> list[Board]:
        """Return all boards."""
        return list(self._boards.values())

    def titles(self) -> dict[str, str]:
        """Return every board's title by its id."""
        return {board_id: board.title for board_id, board in self._boards.items()}


def load_board(path: Path) -> Board:
    """Read and check one board file; raises ConfigurationError."""
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        board = msgspec.convert(raw, Board)
        board.selectors()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not YAML: {error}") from None
    except (msgspec.ValidationError, DashboardError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    return board
