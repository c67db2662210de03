"""Session: the protocol state of one client, without I/O. The session turns texts into requests or refusals.

Owns: the form of messages, the deadline of the first message, the message rate. Does not own: the effects of a request
(``hub/connection.py``).
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import Invalid
from dashboard.domain.rate import TokenBucket
from dashboard.domain.strict_json import check_json
from dashboard.messages.auth import Auth
from dashboard.messages.fields import RequestId
from dashboard.messages.people import REQUESTS
from dashboard.messages.views import Error, Head, Ping, Request, Unwatch, Watch
from dashboard.rfc6455.close_codes import CloseCode


class SessionLimits(Struct, frozen=True):
    """Limits of a session, see the settings of the same names."""

    hello_s: float = 5
    messages_per_s: float = 20
    message_burst: float = 60
    controls_per_s: float = 50
    control_burst: float = 200


class RequestRefusal(Struct, frozen=True):
    """Message to answer with ``error``; the connection stays open."""

    error: Error
    id: RequestId | None = None


class Disconnect(Struct, frozen=True):
    """Reason to close the connection."""

    code: CloseCode
    reason: str


_head = msgspec.json.Decoder(Head)
_kinds: dict[str, type[Request]] = {"watch": Watch, "unwatch": Unwatch, "ping": Ping, **REQUESTS}
_requests: dict[str, msgspec.json.Decoder[Request]] = {
    name: msgspec.json.Decoder(kind) for name, kind in _kinds.items()
}
_names = {kind: name for name, kind in _kinds.items()}

#: The types of messages that clients may send.
MESSAGE_TYPES = tuple(_kinds)


def type_of(request: Request) -> str:
    """Return the ``type`` of a request."""
    return _names[type(request)]


def proves(request: Request) -> bool:
    """Return whether a request authenticates by token, so that later requests must wait for it."""
    return isinstance(request, Auth) and bool(request.token)


class Session:
    """Protocol state of one client. ``now_s`` is monotonic seconds, of the same clock in every call."""

    __slots__ = ("_controls", "_limits", "_messages", "_opened_s", "greeted")

    def __init__(self, limits: SessionLimits, now_s: float) -> None:
        self._limits = limits
        self._opened_s = now_s
        self._messages = TokenBucket(limits.messages_per_s, limits.message_burst, now_s)
        self._controls = TokenBucket(limits.controls_per_s, limits.control_burst, now_s)
        self.greeted = False

    def overdue(self, now_s: float) -> bool:
        """Return whether the client has sent no valid message within ``hello_s`` seconds."""
        return not self.greeted and now_s - self._opened_s > self._limits.hello_s

    def control(self, now_s: float) -> Disconnect | None:
        """Count a ping or pong frame; return a Disconnect if there were too many such frames, else None."""
        if self._controls.take(now_s):
            return None
        return Disconnect(CloseCode.RATE_LIMIT, f"more than {self._limits.controls_per_s:g} pings and pongs a second")

    def count(self, now_s: float) -> Disconnect | None:
        """Count a message; return a Disconnect when there were too many, else None."""
        if self._messages.take(now_s):
            return None
        return Disconnect(CloseCode.RATE_LIMIT, f"more than {self._limits.messages_per_s:g} messages a second")

    def receive(self, text: str, now_s: float) -> Request | RequestRefusal | Disconnect:
        """Parse one text message: return its request, a RequestRefusal, or a Disconnect if there were too many messages."""
        if (flood := self.count(now_s)) is not None:
            return flood
        try:
            head = _head.decode(text)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            return RequestRefusal(Error("invalid_message", _explain(error)))
        decoder = _requests.get(head.type)
        if decoder is None:
            known = ", ".join(_requests)
            return RequestRefusal(Error("unknown_type", f"unknown type {head.type[:40]!a}; known: {known}"), head.id)
        try:
            request = decoder.decode(text)
            check_json(text)
        except (msgspec.MsgspecError, RecursionError, Invalid) as error:
            return RequestRefusal(Error("invalid_message", f"{head.type}: {_explain(error)}"), head.id)
        self.greeted = True
        return request


def _explain(error: Exception) -> str:
    return str(error) if isinstance(error, Invalid) else fault_of(error).said("the message")
