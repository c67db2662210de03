"""Subscription of a connection to a view."""

from __future__ import annotations

from typing import Protocol

from dashboard.hub.shared import Shared
from dashboard.hub.transport import Transport
from dashboard.hub.view import View


class Subscriber(Protocol):
    """Port of a subscription to its connection."""

    closed: bool
    transport: Transport
    subscriptions: dict[str, Subscription]

    def send(self, message: Shared) -> None:
        """Send a message even if the client has not read the earlier messages."""

    def reply(self, body: bytes, request_id: int | str | None = None) -> None:
        """Answer a request; close a client that does not read."""

    def reply_snapshot(self, body: bytes, request_id: int | str | None, board: bytes | None) -> None:
        """Answer a watch request with a snapshot, and with the board's JSON if there is one."""


class Subscription:
    """Progress of a connection in a view. ``frame_no``: the last frame sent; -1: the fan-out skips this subscription.

    ``sent``: the last entry sent, by partition; None if the client must get a ``gap`` notice first. ``awaits_snapshot``,
    ``awaits_reply``: True while a reply is in preparation, which will contain all entries up to the moment of sending.
    """

    __slots__ = ("awaits_reply", "awaits_snapshot", "connection", "frame_no", "sent", "transport", "view")

    def __init__(self, connection: Subscriber, view: View) -> None:
        self.connection = connection
        self.transport = connection.transport
        self.view = view
        self.frame_no = view.frame_no
        self.awaits_snapshot = self.awaits_reply = False
        self.sent: tuple[int, ...] | None = view.seqs

    def is_current(self) -> bool:
        """Return whether the connection is open and this object is still the connection's subscription to the view."""
        connection = self.connection
        return not connection.closed and connection.subscriptions.get(self.view.id) is self
