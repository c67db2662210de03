"""Payloads about the drafts of boards. Their content is committed in the store already."""

from __future__ import annotations

from dashboard.entries.room_event import RoomEvent


class BoardOperated(RoomEvent, tag="o", frozen=True):
    """Operation ``seq`` on a board's draft. ``changes``: JSON of its changes, see ``domain/board_changes.py``.

    ``undoes``: the number of the operation that this one undoes, or redoes with ``again``. ``published``: the version that the
    draft became, 0 for other operations.
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
