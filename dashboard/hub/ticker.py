"""Ticker of views: each view advances at its own rate, on a time grid that starts with its first viewer."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from dashboard.domain.position import Seen
from dashboard.hub.fanout import Fanout
from dashboard.hub.subscription import Subscriber, Subscription
from dashboard.hub.view import View, ViewSpec
from dashboard.hub.view_table import ViewTable


class Ticker:
    """Scheduler of the views' ticks. ``now_ms`` is the journal's time; ``monotonic`` gives seconds."""

    def __init__(
        self, *, views: ViewTable, fanout: Fanout, now_ms: Callable[[], int], monotonic: Callable[[], float]
    ) -> None:
        self._views = views
        self._fanout = fanout
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._due: list[tuple[float, int, str]] = []
        self._turn = count()
        self._wake = asyncio.Event()

    def join(self, connection: Subscriber, spec: ViewSpec) -> Subscription:
        """Subscribe a connection to a view, and start the view's ticks with its first subscription."""
        subscription, begins = self._views.join(connection, spec)
        if begins:
            self._schedule(subscription.view, self._monotonic())
            self._wake.set()
        return subscription

    def is_ready(self, view: View, since: list[Seen] | None) -> bool:
        """Return whether a watch request can be answered now.

        If the client's positions ``since`` are ahead of the view, the view's next tick takes place at once.
        """
        if not self._views.caught_up(view) or (since is not None and not view.holds(since)):
            return False
        if since is not None and view.missing(since) == "ahead":
            self._schedule(view, 0, hasten=True)
            return False
        return True

    def _schedule(self, view: View, last_due_s: float, *, hasten: bool = False) -> None:
        """Schedule the next tick on the grid; missed ticks are skipped. ``hasten``: tick now instead."""
        period = 1 / view.spec.rate_hz
        now = self._monotonic()
        due = now if hasten else last_due_s + period
        if due < now:
            due = now + period - (now - last_due_s) % period
        view.turn = next(self._turn)
        heapq.heappush(self._due, (due, view.turn, view.id))
        if hasten:
            self._wake.set()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            if not self._due:
                self._wake.clear()
                await self._wake.wait()
                continue
            due, turn, view_id = self._due[0]
            wait = due - self._monotonic()
            if wait > 0:
                self._wake.clear()
                try:
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                continue
            heapq.heappop(self._due)
            view = self._views.get(view_id)
            if view is not None and view.turn == turn:
                try:
                    await self._tick(view)
                finally:  # the runtime logs a failed tick; schedule the next one anyway
                    if self._views.get(view_id) is view and view.turn == turn:
                        self._schedule(view, due)
            await asyncio.sleep(0)

    async def _tick(self, view: View) -> None:
        previous_no = view.frame_no
        frame = view.advance(self._now_ms())
        if frame is not None:
            await self._fanout.send(view, frame, previous_no)
        if self._views.behind(view):
            await self._fanout.catch_up(view)
