"""A connection's place in a view."""

from __future__ import annotations

from typing import Protocol

from dashboard.hub.shared import Shared
from dashboard.hub.transport import Transport
from dashboard.hub.view import View


class Subscriber(Protocol):
    """What a subscription needs of its connection."""

    closed: bool
    transport: Transport
    subscriptions: dict[str, Subscription]

    def send(self, message: Shared) -> None:
        """Send a message, whatever is still buffered."""

    def reply(self, body: bytes, request_id: int | str | None = None) -> None:
        """Answer a request; a client that does not read is closed."""

    def reply_snapshot(self, body: bytes, request_id: int | str | None, board: bytes | None) -> None:
        """Answer a watch with a snapshot, and with the board if there is one."""


class Subscription:
    """``frame_no`` is the last frame that the connection got; -1: the fan-out passes it over.

    ``sent``: the entry that it has, of each partition; None: it must be told of a gap.
    ``awaits_snapshot``, ``awaits_reply``: what it is sent next is being prepared, and holds everything until then.
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
        """Whether the connection still watches the view by this subscription."""
        connection = self.connection
        return not connection.closed and connection.subscriptions.get(self.view.id) is self
