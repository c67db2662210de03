"""State that all handlers of a process share, and the count of running requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jinja2 import Environment

from dashboard.domain.counters import Counters
from dashboard.web.server.identity import WebIdentity
from dashboard.web.server.prepared_heads import PreparedHeads
from dashboard.web.server.request_body import BodyBudget


class WebContext:
    """Shared state of all handlers. ``draining``: True if every response closes its connection, so that clients reconnect elsewhere."""

    def __init__(
        self,
        *,
        templates: Environment,
        build: str,
        counters: Counters,
        max_body_bytes: int,
        identity: WebIdentity,
        tell_refused: Callable[[str, str, str], None],
        bodies: BodyBudget,
    ) -> None:
        self.identity = identity
        self.templates = templates
        self.build = build
        self.counters = counters
        self.max_body_bytes = max_body_bytes
        #: Called for requests that the guard refuses, with the client's IP address, the reason and the path.
        self.tell_refused = tell_refused
        self.bodies = bodies
        self.heads = PreparedHeads()
        self.draining = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def drain(self) -> None:
        """Let every response close its connection from now on."""
        self.draining = True

    def begin(self) -> None:
        """Count a new request as running."""
        self._under_way += 1
        self._idle.clear()

    def end(self) -> None:
        """Count a request as ended, by its response or by a closed connection."""
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    async def idle(self) -> None:
        """Wait until no request is running."""
        await self._idle.wait()
