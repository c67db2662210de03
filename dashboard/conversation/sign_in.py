"""Sign-in of connections: which user a connection belongs to, and how many connections that user has."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.accounts.authenticator import Authenticator
from dashboard.conversation.fanout import RoomFanout
from dashboard.domain.counters import Counters
from dashboard.domain.errors import BadToken, Overloaded, TooManyConnections
from dashboard.domain.identity import Caller, Role
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.auth import Auth, Authenticated
from dashboard.messages.presence import Person
from dashboard.presence.tracker import PresenceTracker
from dashboard.rfc6455.close_codes import CloseCode


class SignIn:
    """Handler of ``auth``. ``known``: connections whose caller may expire or be revoked.

    ``limits``: sent in the reply ``authenticated``.  ``now_ms`` is the journal's time.
    """

    def __init__(
        self,
        *,
        registry: ConnectionRegistry,
        identify: Authenticator,
        presence: PresenceTracker,
        fanout: RoomFanout,
        counters: Counters,
        now_ms: Callable[[], int],
        max_user_connections: int,
        limits: dict[str, float],
    ) -> None:
        self._registry = registry
        self._identify = identify
        self._presence = presence
        self._fanout = fanout
        self._counters = counters
        self._now_ms = now_ms
        self._max_user_connections = max_user_connections
        self._limits = limits
        self.known: set[Connection] = set()

    async def __call__(self, connection: Connection, request: Auth) -> Authenticated:
        """Bind the connection to a user and return the reply; raises BadToken, Unavailable."""
        caller = await self._caller_of(connection.caller, request)
        if caller.kind != "local":
            self.known.add(connection)
        is_full = self._has_elsewhere(caller) and await self._presence.is_count_confirmed(caller.id)
        while True:
            user = await self._fanout.prepare(caller)
            now = self._identify.still(caller)  # the session may have ended meanwhile, or the role changed
            if now is None:
                raise BadToken("the session has ended; log in again")
            if (now.role, now.grants) == (caller.role, caller.grants):
                break
            caller = now
        if connection not in self._registry.people or connection.caller.id != caller.id:
            self._bind(connection, caller, full=is_full)
        connection.caller = caller
        self._presence.changed(connection)
        self._counters.authentications["done"] += 1
        return Authenticated(
            user=Person(caller.id, caller.name, connection.status),
            role=caller.role.word,
            roles=[role.word for role in Role if Role.NOBODY < role <= caller.role],
            grants={board: role.word for board, role in caller.grants},
            limits=self._limits,
            now=self._now_ms(),
            expires=caller.expires_ms,
            rooms=user.rooms,
            unread=user.unread,
        )

    async def _caller_of(self, before: Caller, request: Auth) -> Caller:
        """Return the caller whose identity the request proves. ``before``: the connection's present caller. Raises BadToken."""
        if request.token:
            caller = await self._identify.by_text_or_refresh(request.token)
            if caller.kind != "user" or request.user_id not in ("", caller.id):
                raise BadToken("the token belongs to another user than userId")
            if before.kind == "user" and before.id != caller.id:
                raise BadToken("the connection is already authenticated as another user; open a new one")
            return caller
        if before.is_person and before.id == request.user_id:  # the handshake has checked the cookie
            return before
        if before.kind == "local":
            return self._identify.guest(request.user_id, request.username)
        raise BadToken("the token is empty, and no cookie names this user")

    def _has_elsewhere(self, caller: Caller) -> bool:
        """Return whether the user has reached the connection limit over all processes, but not in this process."""
        most = self._max_user_connections
        return len(self._registry.connections_of(caller.id)) < most <= self._presence.tabs(caller.id)

    def _bind(self, connection: Connection, caller: Caller, *, full: bool) -> None:
        if connection in self._registry.people:
            before = connection.caller.id
            self._registry.remove_user(connection)
            self._presence.released(before)
        else:
            self._presence.authenticated(connection)
        own = len(self._registry.connections_of(caller.id))
        if self._has_elsewhere(caller) and not full:
            connection.refuse(
                Overloaded("this user's connections to other processes are not counted yet; try again in a second"),
                None,
            )
            connection.give_up(CloseCode.OVERLOADED, "reconnect: the count may include a process that has ended")
            return
        if (full and self._has_elsewhere(caller)) or own >= self._max_user_connections:
            reason = f"more than {self._max_user_connections} connections of one user"
            connection.refuse(TooManyConnections(reason), None)
            connection.give_up(CloseCode.TOO_MANY_CONNECTIONS, reason)
            return
        connection.caller = caller
        if not connection.closed:
            self._registry.add_user(connection)

    def sign_out(self, connection: Connection) -> None:
        """Unbind an open connection from its user and rooms; its views stay open."""
        for room in list(connection.rooms):
            self._registry.leave(connection, room)
        if connection in self._registry.people:
            user = connection.caller.id
            self._registry.watch(connection, frozenset())
            self._registry.remove_user(connection)
            self._presence.released(user)
            self._presence.changed(connection)
            if not self._registry.connections_of(user):
                self._fanout.forget(user)
