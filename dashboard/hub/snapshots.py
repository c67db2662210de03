"""Large snapshots, built in pieces so that the event loop is never blocked for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from dashboard.hub.subscription import Subscription
from dashboard.hub.view import View
from dashboard.hub.view_table import ViewTable


class PendingSnapshot(NamedTuple):
    """Request for a snapshot that is still to be built."""

    subscription: Subscription
    request_id: int | str | None
    board: bytes | None


class Snapshots:
    """Builder of large snapshots, one at a time. Waiting requests for the same view share a snapshot.

    ``now_ms`` is the journal's time.
    """

    def __init__(self, views: ViewTable, now_ms: Callable[[], int]) -> None:
        self._views = views
        self._now_ms = now_ms
        self._pending: asyncio.Queue[PendingSnapshot] = asyncio.Queue()

    def request(self, subscription: Subscription, request_id: int | str | None, board: bytes | None) -> None:
        """Queue a large view's snapshot; the subscription gets no frames until the snapshot is sent."""
        subscription.frame_no, subscription.awaits_snapshot = -1, True
        self._views.behind(subscription.view).discard(subscription)
        self._pending.put_nowait(PendingSnapshot(subscription, request_id, board))

    async def run(self) -> None:
        """Build and send queued snapshots until cancelled."""
        while True:
            waiting = [await self._pending.get()]
            while not self._pending.empty():
                waiting.append(self._pending.get_nowait())
            for view in dict.fromkeys(each.subscription.view for each in waiting):
                await self._send(view, [each for each in waiting if each.subscription.view is view])

    async def _send(self, view: View, waiting: list[PendingSnapshot]) -> None:
        seqs, number, generation = view.seqs, view.frame_no, view.generation
        parts: list[bytes] = []
        try:
            for part in view.snapshot_parts(self._now_ms()):
                parts.append(part)
                await asyncio.sleep(0)
            body = b"".join(parts)
            while waiting and view.generation == generation:
                subscription, request_id, board = waiting.pop(0)
                subscription.awaits_snapshot = False
                if subscription.is_current():
                    subscription.sent, subscription.frame_no = seqs, number
                    if view.frame_no != number:
                        self._views.fall_behind(subscription)
                # A repeated watch replaces the subscription, but each of its requests gets an answer.
                if view.id in subscription.connection.subscriptions:
                    subscription.connection.reply_snapshot(body, request_id, board)
                await asyncio.sleep(0)
        finally:
            for subscription, request_id, board in waiting:  # entries were missed meanwhile, or the build failed
                if view.id in subscription.connection.subscriptions:
                    self.request(subscription, request_id, board)
