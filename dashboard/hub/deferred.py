"""Deferred replies to watch requests, sent once this process' replicas have caught up with the client's positions."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from dashboard.domain.position import Seen
from dashboard.hub.fanout import SENDS_PER_TURN
from dashboard.hub.subscription import Subscription
from dashboard.hub.ticker import Ticker
from dashboard.hub.view_table import ViewTable

#: A client that moves here from another process may be ahead of our replicas. After this long it is answered anyway.
_AHEAD_S = 5.0
_AHEAD_CHECK_S = 0.01
_NOT_READY_CHECK_S = 0.1


class DeferredReply(NamedTuple):
    """Watch request that waits for the replicas.

    At ``deadline_s`` (monotonic seconds) the request is answered even if the replicas are still behind.
    """

    subscription: Subscription
    request_id: int | str | None
    board: bytes | None
    since: list[Seen] | None
    deadline_s: float


class DeferredReplies:
    """Queue of deferred replies. ``answer`` sends the reply to a watch request; ``monotonic`` gives seconds."""

    def __init__(
        self,
        *,
        views: ViewTable,
        ticker: Ticker,
        answer: Callable[[Subscription, int | str | None, bytes | None, list[Seen] | None], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._views = views
        self._ticker = ticker
        self._answer_watch = answer
        self._monotonic = monotonic
        self._waiting: deque[DeferredReply] = deque()
        self._work = asyncio.Event()

    def defer(
        self,
        subscription: Subscription,
        request_id: int | str | None,
        board: bytes | None,
        since: list[Seen] | None,
    ) -> None:
        """Queue a watch request; the subscription gets no frames until the reply is sent."""
        subscription.frame_no, subscription.awaits_reply = -1, True
        deadline_s = self._monotonic() + _AHEAD_S
        self._waiting.append(DeferredReply(subscription, request_id, board, since, deadline_s))
        self._work.set()

    async def run(self) -> None:
        """Answer queued requests until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            pause_s = _NOT_READY_CHECK_S
            for number in range(1, len(self._waiting) + 1):
                reply = self._waiting.popleft()
                subscription = reply.subscription
                ready = not subscription.is_current() or self._views.caught_up(subscription.view)
                if not (ready and self._answer(reply)):
                    self._waiting.append(reply)
                    pause_s = _AHEAD_CHECK_S if ready else pause_s
                if not number % SENDS_PER_TURN:
                    await asyncio.sleep(0)
            if self._waiting:
                self._work.set()
                await asyncio.sleep(pause_s)

    def _answer(self, reply: DeferredReply) -> bool:
        """Answer a request if it is due; return False if it must still wait."""
        subscription = reply.subscription
        if not subscription.is_current():
            return True
        if self._monotonic() > reply.deadline_s or self._ticker.is_ready(subscription.view, reply.since):
            subscription.awaits_reply = False
            self._answer_watch(subscription, reply.request_id, reply.board, reply.since)
            return True
        return False
