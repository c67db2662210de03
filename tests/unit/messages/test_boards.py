from __future__ import annotations

import msgspec

from dashboard.domain.board import Board
from dashboard.messages.boards import BoardChanged, encode_changed, encode_shown, is_current


def test_a_board_goes_to_screens_with_its_tag_and_a_screen_says_which_it_has() -> None:
    text = encode_shown(Board(title="Wall"), "abc", "line 3")
    assert msgspec.json.decode(text)["tag"] == "abc"
    assert msgspec.json.decode(text)["fault"] == "line 3"
    assert [is_current(text, tag) for tag in (None, "abc", "old", "")] == [True, True, False, False]


def test_a_notice_without_a_definition_says_that_the_board_is_gone() -> None:
    assert encode_changed(BoardChanged("wall")) == b'{"type":"board_changed","board":"wall"}'
