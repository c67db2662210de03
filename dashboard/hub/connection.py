"""One client of this process: its wire, its session, the views it watches.

Owns what a request leads to and when a client is given up.  Does not own bytes on the wire (``web/server/websocket.py``) nor
the ticks (``hub.py``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from dashboard.domain.errors import DashboardError, Invalid
from dashboard.domain.identity import ANONYMOUS, Caller
from dashboard.domain.position import Seen, parse_positions
from dashboard.domain.presence import Status
from dashboard.hub.view import Shared, View, ViewSpec
from dashboard.messages.people import PersonalRequest
from dashboard.messages.session import Disconnect, Refusal, Session, type_of
from dashboard.messages.views import Error, Ping, Pong, Request, Unwatch, Unwatched, Watch, encode, with_id
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.rfc6455.frames import Opcode, encode_frame

if TYPE_CHECKING:
    from dashboard.hub.hub import Hub

#: Turns a watch request into the view it wants and the board's JSON if it named one; raises DashboardError.
Resolve = Callable[[Watch, Caller], tuple[ViewSpec, bytes | None]]

PING_FRAME = encode_frame(Opcode.PING, b"")


class Transport(Protocol):
    """A WebSocket whose handshake is done.

    ``deflating``: permessage-deflate was agreed on.  ``writing``: bytes are still buffered for a peer that does not read.
    """

    deflating: bool
    writing: bool

    def send(self, frame: bytes) -> None:
        """Hand a whole frame to the kernel, or buffer what it does not take."""

    def buffered_bytes(self) -> int:
        """At most so many bytes are buffered."""

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and wait a little for the peer's."""

    def abort(self) -> None:
        """Drop the connection."""


class Subscription:
    """One connection's place in one view. ``frame_no`` is the last frame it got; -1: it gets none by the fan-out.

    ``sent`` is what it has, one number a partition; None: it must be told of a gap. ``is_owed``: a snapshot is on its way.
    """

    __slots__ = ("connection", "frame_no", "is_owed", "sent", "view", "wire")

    def __init__(self, connection: Connection, view: View) -> None:
        self.connection = connection
        self.wire = connection.wire
        self.view = view
        self.frame_no = view.frame_no
        self.is_owed = False
        self.sent: tuple[int, ...] | None = view.seqs


class People(Protocol):
    """What the hub needs of the services for people. ``conversation/dispatch.py`` has it."""

    def take(self, connection: Connection, request: Request) -> None:
        """A request has come that will be answered after those before it."""

    def moved(self, connection: Connection) -> None:
        """The connection watches other boards now."""

    def dropped(self, connection: Connection, code: int) -> None:
        """The connection is over."""


