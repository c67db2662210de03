from __future__ import annotations

import pytest

from dashboard.domain.position import Seen
from dashboard.hub.deferred import DeferredReplies
from dashboard.hub.subscription import Subscription
from tests.support.histories import EPOCH
from tests.support.hubs import Parts, Source, connect, hub_of
from tests.support.nodes import at_work, until
from tests.unit.hub.test_fanout import SPEC


class Stand:
    """Replies that are only recorded, and a clock that the test moves."""

    def __init__(self) -> None:
        self.source = Source()
        self.source.feed("a")
        self.parts: Parts = hub_of(self.source)
        self.answered: list[int | str | None] = []
        self.now_s = 100.0
        self.deferred = DeferredReplies(
            views=self.parts.views,
            ticker=self.parts.ticker,
            answer=lambda subscription, request_id, board, since: self.answered.append(request_id),
            monotonic=lambda: self.now_s,
        )

    def watch(self, request_id: int, since: list[Seen] | None = None) -> Subscription:
        subscription = self.parts.ticker.join(connect(), SPEC)
        self.deferred.defer(subscription, request_id, None, since)
        return subscription


@pytest.mark.gen_test
async def test_a_watch_is_answered_when_the_replicas_have_caught_up() -> None:
    stand = Stand()
    stand.source.is_ready = False
    subscription = stand.watch(1)
    assert (subscription.awaits_reply, subscription.frame_no) == (True, -1)
    async with at_work(stand.deferred.run):
        stand.source.is_ready = True
        await until(lambda: stand.answered == [1])
    assert not subscription.awaits_reply


@pytest.mark.gen_test
async def test_a_screen_that_is_ahead_of_this_process_is_answered_when_the_entries_have_come() -> None:
    stand = Stand()
    ahead = [Seen(EPOCH, stand.source.of_all.position.seq + 1)]
    stand.watch(1, ahead)
    stand.watch(2)
    async with at_work(stand.deferred.run, stand.parts.ticker.run):
        await until(lambda: stand.answered == [2])
        stand.source.feed("a")
        await until(lambda: stand.answered == [2, 1])


@pytest.mark.gen_test
async def test_a_screen_that_stays_ahead_is_answered_in_the_end() -> None:
    stand = Stand()
    stand.watch(1, [Seen(EPOCH, 10**6)])
    async with at_work(stand.deferred.run):
        stand.now_s += 60
        await until(lambda: stand.answered == [1])


@pytest.mark.gen_test
async def test_a_connection_that_has_gone_is_not_answered() -> None:
    stand = Stand()
    gone = stand.watch(1)
    gone.connection.closed = True
    stand.watch(2)
    async with at_work(stand.deferred.run):
        await until(lambda: stand.answered == [2])
