from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.boards.boards import Boards, file_board, load_board
from dashboard.domain.errors import ConfigurationError, NotFound
from dashboard.resources import resource_folder

WALL = "title: Wall\nwidgets:\n- {kind: stat, title: CPU, series: [cpu]}\n"


def test_boards_are_found_by_the_names_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "wall.yaml").write_text(WALL)
    (tmp_path / "host.yaml").write_text("title: Host")
    (tmp_path / "notes.txt").write_text("no board")
    boards = Boards(tmp_path)
    assert boards.get("wall").widgets[0].series == ("cpu",)
    assert boards.titles() == {"host": "Host", "wall": "Wall"}
    assert [board.title for board in boards.all()] == ["Host", "Wall"]


def test_a_board_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'gone'"):
        Boards(tmp_path).get("gone")
    assert isinstance(Boards.missing("gone"), NotFound)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title: [", "not YAML"),
        ("subtitle: x", "title"),
        ("title: x\nwidgets:\n- {kind: pie, title: a}", r"bad\.yaml:3"),
        ("title: x\nwidgets:\n- {kind: stat, title: a, series: ['{']}", "selector|series|name"),
        ("title: x\ncolumns: 2\nwidgets:\n- {kind: stat, title: a, w: 3}", "3×1"),
    ],
)
def test_a_board_file_that_is_wrong_is_named_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=reason) as told:
        load_board(file)
    assert str(file) in str(told.value)


def test_a_board_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_board(tmp_path / "gone.yaml")


def test_the_boards_that_come_with_the_program_are_good() -> None:
    assert "host" in Boards(resource_folder("board_files")).titles()


def test_versions_of_files_are_told_but_not_of_those_that_come_with_the_server(tmp_path: Path) -> None:
    (tmp_path / "given.yaml").write_text("title: Given\nwidgets: []\n")
    boards = Boards(tmp_path)
    own = tmp_path / "wall.yaml"
    own.write_text("title: Wall\nwidgets: []\n")
    wall = file_board(own)
    boards.take_files({"wall": wall}, {})
    assert boards.file_versions() == {"wall": wall.tag[:6]}
