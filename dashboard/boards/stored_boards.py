"""Boards of the store as this process shows them: read again whenever the store's revision has changed."""

from __future__ import annotations

import asyncio
import logging

from dashboard.boards.boards import Boards, ShownBoard, stored_board
from dashboard.domain.errors import DashboardError, Unavailable
from dashboard.store.boards import BoardRow, changed_boards
from dashboard.store.database import Database
from dashboard.store.revisions import latest_revision

_log = logging.getLogger(__name__)

#: Pause in seconds after a failed read of the store.
_AGAIN_S = 1.0
#: Boards that are decoded before the event loop gets a turn (about 1 ms each).
_PER_TURN = 5


class StoredBoards:
    """Reader of the store's boards into ``boards``."""

    def __init__(self, *, database: Database, boards: Boards) -> None:
        self._database = database
        self._boards = boards
        self._revision = 0  # of the store, when its boards were read
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()

    def look_soon(self) -> None:
        """Let ``run`` read the store's changes now."""
        self._wake.set()

    async def run(self) -> None:
        """Read changes after each call of ``look_soon``, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.look()
            except Unavailable as error:
                _log.debug("boards not read: %s", error)
                self._wake.set()
                await asyncio.sleep(_AGAIN_S)

    async def look(self) -> int:
        """Read and show the boards that have changed; return the store's revision. Raises Unavailable."""
        async with self._lock:
            async with self._database.read() as tx:
                revision = await latest_revision(tx)
                if revision == self._revision:
                    return revision
                after = 0 if revision < self._revision else self._revision  # the store was replaced by another
                rows = await changed_boards(tx, after)
            shown: dict[str, ShownBoard | None] = {}
            for number, row in enumerate(rows, 1):
                shown[row.id] = _shown(row)
                if not number % _PER_TURN:
                    await asyncio.sleep(0)
            self._revision = revision
            if rows:
                self._boards.take_stored(shown, {row.id: row.moved_to for row in rows if row.moved_to})
            return revision


def _shown(row: BoardRow) -> ShownBoard | None:
    if not row.document or row.deleted_ms is not None or row.moved_to:
        return None
    try:
        return stored_board(
            row.id,
            row.document,
            version=row.version,
            created_by=row.created_by,
            changed_by=row.changed_by,
            changed_ms=row.changed_ms,
            archived=row.archived,
        )
    except DashboardError as error:  # a later version wrote it, with a widget that this version does not know
        _log.warning("the board %s of the store cannot be shown: %s", row.id, error)
        return None
