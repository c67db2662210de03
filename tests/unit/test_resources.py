from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.resources import build_id, resource_folder


@pytest.mark.parametrize(
    ("name", "file"), [("static", "css"), ("templates", "page.html"), ("board_files", "host.yaml")]
)
def test_the_files_that_come_with_the_program_are_found(name: str, file: str) -> None:
    assert (resource_folder(name) / file).exists()


def test_a_build_is_known_by_the_names_and_contents_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "page.js").write_text("1")
    first = build_id(tmp_path)
    assert first == build_id(tmp_path)
    assert len(first) == 12
    (tmp_path / ".hidden").write_text("editor's")
    assert build_id(tmp_path) == first
    (tmp_path / "a" / "page.js").write_text("2")
    second = build_id(tmp_path)
    (tmp_path / "a" / "page.js").rename(tmp_path / "a" / "other.js")
    assert len({first, second, build_id(tmp_path)}) == 3
