"""Style sheets: their parts in order, and joined."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.web.server.style_sheets import joined, parts_of

CSS = Path(__file__).parents[4] / "static" / "css"


def test_parts_come_before_the_sheet_that_imports_them(tmp_path: Path) -> None:
    (tmp_path / "inner.css").write_text(".inner {}\n")
    (tmp_path / "outer.css").write_text('/* outer */\n@import "inner.css";\n@import "none.css";\n.outer {}\n')
    (tmp_path / "page.css").write_text('@import "outer.css";\n.page {}\n')
    parts = parts_of(tmp_path / "page.css")
    assert [part.name for part in parts] == ["inner.css", "none.css", "outer.css", "page.css"]
    assert joined(parts) == b".inner {}\n/* outer */\n.outer {}\n.page {}\n"


@pytest.mark.parametrize("sheet", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_the_parts_of_a_page_mean_the_same_when_they_are_joined(sheet: Path) -> None:
    parts = parts_of(sheet)
    assert len(set(parts)) == len(parts)  # browsers take the last of two imports
    for part in parts:
        if part.exists() and part.resolve().parent != CSS:  # static/vendor/ may not have been made
            assert b"url(" not in part.read_bytes(), part  # relative to a folder
    assert b"@import" not in re.sub(rb"/\*.*?\*/", b"", joined(parts), flags=re.DOTALL)
