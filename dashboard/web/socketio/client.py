"""Client of Socket.IO as a connection of the hub: its namespaces, and its requests to the dispatcher."""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

import msgspec

from dashboard.address_counts import Place
from dashboard.conversation.dispatch import RequestDispatcher
from dashboard.domain.identity import Caller
from dashboard.hub.hub import Hub
from dashboard.messages.auth import Auth
from dashboard.messages.rooms import Recover
from dashboard.rfc6455.close_codes import CloseCode, is_final
from dashboard.socketio.dialect import Carrier, Dialects
from dashboard.socketio.events import CONNECT, RECOVER, RequestOrigin, connected
from dashboard.socketio.packets import MAIN, encode_connect_error, encode_disconnect
from dashboard.socketio.positions import parse_offset
from dashboard.socketio.session import Connect, Leave, NamespaceRefusal, SocketIoSession
from dashboard.web.socketio.engine_session import EngineSession

#: Ids of states that this server has made.
_PID = re.compile(r"[A-Za-z0-9_-]{20}")


class ClientServices(NamedTuple):
    """Services of all clients."""

    hub: Hub
    dispatcher: RequestDispatcher
    dialects: Dialects


class SocketIoClient:
    """Client of one session of Engine.IO. ``caller``: the caller of the handshake."""

    def __init__(self, engine: EngineSession, services: ClientServices, caller: Caller, place: Place) -> None:
        self._engine = engine
        self._hub, self._dispatcher, self._dialects = services
        self._caller = caller
        self._rooms: frozenset[str] | None = None  # of a client that can recover
        self._dialect = services.dialects.get(engine.carrier, frozenset())
        engine.dialect = self._dialect
        self._connection = self._hub.opened(engine, caller, place, SocketIoSession)
        session = self._connection.session
        assert isinstance(session, SocketIoSession)
        self._session = session
        self._dispatcher.opened(self._connection, authenticates=False)

    def _choose_dialect(self) -> None:
        before = self._dialect.positions
        self._dialect = self._dialects.get(self._engine.carrier, self._session.namespaces, self._rooms)
        self._engine.dialect = self._dialect
        if before is not None and self._dialect.positions is not None:
            self._dialect.positions.take_over(before)

    # --- EngineClient ---

    def message(self, data: str) -> None:
        """Take the data of a message."""
        connection = self._connection
        if connection.closed:
            return
        outcome = self._session.take(data, self._hub.hear(connection))
        if isinstance(outcome, Connect):
            self._connect(outcome)
        elif isinstance(outcome, NamespaceRefusal):
            self._send(encode_connect_error(outcome.namespace, msgspec.json.encode({"message": outcome.message})))
        elif isinstance(outcome, Leave):
            self._leave(outcome.namespace)
        elif outcome is not None:
            connection.handle(outcome)

    def binary(self) -> None:
        """Skip an attachment; close the session if no packet announced the binary message."""
        if not self._connection.closed:
            refused = self._session.skip_attachment(self._hub.hear(self._connection))
            if refused is not None:
                self._connection.handle(refused)

    def heard(self) -> None:
        """Record that the client is alive."""
        if not self._connection.closed:
            self._hub.heard(self._connection)

    def carried(self, carrier: Carrier) -> None:
        """Encode messages for another carrier (WebSocket or long polling) from now on."""
        self._choose_dialect()

    def in_rooms(self, rooms: frozenset[str]) -> None:
        """Set the rooms that the client is in. The offsets of a client that can recover contain these rooms."""
        if self._rooms is not None:
            self._rooms = rooms
            self._choose_dialect()

    def farewell(self, code: int) -> bytes:
        """Return packets that keep the client from reconnecting if the close code is final, else nothing."""
        if not is_final(code):
            return b""
        return self._dialect.packed([encode_disconnect(each) for each in sorted(self._session.namespaces)])

    def fail(self, code: CloseCode, reason: str) -> None:
        """Close the session."""
        self._connection.give_up(code, reason)

    def ended(self, code: int) -> None:
        """Forget the connection once its requests have been served, as the original server does."""
        connection = self._connection
        self._dispatcher.after_requests(connection, lambda: self._hub.dropped(connection, code, by_client=True))

    # --- namespaces ---

    def _send(self, *packets: bytes) -> None:
        self._engine.send(self._dialect.packed(list(packets)))

    def _connect(self, request: Connect) -> None:
        """Answer a CONNECT: at once, or after the check of the token or of the cookie's user."""
        namespace, given = request.namespace, request.handshake
        sid = secrets.token_urlsafe(15)
        proves = bool(given.token) or self._caller.is_person
        if namespace == MAIN and proves:
            self._rooms = frozenset()
        self._choose_dialect()
        rooms = (
            parse_offset(given.offset or "") if namespace == MAIN and proves and _PID.fullmatch(given.pid or "") else {}
        )
        pid = "" if not (namespace == MAIN and proves) else str(given.pid) if rooms else sid
        its = RequestOrigin(f"{sid} {pid}".rstrip(), namespace, RECOVER if rooms else CONNECT).id
        if given.token or given.id:
            who = Auth(id=its, user_id=given.id or "", token=given.token or "", username=given.username or "")
            self._connection.handle(who)
        elif namespace == MAIN and self._caller.is_person:
            self._connection.handle(Auth(id=its, user_id=self._caller.id, token=""))
        else:
            self._send(connected(namespace, sid))
        if rooms:
            self._connection.handle(Recover(id=RequestOrigin(f"{sid} {pid}", namespace, CONNECT).id, rooms=rooms))

    def _leave(self, namespace: str) -> None:
        self._choose_dialect()
        connection = self._connection
        if namespace == MAIN:
            self._dispatcher.after_requests(connection, lambda: self._dispatcher.sign_out(connection))
        else:
            self._hub.leave_views(connection)
            self._dispatcher.boards_left(connection)
