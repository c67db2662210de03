"""Body of a change of marks. The handler is tested in tests/handlers/test_board_marks.py."""

from __future__ import annotations

import msgspec
import pytest

from dashboard.web.boards.marks import MarkChange


def test_a_change_says_only_what_it_changes() -> None:
    assert msgspec.json.decode(b'{"home": false}', type=MarkChange) == MarkChange(home=False)
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"star": true}', type=MarkChange)
