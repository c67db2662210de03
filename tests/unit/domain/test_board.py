from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from dashboard.boards.boards import Boards, load_board
from dashboard.domain.board import Board
from dashboard.domain.errors import ConfigurationError, Invalid

SHIPPED = Path(__file__).resolve().parents[3] / "boards"


def board(**changes: Any) -> Board:
    return msgspec.convert({"title": "T", **changes}, Board)


def test_the_shipped_boards_load_and_their_widgets_fit_the_grid() -> None:
    boards = Boards(SHIPPED)
    assert "host" in boards.titles()
    for board_id in boards.titles():
        shown = boards.get(board_id)
        assert shown.selectors()
        assert sum(w.w * w.h for w in shown.widgets) <= shown.columns * shown.rows
        assert all(w.w <= shown.columns and w.h <= shown.rows for w in shown.widgets)
        assert msgspec.json.decode(msgspec.json.encode(shown), type=Board) == shown


def test_selectors_stand_in_reading_order_each_widgets_document_last() -> None:
    widgets = [
        {"kind": "line", "title": "", "series": ["b", 'a{x="1"}']},
        {"kind": "table", "title": "", "series": ["{__name__='b'}"], "document": "doc"},
    ]
    assert [s.text for s in board(widgets=widgets).selectors()] == ["b", 'a{x="1"}', "b", "doc"]


def test_a_bad_selector_is_named() -> None:
    with pytest.raises(Invalid):
        board(widgets=[{"kind": "stat", "title": "", "series": ["a{"]}]).selectors()


@pytest.mark.parametrize(
    "wrong",
    [{"columns": 0}, {"columns": 25}, {"rows": 0}, {"window_s": 0}, {"window_s": 172_801}, {"rate_hz": 0.05},
     {"rate_hz": 31}, {"title": "x" * 201}, {"widgets": [{"kind": "stat", "title": "", "x": 12}]},
     {"widgets": [{"kind": "pie", "title": ""}]},
     {"widgets": [{"kind": "stat"}]}, {"widgets": [{"kind": "stat", "title": "", "w": 0}]},
     {"widgets": [{"kind": "stat", "title": "", "decimals": 7}]},
     {"widgets": [{"kind": "stat", "title": "", "thresholds": [{"at": 1, "state": "bad"}]}]}],
)  # fmt: skip
def test_these_are_not_boards(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        board(**wrong)


@pytest.mark.parametrize(
    "text",
    ["title: [", "title: x\nwidgets: {a: 1}", "- 1", "", "title: x\ncolumns: red", "!!python/object:os.system {}"],
)
def test_a_bad_board_file_is_named_in_the_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"bad\.yaml"):
        load_board(file)


def test_a_board_file_that_is_not_utf8_is_named_in_the_error(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(b"title: \xe9\n")
    with pytest.raises(ConfigurationError, match=r"bad\.yaml"):
        load_board(file)


def test_a_widget_wider_than_its_board_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "wide.yaml"
    file.write_text("title: x\ncolumns: 4\nwidgets: [{kind: stat, title: a, series: [a], w: 5}]")
    with pytest.raises(ConfigurationError, match=r"wide\.yaml"):
        load_board(file)
