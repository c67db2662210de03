from __future__ import annotations

from pathlib import Path

from dashboard.boards.unread import unread


def test_files_and_folders_that_are_not_read_are_named(tmp_path: Path) -> None:
    for name in (
        "wall.yaml",
        "old.yml",
        "notes.txt",
        "team/sub.yaml",
        "pictures/logo.png",
        "..data/wall.yaml",
        ".git/a.yml",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("title: x\n")
    assert unread(tmp_path) == [
        "old.yml: is not read; name it old.yaml",
        "team: is a folder, whose files are not read; move them up",
    ]
    assert unread(tmp_path / "missing") == []
    for number in range(30):
        (tmp_path / f"n{number}.yml").write_text("")
    assert len(unread(tmp_path)) == 20
