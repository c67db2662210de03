"""Views that nobody watches any more: each releases the matches of its selectors, large views in turns of their own."""

from __future__ import annotations

import asyncio
from collections import deque

from dashboard.hub.view import View
from dashboard.turns import next_turn

#: Views that show fewer series and documents, counted once for each selector, are closed at once.
_SMALL = 200


class EndedViews:
    """Queue of ended views. A client that leaves a hundred large views holds the loop for one of them at a time."""

    def __init__(self) -> None:
        self._waiting: deque[View] = deque()
        self._work = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, view: View) -> None:
        """Close a view now if it is small, else soon; it reports no change from now on."""
        if view.count() < _SMALL:
            view.close()
            return
        view.ignore_changes()
        self._waiting.append(view)
        self._work.set()

    async def run(self) -> None:
        """Close the waiting views until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting:
                await next_turn()
                self._waiting.popleft().close()
