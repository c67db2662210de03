"""Requests about views: watch, unwatch, ping."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.domain.counters import Counters
from dashboard.domain.errors import Invalid, Moved
from dashboard.domain.identity import Caller
from dashboard.domain.position import Seen, parse_positions
from dashboard.hub.connection import Connection
from dashboard.hub.deferred import DeferredReplies
from dashboard.hub.preparation import Preparation
from dashboard.hub.shared import Shared
from dashboard.hub.snapshots import Snapshots
from dashboard.hub.subscription import Subscription
from dashboard.hub.ticker import Ticker
from dashboard.hub.view import ViewSpec
from dashboard.hub.view_table import ViewTable
from dashboard.messages.boards import BoardChanged, encode_changed, is_current
from dashboard.messages.session import type_of
from dashboard.messages.views import Error, Ping, Pong, Unwatch, Unwatched, Watch, encode
from dashboard.rfc6455.close_codes import CloseCode

#: Function from a watch request to its view, and the board's JSON if it named a board; raises DashboardError.
Resolve = Callable[[Watch, Caller], tuple[ViewSpec, bytes | None]]


class ViewRequests:
    """Handler of view requests. ``authorise`` raises if a caller may not send a message; ``on_boards``: called when boards change."""

    def __init__(
        self,
        *,
        views: ViewTable,
        ticker: Ticker,
        snapshots: Snapshots,
        resolve: Resolve,
        authorise: Callable[[str, Caller], None],
        on_boards: Callable[[Connection], None],
        max_subscriptions: int,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
        counters: Counters,
    ) -> None:
        self._views = views
        self._ticker = ticker
        self._snapshots = snapshots
        self._resolve = resolve
        self._authorise = authorise
        self._on_boards = on_boards
        self._max_subscriptions = max_subscriptions
        self._now_ms = now_ms
        self._counters = counters
        self.preparation = Preparation(views=views, monotonic=monotonic)
        self.deferred = DeferredReplies(views=views, ticker=ticker, answer=self.answer, monotonic=monotonic)

    def serve(self, connection: Connection, request: Watch | Unwatch | Ping) -> None:
        """Answer a request; raises DashboardError."""
        self._authorise("ws " + type_of(request), connection.caller)
        if isinstance(request, Watch):
            self._watch(connection, request)
        elif isinstance(request, Unwatch):
            self._unwatch(connection, request)
        else:
            self._counters.accept_to_paint_ms.extend(request.painted_ms)
            if connection.is_reading:  # else a long answer is still on its way
                connection.reply(encode(Pong(self._now_ms())), request.id)

    def _unwatch(self, connection: Connection, request: Unwatch) -> None:
        if not self._views.leave(connection, request.view):
            raise Invalid("is not watched on this connection; watch it first", field="view")
        if connection.boards.pop(request.view, None) is not None:
            self._on_boards(connection)
        connection.reply(encode(Unwatched(request.view)), request.id)

    def _watch(self, connection: Connection, request: Watch) -> None:
        since = parse_positions(request.since) if request.since is not None else None
        try:
            spec, board = self._resolve(request, connection.caller)
        except Moved as error:  # a screen that was away meanwhile is led on, too
            connection.send_or_close(Shared(encode_changed(BoardChanged(request.board or "", moved_to=error.to))))
            raise
        if board is not None and not is_current(board, request.tag):
            since = None
        if not connection.preparing and self._views.get(spec.id) is not None:  # others watch it: its matches are known
            self._subscribe(connection, request, spec, board, since)
            return
        self.preparation.submit(
            connection, request.id, spec.shown, lambda: self._subscribe(connection, request, spec, board, since)
        )

    def _subscribe(
        self,
        connection: Connection,
        request: Watch,
        spec: ViewSpec,
        board: bytes | None,
        since: list[Seen] | None,
    ) -> None:
        if len(connection.subscriptions) >= self._max_subscriptions and spec.id not in connection.subscriptions:
            reason = f"more than {self._max_subscriptions} views on one connection"
            connection.reply_error(Error("too_many_subscriptions", reason), request.id)
            connection.give_up(CloseCode.TOO_MANY_SUBSCRIPTIONS, reason)
            return
        subscription = self._ticker.join(connection, spec)
        view_id = subscription.view.id
        if request.board is not None and connection.boards.get(view_id) != request.board:
            connection.boards[view_id] = request.board
            self._on_boards(connection)
        if self._ticker.is_ready(subscription.view, since):
            self.answer(subscription, request.id, board, since)
        else:
            self.deferred.defer(subscription, request.id, board, since)

    def answer(
        self,
        subscription: Subscription,
        request_id: int | str | None,
        board: bytes | None,
        since: list[Seen] | None,
    ) -> None:
        """Send the changes since ``since``. If ``since`` is None or entries were missed, send a snapshot instead."""
        view, connection = subscription.view, subscription.connection
        now_ms = self._now_ms()
        subscription.frame_no, subscription.sent = view.frame_no, view.seqs
        self._views.behind(view).discard(subscription)
        missing = view.missing(since) if since is not None else ""
        if since is not None and not missing:
            self._counters.resumes += 1
            connection.reply(view.delta(tuple(each.seq for each in since), now_ms).body, request_id)
            return
        if missing:
            self._counters.gaps[missing] += 1
            connection.reply(view.gap(missing).body, request_id)
        if view.is_large():
            self._snapshots.request(subscription, request_id, board)
        else:
            connection.reply_snapshot(view.snapshot(now_ms).body, request_id, board)
