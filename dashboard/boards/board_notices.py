"""Notices to the screens and editors of this process that a board has changed: a screen applies the new definition without a reload."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from msgspec import Raw

from dashboard.boards.boards import Boards, ShownBoard
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.boards import BoardChanged, encode_changed, encode_shown


class BoardNotices:
    """Sender of notices. ``editors`` returns the connections that edit a board.

    If a board changes again before its notice is sent, one notice with the newest state is sent.
    """

    def __init__(
        self, *, registry: ConnectionRegistry, boards: Boards, editors: Callable[[str], Iterable[Connection]]
    ) -> None:
        self._registry = registry
        self._editors = editors
        self._boards = boards
        self._changed: dict[str, None] = {}
        self._wake = asyncio.Event()
        boards.subscribe(self._note)

    def _note(self, board_id: str, before: ShownBoard | None, now: ShownBoard | None) -> None:
        self._changed[board_id] = None
        self._wake.set()

    async def run(self) -> None:
        """Send notices until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, {}
            for board_id in changed:
                receivers = {*self._registry.watching(board_id), *self._editors(board_id)}
                if receivers:
                    await self._registry.broadcast(receivers, self.notice(board_id))

    def notice(self, board_id: str) -> bytes:
        """Return the notice of a board's present state."""
        moved = self._boards.moved_to(board_id)
        if moved != board_id:
            return encode_changed(BoardChanged(board_id, moved_to=moved))
        shown = next((each for each in self._boards.every() if each.id == board_id), None)
        if shown is None:
            return encode_changed(BoardChanged(board_id))
        text = encode_shown(shown.board, shown.tag, self._boards.fault_of(board_id))
        return encode_changed(BoardChanged(board_id, Raw(text)))
