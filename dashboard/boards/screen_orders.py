"""Orders to the screens of a board on every process: reload the page.

Offline screens miss an order; they load the page when they connect again.
"""

from __future__ import annotations

import asyncio

from dashboard.cluster.bus import Bus, Heard
from dashboard.domain.errors import Unavailable
from dashboard.domain.screen_order import ALL_BOARDS, RELOAD
from dashboard.entries.signals import ScreenOrder
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.people import encode_personal
from dashboard.messages.presence import Reload

#: Queued orders; beyond it new ones are dropped.
_MAX_WAITING = 100


class ScreenOrders:
    """Publisher of orders, and their delivery to the screens of this process."""

    def __init__(self, *, registry: ConnectionRegistry, bus: Bus) -> None:
        self._registry = registry
        self._bus = bus
        self._heard: asyncio.Queue[ScreenOrder] = asyncio.Queue(_MAX_WAITING)
        bus.subscribe(ScreenOrder, self._hear)

    async def give(self, board: str, order: str) -> None:
        """Publish an order to the screens of a board, or of all boards (``*``); an unknown order is ignored. Raises
        Unavailable."""
        if order == RELOAD and not await self._bus.publish(ScreenOrder(board, order)):
            raise Unavailable("the order was not stored; try again in a second")

    def _hear(self, signal: ScreenOrder, _: Heard) -> None:
        if not self._heard.full():
            self._heard.put_nowait(signal)

    async def run(self) -> None:
        """Send received orders to the screens here until cancelled."""
        while True:
            order = await self._heard.get()
            if order.order == RELOAD:
                to = self._registry.watchers() if order.board == ALL_BOARDS else self._registry.watching(order.board)
                await self._registry.broadcast(to, encode_personal(Reload(order.board)))