class Connection:
    """``now_s`` is monotonic seconds throughout.

    ``caller``: whose it is; ``boards``: the boards it watches, by view; ``rooms``: those it hears; ``errands``: requests
    that wait for their turn; ``authenticating``: how many of them are ``auth``.
    """

    __slots__ = (
        "_hub",
        "authenticating",
        "began_s",
        "boards",
        "busy",
        "caller",
        "closed",
        "errands",
        "heard_s",
        "pinged_s",
        "rooms",
        "session",
        "stalled_s",
        "status",
        "watching",
        "wire",
    )

    def __init__(self, hub: Hub, wire: Transport, now_s: float, caller: Caller = ANONYMOUS) -> None:
        self.caller = caller
        self.boards: dict[str, str] = {}
        self.rooms: set[str] = set()
        self.status: Status = "online"
        self.errands: deque[Request] = deque()
        self.authenticating = 0
        self.busy = False
        self._hub = hub
        self.wire = wire
        self.session = Session(hub.session_limits, now_s)
        self.watching: dict[str, Subscription] = {}
        self.closed = False
        self.began_s = self.heard_s = self.pinged_s = now_s
        self.stalled_s = 0.0  # since when its buffer has not drained; 0: it has

    def receive(self, text: str, now_s: float) -> None:
        """Take one text message and answer it."""
        counters = self._hub.counters
        counters.messages_received += 1
        outcome = self.session.receive(text, now_s)
        if isinstance(outcome, Disconnect):
            self.give_up(outcome.code, outcome.reason)
        elif isinstance(outcome, Refusal):
            self._refuse(outcome.error, outcome.id)
        else:
            try:
                self._serve(outcome)
            except DashboardError as error:
                self.refuse(error, outcome.id)

    def refuse(self, error: DashboardError, request_id: int | str | None) -> None:
        """Answer a request with an error."""
        self._refuse(Error(error.code, str(error)), request_id)

    def _serve(self, request: Request) -> None:
        """At once, but for what is about people and what comes behind ``auth``: that waits for its turn."""
        if isinstance(request, PersonalRequest) or (self.authenticating and not isinstance(request, Ping)):
            self._hub.people.take(self, request)
        else:
            self.serve(request)

    def serve(self, request: Watch | Unwatch | Ping) -> None:
        """Answer a request about views; raises DashboardError."""
        self._hub.authorise("ws " + type_of(request), self.caller)
        if isinstance(request, Watch):
            self._watch(request)
        elif isinstance(request, Unwatch):
            if not self._hub.leave(self, request.view):
                raise Invalid("is not watched on this connection", field="view")
            self._reply(encode(Unwatched(request.view)), request.id)
        elif isinstance(request, Ping):
            self._hub.counters.accept_to_paint_ms.extend(request.painted_ms)
            if self.wire.buffered_bytes() <= self._hub.limits.max_queue_bytes:  # else a long answer is still on its way
                self._reply(encode(Pong(self._hub.now_ms())), request.id)

    def _watch(self, request: Watch) -> None:
        since = parse_positions(request.since) if request.since is not None else None
        spec, board = self._hub.resolve(request, self.caller)
        if spec.id not in self.watching and len(self.watching) >= self._hub.max_subscriptions:
            reason = f"more than {self._hub.max_subscriptions} views on one connection"
            self._refuse(Error("too_many_subscriptions", reason), request.id)
            self.give_up(CloseCode.TOO_MANY_SUBSCRIPTIONS, reason)
            return
        watching = self._hub.join(self, spec)
        if request.board is not None and self.boards.get(spec.id) != request.board:
            self.boards[spec.id] = request.board
            self._hub.people.moved(self)
        if self._hub.is_ready(watching.view, since):
            self.answer_watch(watching, request.id, board, since)
        else:
            self._hub.owe_answer(watching, request.id, board, since)

    def answer_watch(
        self, watching: Subscription, request_id: int | str | None, board: bytes | None, since: list[Seen] | None
    ) -> None:
        """What was missed since ``since``, or everything."""
        view = watching.view
        counters, now_ms = self._hub.counters, self._hub.now_ms()
        watching.frame_no, watching.sent = view.frame_no, view.seqs
        missing = view.missing(since) if since is not None else ""
        if since is not None and not missing:
            counters.resumes += 1
            self._reply(view.delta(tuple(each.seq for each in since), now_ms).body, request_id)
            return
        if missing:
            counters.gaps[missing] += 1
            self._reply(view.gap(missing).body, request_id)
        if view.is_large():
            self._hub.owe_snapshot(watching, request_id, board)
        else:
            self.reply_snapshot(view.snapshot(now_ms).body, request_id, board)

    def reply_snapshot(self, body: bytes, request_id: int | str | None, board: bytes | None) -> None:
        """Answer a watch with the view's snapshot, and with the board if it named one."""
        self._hub.counters.snapshots_sent += 1
        if board is not None:
            body = body[:-1] + b',"board":' + board + b"}"
        self._reply(body, request_id)

    def _refuse(self, error: Error, request_id: int | str | None) -> None:
        self._hub.counters.errors_sent[error.code] += 1
        self._reply(encode(error), request_id)

    def reply(self, body: bytes, request_id: int | str | None = None) -> None:
        """Answer a request; ``body`` is a JSON text without id."""
        self._reply(body, request_id)

    def say(self, message: Shared) -> None:
        """Send something that many get; a client that does not read is given up."""
        if self.closed:
            return
        if self.wire.buffered_bytes() > self._hub.limits.max_queue_bytes:
            self.give_up(CloseCode.SLOW, "messages are not read")
            return
        self.send(message)

    def _reply(self, body: bytes, request_id: int | str | None = None) -> None:
        if self.closed:
            return
        if self.wire.buffered_bytes() > self._hub.limits.max_queue_bytes:
            self.give_up(CloseCode.SLOW, "answers are not read")
            return
        self.send(Shared(with_id(body, request_id)))

    def send(self, message: Shared) -> None:
        """Send a message whatever is still buffered."""
        frame = message.deflated if self.wire.deflating else message.frame
        self._hub.counters.bytes_sent += len(frame)
        self.wire.send(frame)

    def give_up(self, code: CloseCode, reason: str) -> None:
        """Close from our side. A peer that does not read gets no close frame: it is dropped."""
        if self.closed:
            return
        self._hub.dropped(self, code)
        if self.wire.writing:
            self.wire.abort()
        else:
            self.wire.close(code, reason)
