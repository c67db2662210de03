"""Heartbeat of connections: ping quiet clients; close dead, stalled and unused connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.hub.connection import PING_FRAME, Connection
from dashboard.hub.limits import HubLimits
from dashboard.hub.registry import ConnectionRegistry
from dashboard.rfc6455.close_codes import CloseCode

_SWEEP_S = 1.0
#: The event loop gets a turn after this many checks.
_CHECKS_PER_TURN = 200


class Heartbeat:
    """Check of every connection, once a second. ``monotonic`` gives seconds; ``hello_s``: time limit of the first request.

    An anonymous client without a view is closed after the same time; pings and refused requests do not extend it.
    """

    def __init__(
        self, *, registry: ConnectionRegistry, limits: HubLimits, hello_s: float, monotonic: Callable[[], float]
    ) -> None:
        self._registry = registry
        self._limits = limits
        self._hello_s = hello_s
        self._monotonic = monotonic

    async def run(self) -> None:
        """Check all connections every second until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            for number, connection in enumerate(list(self._registry.connections), 1):
                if not connection.closed:
                    self.check(connection, self._monotonic())
                if not number % _CHECKS_PER_TURN:
                    await asyncio.sleep(0)

    def check(self, connection: Connection, now_s: float) -> None:
        """Ping or close one connection if a time limit has passed."""
        limits = self._limits
        quiet_s = now_s - connection.heard_s
        if connection.transport.writing:
            connection.stalled_s = connection.stalled_s or now_s
        else:
            connection.stalled_s = 0.0
        stalled = connection.stalled_s and now_s - connection.stalled_s >= limits.stalled_s
        if connection.is_used:
            connection.used_s = now_s
        if connection.session.overdue(now_s):
            connection.give_up(CloseCode.NO_HELLO, f"no request within {self._hello_s:g} s")
        elif now_s - connection.used_s > self._hello_s:
            connection.give_up(CloseCode.NO_HELLO, f"no view and no login within {self._hello_s:g} s")
        elif stalled and quiet_s >= limits.stalled_s / 2:
            connection.give_up(CloseCode.SLOW, "the connection does not drain")
        elif quiet_s >= limits.dead_s:
            connection.give_up(CloseCode.NO_PONG, f"nothing heard for {limits.dead_s:g} s")
        elif quiet_s >= limits.heartbeat_s and now_s - connection.pinged_s >= limits.heartbeat_s:
            connection.pinged_s = now_s
            if connection.transport.dialect is None and not connection.transport.writing:
                connection.transport.send(PING_FRAME)
