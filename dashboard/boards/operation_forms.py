"""Forms of a committed operation: its row in the store, its entry in the journal, and the message to editors."""

from __future__ import annotations

from msgspec import Raw

from dashboard.entries.boards import BoardOperated
from dashboard.messages.boards import OperationState
from dashboard.store.board_drafts import OperationRow


def entry_of(done: OperationRow, *, published: int = 0) -> BoardOperated:
    """Return the journal's payload for an operation. ``published``: the version that the operation published, 0 for
    other operations."""
    if done.key.startswith("published ") and not published:
        published = int(done.key.partition(" ")[2])
    return BoardOperated(
        done.board_id,
        done.seq,
        done.author,
        done.name,
        done.key,
        done.t_ms,
        done.changes.encode(),
        done.undoes,
        done.again,
        published,
    )


def operation_state(entry: BoardOperated) -> OperationState:
    """Return an operation as editors get it."""
    return OperationState(
        entry.seq,
        entry.author,
        entry.name,
        entry.key,
        entry.t_ms,
        Raw(entry.changes),
        entry.undoes,
        entry.again,
        entry.published,
    )
