"""Undo and redo on the store: reads the author's own operations, and those of others at the same places since then.

Operations of others do not shorten the reach of an author's undo.
"""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.domain.board_changes import Change
from dashboard.domain.board_document import Document
from dashboard.domain.board_undo import ChangedPlaces, OwnOperation, next_undo, undo_changes, widgets_touched
from dashboard.domain.errors import Invalid
from dashboard.store.board_drafts import others_operations, own_operations, read_operation

#: Undo reaches back over this many operations of its author, undos among them.
MAX_OWN = 5_000
#: Operations of others are read in parts of this many.
_PART = 100
#: With more widgets in the operation, the operations of others on all widgets are read.
_MOST_TEXTS = 20
_CHANGES = msgspec.json.Decoder(tuple[Change, ...])


async def read_undo(
    tx: AsyncConnection, board: str, begin: int, author: str, document: Document, *, again: bool
) -> tuple[list[Change], int]:
    """Return the changes that undo an author's last operation after ``begin`` (redo it if ``again``), and its number.

    Raises Invalid if the author has nothing to undo or redo.
    """
    own = [OwnOperation(*row) for row in await own_operations(tx, board, author, begin, MAX_OWN)]
    target = next_undo(own, again=again)
    if target is None:
        reach = f" among your newest {MAX_OWN:,}" if len(own) == MAX_OWN else ""
        raise Invalid(f"you have no operation to {'redo' if again else 'undo'}{reach}", field="undo")
    undone = _CHANGES.decode((await read_operation(tx, board, target.newest)).changes)
    touched = await _touched_since(tx, board, author, target.newest, undone)
    return undo_changes(document, undone, touched), target.seq


async def _touched_since(
    tx: AsyncConnection, board: str, author: str, seq: int, changes: tuple[Change, ...]
) -> ChangedPlaces:
    """Return the places that others have changed after ``seq``, at least those that are in ``changes``."""
    texts = {_text_of(widget) for widget in widgets_touched(changes)}
    if len(texts) > _MOST_TEXTS:
        texts = set()
    places = ChangedPlaces()
    while True:
        rows = await others_operations(tx, board, author, seq, texts, _PART)
        for row in rows:
            places.add(_CHANGES.decode(row.changes))
        if len(rows) < _PART:
            return places
        seq = rows[-1].seq


def _text_of(widget: str) -> str:
    """Return a text that is in the JSON of each operation on a widget, or on the board if ``widget`` is empty."""
    return msgspec.json.encode({"widget": widget}).decode()[1:-1] if widget else '{"field":'
