"""Connection of one client: its transport, its protocol session and its subscriptions.

Owns the client's state and decides when the server closes it.  Does not own the bytes on the wire
(``web/server/websocket.py``) or the handling of requests (``hub.py``).
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from dashboard.address_counts import Place
from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError
from dashboard.domain.identity import ANONYMOUS, Caller
from dashboard.domain.presence import Status
from dashboard.hub.shared import Shared
from dashboard.hub.subscription import Subscription
from dashboard.hub.transport import Transport
from dashboard.messages.people import PersonalReply, encode_personal
from dashboard.messages.session import Disconnect, RequestRefusal, Session
from dashboard.messages.views import Error, Request, encode, with_id
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.rfc6455.frames import Opcode, encode_frame

#: Answer of ``answer_done``; not sent on ``/ws``.
DONE = b'{"type":"done"}'
PING_FRAME = encode_frame(Opcode.PING, b"")


class ConnectionPort(Protocol):
    """Handler of a connection's requests and of its end."""

    def take(self, connection: Connection, request: Request) -> None:
        """Serve a well-formed request now, or queue it; raises DashboardError."""

    def dropped(self, connection: Connection, code: int) -> None:
        """Forget a connection that has ended."""


class Connection:
    """Client of this process and its state. Every ``now_s`` is monotonic seconds.

    ``caller``: the user or token that the connection belongs to; ``boards``: watched boards by view id; ``rooms``: joined rooms.
    ``requests``: queued requests, served in order while ``busy``; ``authenticating``: number of ``auth`` requests among them.
    ``preparing``: requests for views that wait for their turn; ``used_s``: the last time when ``is_used`` was seen to be True.
    """

    __slots__ = (
        "_counters",
        "_max_queue_bytes",
        "_port",
        "authenticating",
        "began_s",
        "boards",
        "busy",
        "caller",
        "closed",
        "heard_s",
        "pinged_s",
        "place",
        "preparing",
        "requests",
        "rooms",
        "session",
        "stalled_s",
        "status",
        "subscriptions",
        "transport",
        "used_s",
    )

    def __init__(
        self,
        *,
        port: ConnectionPort,
        transport: Transport,
        session: Session,
        counters: Counters,
        max_queue_bytes: int,
        now_s: float,
        caller: Caller = ANONYMOUS,
        place: Place | None = None,
    ) -> None:
        self.place = place or Place()
        self.caller = caller
        self.boards: dict[str, str] = {}
        self.rooms: set[str] = set()
        self.status: Status = "online"
        self.requests: deque[Request] = deque()
        self.authenticating = 0
        self.busy = False
        self._port = port
        self._counters = counters
        self._max_queue_bytes = max_queue_bytes
        self.transport = transport
        self.session = session
        self.subscriptions: dict[str, Subscription] = {}
        self.closed = False
        self.preparing = 0
        self.began_s = self.heard_s = self.pinged_s = self.used_s = now_s
        self.stalled_s = 0.0  # when the send buffer stopped draining; 0: it drains

    def receive(self, text: str, now_s: float) -> None:
        """Decode one text message and serve or refuse it."""
        self._counters.messages_received += 1
        self.handle(self.session.receive(text, now_s))

    def handle(self, outcome: Request | RequestRefusal | Disconnect) -> None:
        """Serve the request in a message, or send the session's refusal; do nothing if the connection was dropped meanwhile."""
        if self.closed:
            return
        if isinstance(outcome, Disconnect):
            self.give_up(outcome.code, outcome.reason)
        elif isinstance(outcome, RequestRefusal):
            self.reply_error(outcome.error, outcome.id)
        else:
            try:
                self._port.take(self, outcome)
            except DashboardError as error:
                self.refuse(error, outcome.id)

    @property
    def is_used(self) -> bool:
        """True while the client is authenticated, has a view, or waits for the answer to an ``auth`` or ``watch`` request."""
        return self.caller.kind != "anonymous" or bool(self.subscriptions or self.preparing or self.authenticating)

    @property
    def is_reading(self) -> bool:
        """True while the client has at most ``max_queue_bytes`` left to read."""
        return self.transport.buffered_bytes() <= self._max_queue_bytes

    def answer_done(self, request_id: int | str | None) -> None:
        """Acknowledge a request that has no other answer, if the client waits for one: a Socket.IO client that gave a
        callback."""
        if self.transport.dialect is not None and request_id is not None:
            self.reply(DONE, request_id)

    def refuse(self, error: DashboardError, request_id: int | str | None) -> None:
        """Answer a request with an error."""
        self.reply_error(Error(error.code, str(error)), request_id)

    def reply_error(self, error: Error, request_id: int | str | None) -> None:
        """Answer a request with a protocol error, and count the error."""
        self._counters.errors_sent[error.code] += 1
        self.reply(encode(error), request_id)

    def reply_snapshot(self, body: bytes, request_id: int | str | None, board: bytes | None) -> None:
        """Answer a watch request with a snapshot, and with the board's JSON if there is one."""
        self._counters.snapshots_sent += 1
        if board is not None:
            body = body[:-1] + b',"board":' + board + b"}"
        self.reply(body, request_id)

    def answer(self, message: PersonalReply, request_id: int | str | None) -> None:
        """Answer a user's request; close a client that does not read."""
        dialect = self.transport.dialect
        if dialect is None:
            self.reply(encode_personal(message), request_id)
        elif self._reads_answers():
            self._send_bytes(dialect.answer(message, request_id))

    def reply(self, body: bytes, request_id: int | str | None = None) -> None:
        """Add the request's id to a JSON text and send it; close a client that does not read."""
        if self._reads_answers():
            self.send(Shared(with_id(body, request_id)))

    def _reads_answers(self) -> bool:
        if not self.closed and not self.is_reading:
            self.give_up(CloseCode.SLOW, "answers are not read")
        return not self.closed

    def send_or_close(self, message: Shared) -> None:
        """Send a broadcast message; close a client that does not read."""
        if self.closed:
            return
        if not self.is_reading:
            self.give_up(CloseCode.SLOW, "messages are not read")
            return
        self.send(message)

    def send(self, message: Shared) -> None:
        """Send a message even if the client has not read the earlier messages."""
        self._send_bytes(message.bytes_for(self.transport))

    def _send_bytes(self, frame: bytes) -> None:
        if frame:
            self._counters.bytes_sent += len(frame)
            self.transport.send(frame)

    def give_up(self, code: CloseCode, reason: str) -> None:
        """Close the connection. A client that does not read gets no close frame: its transport is aborted."""
        if self.closed:
            return
        self._port.dropped(self, code)
        if self.transport.writing:
            self.transport.abort()
        else:
            self.transport.close(code, reason)
