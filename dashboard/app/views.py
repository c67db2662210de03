"""Composition of the views: their table, ticks, fan-out, snapshots and requests."""

from __future__ import annotations

import time
from collections.abc import Callable

from dashboard.accounts.policies import Access, authorise
from dashboard.app.expressions import make_query_runner
from dashboard.boards.boards import Boards
from dashboard.boards.view_resolver import ViewResolver
from dashboard.domain.counters import Counters
from dashboard.expressions.live import LiveExpressions
from dashboard.hub.connection import Connection
from dashboard.hub.fanout import Fanout
from dashboard.hub.snapshots import Snapshots
from dashboard.hub.ticker import Ticker
from dashboard.hub.view_requests import ViewRequests
from dashboard.hub.view_table import ViewTable
from dashboard.replication.replicas import Replicas
from dashboard.runtime import Runtime
from dashboard.settings import Settings


class ViewParts:
    """Services for views and expressions. ``on_boards``: called when a connection's boards change; ``now_ms`` is the
    journal's time."""

    def __init__(
        self,
        *,
        settings: Settings,
        replicas: Replicas,
        boards: Boards,
        access: Access,
        on_boards: Callable[[Connection], None],
        now_ms: Callable[[], int],
        counters: Counters,
    ) -> None:
        self.queries = make_query_runner(settings, replicas)
        self.live = LiveExpressions(queries=self.queries, replicas=replicas, now_ms=now_ms)
        self.table = ViewTable(replicas, now_ms, self.live)
        self._snapshots = Snapshots(self.table, now_ms)
        fanout = Fanout(views=self.table, snapshots=self._snapshots, now_ms=now_ms, counters=counters)
        self._ticker = Ticker(views=self.table, fanout=fanout, now_ms=now_ms, monotonic=time.monotonic)
        self.requests = ViewRequests(
            views=self.table,
            ticker=self._ticker,
            snapshots=self._snapshots,
            resolve=ViewResolver(boards, access),
            authorise=authorise,
            on_boards=on_boards,
            max_subscriptions=settings.max_subscriptions,
            now_ms=now_ms,
            monotonic=time.monotonic,
            counters=counters,
        )
        replicas.subscribe_gap(self.table.missed)
        replicas.subscribe_applied(self._ticker.applied)
        self.live.subscribe(on_put=self._ticker.applied, on_gap=self.table.expressions_missed)

    def start(self, runtime: Runtime) -> None:
        """Start the tasks of the views."""
        for name, work in (
            ("ticks", self._ticker.run),
            ("expressions", self.live.run),
            ("preparation", self.requests.preparation.run),
            ("deferred replies", self.requests.deferred.run),
            ("snapshots", self._snapshots.run),
            ("ended views", self.table.ended.run),
        ):
            runtime.start(name, work)
