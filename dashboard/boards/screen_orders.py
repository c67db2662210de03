"""Tell the screens of a board, on every process, to load their page anew. Who is away then is not told: it loads when it comes back."""

from __future__ import annotations

import asyncio

from dashboard.cluster.bus import Bus, Heard
from dashboard.domain.errors import Unavailable
from dashboard.domain.screen_order import ALL_BOARDS, RELOAD
from dashboard.entries.signals import ScreenOrder
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.people import encode_personal
from dashboard.messages.presence import Reload

#: Orders that wait to be told here; of more the rest is lost.
_MAX_WAITING = 100


class ScreenOrders:
    """``await give(...)``; ``run`` tells what comes from all processes."""

    def __init__(self, *, registry: ConnectionRegistry, bus: Bus) -> None:
        self._registry = registry
        self._bus = bus
        self._heard: asyncio.Queue[ScreenOrder] = asyncio.Queue(_MAX_WAITING)
        bus.subscribe(ScreenOrder, self._hear)

    async def give(self, board: str, order: str) -> None:
        """To the screens of this board, or of ``*``; an order that is not known is passed over. Raises Unavailable."""
        if order == RELOAD and not await self._bus.publish(ScreenOrder(board, order)):
            raise Unavailable("the order could not be passed on")

    def _hear(self, signal: ScreenOrder, _: Heard) -> None:
        if not self._heard.full():
            self._heard.put_nowait(signal)

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            order = await self._heard.get()
            if order.order == RELOAD:
                to = self._registry.watchers() if order.board == ALL_BOARDS else self._registry.board(order.board)
                await self._registry.tell(to, encode_personal(Reload(order.board)))
