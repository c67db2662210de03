from __future__ import annotations

from dashboard.domain.selector import parse_selector
from dashboard.hub.subscription import Subscription
from dashboard.hub.view import View, ViewSpec
from tests.support.hubs import Source, connect


def view() -> View:
    source = Source()
    source.feed("a")
    return View(ViewSpec((parse_selector("a"),), 900_000, 10.0, 1_000), [lambda: source.of_all], 0)


def test_a_subscription_begins_where_its_view_stands() -> None:
    watched = view()
    subscription = Subscription(connect(), watched)
    assert (subscription.frame_no, subscription.sent) == (watched.frame_no, watched.seqs)
    assert not subscription.awaits_reply
    assert not subscription.awaits_snapshot


def test_a_subscription_is_current_until_another_takes_its_place_or_the_connection_ends() -> None:
    watched, connection = view(), connect()
    subscription = Subscription(connection, watched)
    assert not subscription.is_current()
    connection.subscriptions[watched.id] = subscription
    assert subscription.is_current()
    connection.closed = True
    assert not subscription.is_current()
    connection.closed = False
    connection.subscriptions[watched.id] = Subscription(connection, watched)
    assert not subscription.is_current()
