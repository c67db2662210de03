"""A hub with viewers in memory: one replica, and the messages that each viewer was sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from dashboard.address_counts import AddressCounts, Place
from dashboard.domain.counters import Counters
from dashboard.domain.identity import ANONYMOUS, Caller, Role
from dashboard.domain.position import Position
from dashboard.domain.selector import parse_selector
from dashboard.hub.connection import PING_FRAME, Connection
from dashboard.hub.fanout import Fanout
from dashboard.hub.hub import Hub
from dashboard.hub.limits import HubLimits
from dashboard.hub.registry import ConnectionRegistry
from dashboard.hub.snapshots import Snapshots
from dashboard.hub.ticker import Ticker
from dashboard.hub.view import ViewSpec
from dashboard.hub.view_requests import ViewRequests
from dashboard.hub.view_table import ViewTable
from dashboard.journal.port import METRICS, Gap
from dashboard.messages.session import Session, SessionLimits
from dashboard.replica.replica import Replica
from tests.support.histories import EPOCH, T0, WINDOWS, samples

NEXT_EPOCH = "fedcba9876543210"


class Source:
    """Source with one replica, which may be behind at first."""

    def __init__(self) -> None:
        self.of_all = Replica(WINDOWS, Position(EPOCH, 0))
        self.is_ready = True
        self.on_applied: Callable[[], None] = lambda: None

    def feed(self, *names: str, t_ms: int = T0) -> None:
        seq = self.of_all.position.seq + 1
        self.of_all.apply(samples(seq, t_ms, [(name, t_ms, 1.0) for name in names]))
        self.on_applied()

    def lose(self) -> None:
        self.of_all.gap(Gap("epoch", Position(NEXT_EPOCH, 0)))

    def want(self, _: Any) -> tuple[str, ...]:
        return (METRICS,)

    def leave(self, _: Any) -> None:
        """Do nothing: there are no other followers."""

    def ready(self, _: Any) -> bool:
        return self.is_ready

    def replica(self, _: str) -> Replica:
        return self.of_all


class Viewer:
    """Transport in memory that records what the connection was sent."""

    deflating = False
    dialect = None

    def __init__(self, *, may_end: bool = False) -> None:
        self.may_end = may_end
        self.ended: int | str | None = None
        self.writing = False
        self.buffered = 0
        self.pings = 0
        self.told: list[dict[str, Any]] = []

    def send(self, frame: bytes) -> None:
        if frame == PING_FRAME:
            self.pings += 1
            return
        length = frame[1]
        self.told.append(json.loads(frame[2 if length < 126 else 4 if length == 126 else 10 :]))

    def kinds(self) -> list[str]:
        return [each["type"] for each in self.told]

    def follow_rooms(self, rooms: Any) -> None:
        """Ignore the rooms."""

    def buffered_bytes(self) -> int:
        return self.buffered

    def close(self, code: int, reason: str) -> None:
        assert self.may_end, f"closed with {code} {reason}"
        self.ended = code

    def abort(self) -> None:
        assert self.may_end, "dropped"
        self.ended = "dropped"


class Nobody:
    """Dispatcher that serves no requests."""

    def take(self, *_: Any) -> None:
        raise AssertionError("a request of a person")

    def dropped(self, *_: Any) -> None:
        """Forget the connection."""


class Parts:
    """A hub and its parts."""

    def __init__(self, source: Source, resolve: Any, monotonic: Callable[[], float] = time.monotonic) -> None:
        counters, limits = Counters(), HubLimits()

        def now_ms() -> int:
            return source.of_all.now_ms

        self.views = ViewTable(source, now_ms)  # type: ignore[arg-type]  # as much of it as views need
        self.snapshots = Snapshots(self.views, now_ms)
        self.counters = counters
        self.registry = ConnectionRegistry()
        self.fanout = Fanout(views=self.views, snapshots=self.snapshots, now_ms=now_ms, counters=counters)
        self.ticker = Ticker(views=self.views, fanout=self.fanout, now_ms=now_ms, monotonic=monotonic)
        source.on_applied = self.ticker.applied
        self.requests = ViewRequests(
            views=self.views,
            ticker=self.ticker,
            snapshots=self.snapshots,
            resolve=resolve,
            authorise=lambda name, caller: None,
            on_boards=lambda connection: None,
            max_subscriptions=limits.max_subscriptions,
            now_ms=now_ms,
            monotonic=monotonic,
            counters=counters,
        )
        self.hub = Hub(
            addresses=AddressCounts.alone(),
            registry=self.registry,
            views=self.views,
            requests=self.requests,
            dispatcher=Nobody(),
            limits=limits,
            session_limits=SessionLimits(),
            shows_board=lambda board: True,
            monotonic=monotonic,
            counters=counters,
        )


def hub_of(source: Source, selector: str = '{__name__=~".+"}') -> Parts:
    def resolve(_: Any, caller: Caller) -> tuple[ViewSpec, bytes]:
        return ViewSpec((parse_selector(selector),), 900_000, 30.0, 1_000), b'{"title":"Wall"}'

    return Parts(source, resolve)


def watch(parts: Parts) -> Viewer:
    viewer = Viewer()
    parts.hub.received(parts.hub.opened(viewer), '{"type":"watch","id":7,"board":"wall"}')  # type: ignore[arg-type]
    return viewer


class Somebody:
    """Port of a connection without a hub: the requests that it received, and why the connection was dropped."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.codes: list[int] = []
        self.error: Exception | None = None

    def take(self, connection: Connection, request: Any) -> None:
        if self.error is not None:
            raise self.error
        self.taken.append(request)

    def dropped(self, connection: Connection, code: int) -> None:
        connection.closed = True
        self.codes.append(code)


def connect(
    viewer: Viewer | None = None,
    caller: Caller = ANONYMOUS,
    port: Somebody | None = None,
    *,
    max_queue_bytes: int = 1_000,
    place: Place | None = None,
) -> Connection:
    """Return a connection without a hub, opened at second 100."""
    return Connection(
        port=port or Somebody(),
        transport=viewer or Viewer(),
        session=Session(SessionLimits(), 100.0),
        counters=Counters(),
        max_queue_bytes=max_queue_bytes,
        now_s=100.0,
        caller=caller,
        place=place,
    )


def person(name: str) -> Caller:
    """Return a user who is logged in, as a caller."""
    return Caller("user", name, name.title(), Role.VIEWER)
