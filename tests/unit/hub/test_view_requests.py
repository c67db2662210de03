from __future__ import annotations

from typing import Any

import pytest

from dashboard.domain.errors import Forbidden, Invalid
from dashboard.domain.identity import ANONYMOUS
from dashboard.hub.connection import Connection
from dashboard.hub.view import ViewSpec
from dashboard.hub.view_requests import ViewRequests
from dashboard.messages.views import Ping, Unwatch, Watch
from dashboard.rfc6455.close_codes import CloseCode
from tests.support.histories import EPOCH
from tests.support.hubs import Somebody, Source, Viewer, connect, hub_of
from tests.unit.hub.test_fanout import SPEC


class Stand:
    def __init__(self, *, may_end: bool = False) -> None:
        self.source = Source()
        self.source.feed("a")
        self.parts = hub_of(self.source)
        self.boards: list[dict[str, str]] = []
        self.port = Somebody()
        self.viewer = Viewer(may_end=may_end)
        self.connection = connect(self.viewer, port=self.port)
        self.forbidden = ""
        parts = self.parts
        self.requests = ViewRequests(
            views=parts.views,
            ticker=parts.ticker,
            snapshots=parts.snapshots,
            resolve=self.resolve,
            authorise=self.authorise,
            on_boards=self.note_boards,
            max_subscriptions=2,
            now_ms=lambda: 7,
            monotonic=lambda: 100.0,
            counters=parts.counters,
        )

    def resolve(self, request: Watch, caller: Any) -> tuple[ViewSpec, bytes | None]:
        assert caller is ANONYMOUS
        spec = SPEC._replace(rate_hz=request.rate_hz or 10.0)
        return spec, b'{"title":"Wall"}' if request.board else None

    def authorise(self, message: str, caller: Any) -> None:
        if message == self.forbidden:
            raise Forbidden("no")

    def note_boards(self, connection: Connection) -> None:
        self.boards.append(dict(connection.boards))

    def serve(self, request: Watch | Unwatch | Ping) -> None:
        self.requests.serve(self.connection, request)


def test_a_watch_is_answered_with_a_snapshot_and_the_board() -> None:
    stand = Stand()
    stand.serve(Watch(1, board="wall"))
    (told,) = stand.viewer.told
    assert (told["id"], told["type"], told["view"], told["board"]) == (1, "snapshot", SPEC.id, {"title": "Wall"})
    assert stand.boards == [{SPEC.id: "wall"}]


def test_a_screen_that_comes_back_gets_what_it_missed() -> None:
    stand = Stand()
    stand.source.feed("a")
    stand.serve(Watch(1, since=f"{EPOCH}.1"))
    (told,) = stand.viewer.told
    assert (told["id"], told["type"]) == (1, "frame")
    assert stand.parts.counters.resumes == 1


def test_a_screen_of_another_epoch_gets_a_gap_and_a_snapshot() -> None:
    stand = Stand()
    stand.serve(Watch(1, since="ffffffffffffffff.1"))
    assert [(each["id"], each["type"]) for each in stand.viewer.told] == [(1, "gap"), (1, "snapshot")]


def test_a_watch_waits_until_the_replicas_have_caught_up() -> None:
    stand = Stand()
    stand.source.is_ready = False
    stand.serve(Watch(1))
    assert stand.viewer.told == []
    assert stand.connection.subscriptions[SPEC.id].awaits_reply


def test_a_view_that_is_unwatched_is_not_sent_any_more() -> None:
    stand = Stand()
    stand.serve(Watch(1, board="wall"))
    stand.serve(Unwatch(SPEC.id, 2))
    assert stand.viewer.told[-1] == {"id": 2, "type": "unwatched", "view": SPEC.id}
    assert (stand.boards[-1], len(stand.parts.views)) == ({}, 0)
    with pytest.raises(Invalid):
        stand.serve(Unwatch(SPEC.id, 3))


def test_one_view_too_many_ends_the_connection() -> None:
    stand = Stand(may_end=True)
    for rate_hz in (1.0, 2.0, 2.0, 3.0):
        stand.serve(Watch(rate_hz=rate_hz))
    assert stand.viewer.kinds() == ["snapshot"] * 3 + ["error"]
    assert stand.port.codes == [CloseCode.TOO_MANY_SUBSCRIPTIONS]


def test_a_ping_is_answered_with_the_time_and_tells_of_paints() -> None:
    stand = Stand()
    stand.serve(Ping(5, [12.0, 30.0]))
    assert stand.viewer.told == [{"id": 5, "type": "pong", "now": 7}]
    assert list(stand.parts.counters.accept_to_paint_ms) == [12.0, 30.0]


def test_a_caller_that_may_not_watch_is_refused() -> None:
    stand = Stand()
    stand.forbidden = "ws watch"
    with pytest.raises(Forbidden):
        stand.serve(Watch(1))
    assert stand.viewer.told == []
