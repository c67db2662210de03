"""Ticker of views: a view's first change is sent at once, the next frame a tick later at the earliest.

The ticker advances a view when something that the view shows has changed, when one of its viewers is behind, or when a client
requests it.  The passing of time alone causes no tick, so a view without changes costs nothing.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from math import inf

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
        self._changed: list[View] = []  # by entries, of which more may be in hand
        self._due: list[tuple[float, int, View]] = []  # views that wait for their tick, in the order of their turns
        self._turn = count()
        self._wake = asyncio.Event()
        views.subscribe(on_change=self._changed.append, on_behind=self._schedule)

    def join(self, connection: Subscriber, spec: ViewSpec) -> Subscription:
        """Subscribe a connection to a view."""
        return self._views.join(connection, spec)[0]

    def is_ready(self, view: View, since: list[Seen] | None) -> bool:
        """Return whether a watch request can be answered now; first advance the view if it is too old for the answer."""
        if not self._views.caught_up(view) or (since is not None and not view.holds(since)):
            return False
        is_old = not 0 <= self._now_ms() - view.as_of_ms < 1000 / view.spec.rate_hz
        if (is_old and not view.has_changed) or (since is not None and view.missing(since) == "ahead"):
            self._look_early(view)
        return True

    def _look_early(self, view: View) -> None:
        """Advance a view between two ticks; its viewers get the changes with the next tick."""
        if view.advance(self._now_ms()) is not None:
            self._let_catch_up(view)

    def _let_catch_up(self, view: View) -> None:
        self._views.fall_behind(*(each for each in self._views.subscriptions(view) if each.frame_no >= 0))

    def applied(self) -> None:
        """Schedule the views that have changed; call this after a batch of entries has been applied."""
        changed = self._changed[:]
        self._changed.clear()
        for view in changed:
            self._schedule(view)

    def _schedule(self, view: View) -> None:
        """Schedule a view's next tick: now, or as soon as a tick has passed since its last tick."""
        self._schedule_at(view, max(self._monotonic(), view.ticked_s + 1 / view.spec.rate_hz))

    def _schedule_at(self, view: View, due_s: float) -> None:
        if due_s < view.due_s and self._views.get(view.id) is view:
            view.due_s = due_s
            heapq.heappush(self._due, (due_s, next(self._turn), view))
            if self._due[0][2] is view:
                self._wake.set()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            wait_s = self._due[0][0] - self._monotonic() if self._due else None
            if wait_s is None or wait_s > 0:
                await self._sleep(wait_s)
                continue
            due_s, _, view = heapq.heappop(self._due)
            if due_s == view.due_s:  # else it was scheduled anew, before this
                view.due_s = inf
                if self._views.get(view.id) is view:
                    await self._tick(view)
                    await asyncio.sleep(0)

    async def _sleep(self, wait_s: float | None) -> None:
        """Wait until a view is scheduled earlier than all others, at most ``wait_s`` seconds (None: no limit)."""
        self._wake.clear()
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _tick(self, view: View) -> None:
        """Send the view's changes to its up-to-date viewers, and one catch-up frame to each viewer that was behind and
        has drained.

        If nothing was sent, the call does not count as a tick.
        """
        began_s, previous_no = self._monotonic(), view.frame_no
        if view.has_changed:
            view.ticked_s = began_s
        try:
            frame = view.advance(self._now_ms())
            if frame is not None:
                await self._fanout.send(view, frame, previous_no)
            if self._views.behind(view) and await self._fanout.catch_up(view):
                view.ticked_s = began_s
        except Exception:  # the runtime logs it; the viewers that it did not reach get a catch-up frame
            self._let_catch_up(view)
            raise
        finally:
            if self._views.behind(view):
                self._schedule_at(view, began_s + 1 / view.spec.rate_hz)
