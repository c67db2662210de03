"""What the hub is bound to, and what it owes: answers that have to wait a little."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from dashboard.domain.position import Seen
from dashboard.hub.connection import Subscription


class HubLimits(Struct, frozen=True):
    """See settings of the same names."""

    max_connections: int = 20_000
    max_subscriptions: int = 128
    heartbeat_s: float = 10
    dead_s: float = 20
    stalled_s: float = 9
    max_queue_bytes: int = 1 << 20


class DeferredReply(NamedTuple):
    """A watch whose answer needs a replica to get further first; until ``deadline_s`` when it is only a little behind."""

    watching: Subscription
    request_id: int | str | None
    board: bytes | None
    since: list[Seen] | None
    deadline_s: float


class PendingSnapshot(NamedTuple):
    """A snapshot that is too large to be built in one go, and whom it answers."""

    watching: Subscription
    request_id: int | str | None
    board: bytes | None
