"""Forms of a committed operation."""

from __future__ import annotations

import msgspec

from dashboard.boards.operation_forms import entry_of, operation_state
from dashboard.store.board_drafts import OperationRow


def test_an_operation_is_told_as_it_is_stored() -> None:
    row = OperationRow("wall", 3, "ann", "Ann", "k", 5, '[{"field":"title","after":"x"}]', 2, True)
    assert msgspec.json.decode(msgspec.json.encode(operation_state(entry_of(row)))) == {
        "seq": 3, "author": "ann", "name": "Ann", "key": "k", "t": 5, "undoes": 2, "again": True,
        "changes": [{"field": "title", "after": "x"}],
    }  # fmt: skip


def test_a_published_draft_is_told_with_its_version() -> None:
    row = OperationRow("wall", 3, "ann", "Ann", "published 7", 1, "[]")
    assert (entry_of(row).published, entry_of(row, published=7)) == (7, entry_of(row))
