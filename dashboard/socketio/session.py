"""Session: the protocol state of one Socket.IO client, without I/O. Packets go in; connections, requests or refusals come out.

Owns: the client's namespaces, the order of packets, the number of attachments to skip.  The limits are the same as for ``/ws``.
"""

from __future__ import annotations

from msgspec import Struct

from dashboard.domain.errors import Invalid
from dashboard.messages.session import Disconnect, RequestRefusal, Session, SessionLimits
from dashboard.messages.views import Error, Request
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.socketio.events import LIVE, RequestOrigin
from dashboard.socketio.packets import MAIN, Packet, PacketType, parse
from dashboard.socketio.requests import PASSED_OVER, Handshake, handshake_of, is_known, known_events, request_of

NAMESPACES = frozenset({MAIN, LIVE})


class Connect(Struct, frozen=True):
    """Request to connect to a namespace of the server."""

    namespace: str
    handshake: Handshake


class NamespaceRefusal(Struct, frozen=True):
    """Refusal of a request to connect to a namespace; the session continues."""

    namespace: str
    message: str


class Leave(Struct, frozen=True):
    """Request of the client to leave a namespace."""

    namespace: str


Outcome = Connect | NamespaceRefusal | Leave | Request | RequestRefusal | Disconnect | None


class SocketIoSession(Session):
    """Protocol state of one client. ``namespaces``: the namespaces that the client has connected to."""

    __slots__ = ("_attachments", "namespaces")

    def __init__(self, limits: SessionLimits, now_s: float) -> None:
        super().__init__(limits, now_s)
        self.namespaces: frozenset[str] = frozenset()
        self._attachments = 0

    def take(self, text: str, now_s: float) -> Outcome:
        """Parse the data of a message and return the request in it, None if it requests nothing."""
        if (flood := self.count(now_s)) is not None:
            return flood
        try:
            if self._attachments:
                raise Invalid("a packet came before the attachments of the previous packet")
            packet = parse(text)
        except Invalid as error:
            return Disconnect(CloseCode.PROTOCOL_ERROR, str(error))
        if packet.type is PacketType.CONNECT:
            return self._connect(packet)
        if packet.namespace not in self.namespaces:
            return Disconnect(CloseCode.PROTOCOL_ERROR, f"connect to {packet.namespace[:40]!a} first")
        self._attachments = packet.attachments
        if packet.type is PacketType.DISCONNECT:
            self.namespaces -= {packet.namespace}
            return Leave(packet.namespace)
        if packet.type in (PacketType.EVENT, PacketType.BINARY_EVENT):
            return self._event(packet)
        return None  # this server asks for no acknowledgements

    def skip_attachment(self, now_s: float) -> Disconnect | None:
        """Skip a binary message; return a Disconnect if no packet announced it, or there were too many messages."""
        if not self._attachments:
            return Disconnect(CloseCode.UNSUPPORTED_DATA, "messages are text")
        self._attachments -= 1
        return self.count(now_s)

    def _connect(self, packet: Packet) -> Outcome:
        if packet.namespace in self.namespaces:
            return Disconnect(CloseCode.PROTOCOL_ERROR, f"{packet.namespace} is connected already")
        if packet.namespace not in NAMESPACES:
            return NamespaceRefusal(packet.namespace, "Invalid namespace")
        try:
            handshake = handshake_of(packet.payload)
        except Invalid as error:
            return NamespaceRefusal(packet.namespace, str(error))
        self.greeted = True
        self.namespaces |= {packet.namespace}
        return Connect(packet.namespace, handshake)

    def _event(self, packet: Packet) -> Outcome:
        origin = RequestOrigin(packet.ack, packet.namespace, packet.event if is_known(packet) else "unknown")
        if packet.type is PacketType.BINARY_EVENT:
            return RequestRefusal(
                Error("invalid_message", f"{origin.event}: binary data is not accepted; send JSON"), origin.id
            )
        if packet.event in PASSED_OVER:
            return None
        if not is_known(packet):
            known = known_events(packet.namespace)
            return RequestRefusal(
                Error("unknown_type", f"unknown event {packet.event[:40]!a}; known: {known}"), origin.id
            )
        try:
            return request_of(packet, origin.id)
        except Invalid as error:
            return RequestRefusal(Error("invalid_message", str(error)), origin.id)
