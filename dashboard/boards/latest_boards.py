"""Boards as all processes have published them: a request sees every change that any process has answered before it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from dashboard.boards.boards import Boards
from dashboard.domain.errors import Unavailable
from dashboard.runtime import SingleFlight

_log = logging.getLogger(__name__)

#: Pause between two reads, so that requests for boards that do not exist cannot load the store.
_EVERY_S = 0.01


class _Files(Protocol):
    async def settle(self) -> None: ...


class LatestBoards:
    """Reader of what other processes have published, before a request is served.

    ``look`` reads the boards of the store and returns the store's revision; ``fault``: why the store does not answer, else
    empty.
    """

    def __init__(
        self, *, boards: Boards, look: Callable[[], Awaitable[int]], files: _Files, fault: Callable[[], str]
    ) -> None:
        self._boards = boards
        self._look = look
        self._files = files
        self._fault = fault
        self._settled = 0  # the revision at which the files were read
        self._read = SingleFlight(self._try_to_read, _EVERY_S)

    async def __call__(self) -> None:
        """Read everything published before this call, if the store answers; concurrent calls share one read."""
        if not self._fault():
            await self._read()

    async def find(self, board_id: str) -> None:
        """Read what is new if this process does not show the board: another process may have just made or renamed it."""
        if not self._boards.is_shown(board_id):
            await self()

    async def _try_to_read(self) -> None:
        try:
            revision = await self._look()
        except Unavailable as error:
            _log.debug("boards not read before a request: %s", error)
            return
        if revision != self._settled:  # a published file is a change of the store, too
            await self._files.settle()
            self._settled = revision
