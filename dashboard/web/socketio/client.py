"""Client of Socket.IO as a connection of the hub: its namespaces, and its requests to the dispatcher."""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

import msgspec

from dashboard.address_counts import Place
from dashboard.conversation.dispatch import RequestDispatcher
from dashboard.conversation.recoverable import RecoverableClients
from dashboard.domain.identity import Caller
from dashboard.hub.hub import Hub
from dashboard.messages.auth import Auth
from dashboard.messages.rooms import Recover
from dashboard.rfc6455.close_codes import CloseCode, is_final
from dashboard.socketio.dialect import Carrier, Dialects
from dashboard.socketio.events import CONNECT, RECOVER, RequestOrigin, connected
from dashboard.socketio.packets import MAIN, encode_connect_error, encode_disconnect
from dashboard.socketio.positions import parse_offset
from dashboard.socketio.requests import Handshake
from dashboard.socketio.session import Connect, Leave, NamespaceRefusal, SocketIoSession
from dashboard.web.socketio.engine_session import EngineSession

#: Ids of states that this server has made.
_PID = re.compile(r"[A-Za-z0-9_-]{20}")


class SocketIoServices(NamedTuple):
    """Services that every Socket.IO client needs."""

    hub: Hub
    dispatcher: RequestDispatcher
    dialects: Dialects
    recoverable: RecoverableClients


class SocketIoClient:
    """Client of one session of Engine.IO. ``caller``: the caller of the handshake."""

    def __init__(self, engine: EngineSession, services: SocketIoServices, caller: Caller, place: Place) -> None:
        self._engine = engine
        self._hub, self._dispatcher, self._dialects, self._recoverable = services
        self._caller = caller
        self._rooms: frozenset[str] | None = None  # of a client that can recover
        self._secrets: frozenset[str] = frozenset()  # of a client that can recover and shows no credentials then
        self._dialect = services.dialects.get(engine.carrier, frozenset())
        engine.translate_by(self._dialect)
        self._connection = self._hub.opened(engine, caller, place, SocketIoSession)
        session = self._connection.session
        assert isinstance(session, SocketIoSession)
        self._session = session
        self._dispatcher.opened(self._connection, authenticates=False)

    def _choose_dialect(self) -> None:
        before = self._dialect.positions
        self._dialect = self._dialects.get(self._engine.carrier, self._session.namespaces, self._rooms)
        self._engine.translate_by(self._dialect)
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
        if rooms and not self._connection.closed:
            for secret in self._secrets:
                self._recoverable.note(secret, self._connection)

    def farewell(self, code: int) -> bytes:
        """Return packets that keep the client from reconnecting if the close code is final, else nothing."""
        if not is_final(code):
            return b""
        self._forget()
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
        if namespace != MAIN:
            self._choose_dialect()
            self._authenticate(given, RequestOrigin(sid, namespace, CONNECT), None)
            return
        self._rooms = frozenset()
        self._choose_dialect()
        secret, rooms = given.pid or "", parse_offset(given.offset or "")
        before = None
        if not (given.token or given.id or self._caller.is_person):
            before = self._recoverable.find(secret) if rooms and _PID.fullmatch(secret) else None
            if before is not None and before.kind == "guest" and self._caller.kind != "local":
                before = None
            rooms = rooms if before is not None else {}
            self._secrets = frozenset((sid, secret) if rooms else (sid,))
        if not (rooms and _PID.fullmatch(secret)):
            self._authenticate(given, RequestOrigin(f"{sid} {sid}", namespace, CONNECT), None)
            return
        ack = f"{sid} {secret}"
        self._authenticate(given, RequestOrigin(ack, namespace, RECOVER), before)
        self._connection.handle(Recover(id=RequestOrigin(ack, namespace, CONNECT).id, rooms=rooms))

    def _authenticate(self, given: Handshake, origin: RequestOrigin, before: Caller | None) -> None:
        """Authenticate the client. ``before``: the user whose state the client recovers; None if the handshake names
        the user."""
        if before is not None:
            self._connection.caller = before
        if given.token or given.id:
            username = given.username or ""
            self._connection.handle(
                Auth(id=origin.id, user_id=given.id or "", token=given.token or "", username=username)
            )
        elif origin.namespace == MAIN and self._connection.caller.is_person:
            self._connection.handle(Auth(id=origin.id, user_id=self._connection.caller.id, token=""))
        else:
            sid, _, pid = origin.ack.partition(" ")
            self._send(connected(origin.namespace, sid, pid))

    def _forget(self) -> None:
        """Forget the state of a client that leaves for good."""
        for secret in self._secrets:
            self._recoverable.forget(secret)
        self._secrets = frozenset()

    def _leave(self, namespace: str) -> None:
        self._choose_dialect()
        connection = self._connection
        if namespace == MAIN:
            self._forget()
            self._dispatcher.after_requests(connection, lambda: self._dispatcher.sign_out(connection))
        else:
            self._hub.leave_views(connection)
            self._dispatcher.boards_left(connection)
