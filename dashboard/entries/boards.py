"""Payloads about the drafts of boards. They repeat what the store has committed."""

from __future__ import annotations

from dashboard.entries.room_event import RoomEvent


class BoardOperated(RoomEvent, tag="o", frozen=True):
    """Operation ``seq`` on a board's draft. ``changes``: JSON of its changes, see ``domain/board_changes.py``.

    ``undoes``: the operation that it takes back, or with ``again`` makes again.  ``published``: the version that the draft became.
    """

    board: str
    seq: int
    author: str
    name: str
    key: str
    t_ms: int
    changes: bytes
    undoes: int = 0
    again: bool = False
    published: int = 0
