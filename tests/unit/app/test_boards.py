"""Where the files of boards are."""

from __future__ import annotations

from pathlib import Path

from dashboard.app.boards import board_folder
from dashboard.settings import Settings


def test_the_folder_of_boards_is_in_the_data_folder_unless_a_setting_names_it() -> None:
    assert board_folder(Settings(data="d")) == Path("d/boards")
    assert board_folder(Settings(data="d", boards="b")) == Path("b")
