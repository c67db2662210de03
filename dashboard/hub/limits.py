"""Limits of the hub."""

from __future__ import annotations

from msgspec import Struct


class HubLimits(Struct, frozen=True):
    """Limits of the connections of one process; docs/operations.md explains them as settings of the same names."""

    max_connections: int = 20_000
    max_anonymous_per_address: int = 1_000
    max_subscriptions: int = 128
    heartbeat_s: float = 10
    dead_s: float = 20
    stalled_s: float = 9
    max_queue_bytes: int = 1 << 20
