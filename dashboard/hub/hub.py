"""Hub: the open connections of this process, routing of their requests, and notices to all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from dashboard.address_counts import AddressCounts, Place
from dashboard.domain.counters import Counters
from dashboard.domain.identity import ANONYMOUS, Caller
from dashboard.hub.connection import Connection
from dashboard.hub.fanout import SENDS_PER_TURN
from dashboard.hub.limits import HubLimits
from dashboard.hub.places import ConnectionPlaces
from dashboard.hub.registry import ConnectionRegistry
from dashboard.hub.shared import Shared
from dashboard.hub.transport import Transport
from dashboard.hub.view_requests import ViewRequests
from dashboard.hub.view_table import ViewTable
from dashboard.messages.fields import PersonalRequest
from dashboard.messages.session import Session, SessionLimits
from dashboard.messages.views import Degraded, Drain, Ping, Request, Watch, encode
from dashboard.rfc6455.close_codes import CloseCode

#: Close codes from here on are free for applications (RFC 6455, 7.4.2). A client's are counted together as ``client``.
_FIRST_PRIVATE = 3_000


class Dispatcher(Protocol):
    """Port to the handler of users' requests, implemented by ``conversation/dispatch.py``."""

    def take(self, connection: Connection, request: Request) -> None:
        """Queue the request after the earlier requests of its connection; raises TooMany."""

    def dropped(self, connection: Connection, code: int) -> None:
        """Forget a connection that has ended."""


class Hub:
    """Owner of this process' connections. ``monotonic`` gives seconds; ``degraded``: the reason why data is delayed, else empty.

    ``shows_board``: tells whether this process knows a board. The dispatcher looks for others before they are watched.
    """

    def __init__(
        self,
        *,
        registry: ConnectionRegistry,
        views: ViewTable,
        requests: ViewRequests,
        dispatcher: Dispatcher,
        limits: HubLimits,
        addresses: AddressCounts,
        session_limits: SessionLimits,
        shows_board: Callable[[str], bool],
        monotonic: Callable[[], float],
        counters: Counters,
    ) -> None:
        self._registry = registry
        self._views = views
        self._requests = requests
        self._dispatcher = dispatcher
        self._limits = limits
        self.places = ConnectionPlaces(registry, limits, addresses)
        self._session_limits = session_limits
        self._shows_board = shows_board
        self._monotonic = monotonic
        self._counters = counters
        self.degraded = ""

    def opened(
        self,
        transport: Transport,
        caller: Caller = ANONYMOUS,
        place: Place | None = None,
        make_session: Callable[[SessionLimits, float], Session] = Session,
    ) -> Connection:
        """Register a client whose handshake is done, with the place that was reserved for it. ``make_session``: creates
        the protocol session."""
        now_s = self._monotonic()
        connection = Connection(
            port=self,
            transport=transport,
            session=make_session(self._session_limits, now_s),
            counters=self._counters,
            max_queue_bytes=self._limits.max_queue_bytes,
            now_s=now_s,
            caller=caller,
            place=place,
        )
        self._registry.connections.add(connection)
        self._counters.connections_opened += 1
        return connection

    def dropped(self, connection: Connection, code: int, *, by_client: bool = False) -> None:
        """Forget a connection that has ended; only the first call counts. ``by_client``: True if the client has closed it."""
        if connection.closed:
            return
        connection.closed = True
        self._registry.connections.discard(connection)
        connection.place.release()
        own = by_client and code >= _FIRST_PRIVATE
        self._counters.connections_closed["client" if own else str(int(code))] += 1
        self.leave_views(connection)
        self._dispatcher.dropped(connection, code)

    def leave_views(self, connection: Connection) -> None:
        """Stop all views of a connection."""
        for view_id in list(connection.subscriptions):
            self._views.leave(connection, view_id)
        connection.boards.clear()

    def received(self, connection: Connection, text: str) -> None:
        """Handle a text message of a client."""
        connection.receive(text, self.hear(connection))

    def hear(self, connection: Connection) -> float:
        """Record that a client has sent a message; return the present time in monotonic seconds."""
        connection.heard_s = now_s = self._monotonic()
        return now_s

    def heard(self, connection: Connection) -> None:
        """Handle a ping or pong frame; close a client that sends too many."""
        connection.heard_s = now_s = self._monotonic()
        if (flood := connection.session.control(now_s)) is not None:
            connection.give_up(flood.code, flood.reason)

    def take(self, connection: Connection, request: Request) -> None:
        """Serve a view request at once; queue every personal request, those for an unknown board and, while an ``auth`` is
        pending, every request except a ping."""
        waits = connection.authenticating and not isinstance(request, Ping)
        if waits or isinstance(request, PersonalRequest) or self._is_unknown(request):
            self._dispatcher.take(connection, request)
        else:
            self._requests.serve(connection, request)

    def _is_unknown(self, request: Request) -> bool:
        return isinstance(request, Watch) and request.board is not None and not self._shows_board(request.board)

    async def broadcast_degraded(self, reason: str) -> None:
        """Broadcast degraded mode and store it for later clients; an empty reason ends degraded mode."""
        self.degraded = reason
        await self._send_all(Shared(encode(Degraded(reason))))

    async def _send_all(self, message: Shared) -> None:
        for number, connection in enumerate(list(self._registry.connections), 1):
            if not connection.closed:
                connection.send(message)
            if not number % SENDS_PER_TURN:
                await asyncio.sleep(0)

    async def drain(self, over_s: float) -> None:
        """Ask every client to reconnect elsewhere; close the connections spread over ``over_s`` seconds."""
        await self._send_all(Shared(encode(Drain(over_s))))
        leaving = list(self._registry.connections)
        for number, connection in enumerate(leaving, 1):
            connection.give_up(CloseCode.DRAIN, "the server is restarting; reconnect")
            if not number % SENDS_PER_TURN:
                await asyncio.sleep(over_s * SENDS_PER_TURN / len(leaving))
