"""What all handlers of one process share, and the count of requests that are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jinja2 import Environment

from dashboard.domain.counters import Counters
from dashboard.web.server.identity import WebIdentity


class WebContext:
    """Shared by all handlers of a process. ``draining``: every answer asks its client to reconnect elsewhere."""

    def __init__(
        self, *, templates: Environment, build: str, counters: Counters, max_body_bytes: int, identity: WebIdentity
    ) -> None:
        self.identity = identity
        self.templates = templates
        self.build = build
        self.counters = counters
        self.max_body_bytes = max_body_bytes
        #: Told of requests that were turned away before they came to a handler: the sender's address, the reason, the path.
        self.tell_refused: Callable[[str, str, str], None] = lambda *_: None
        self.draining = False  # answers say that the connection ends with them
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self) -> None:
        """A request has come."""
        self._under_way += 1
        self._idle.clear()

    def end(self) -> None:
        """It has been answered, or its client is gone."""
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    async def idle(self) -> None:
        """Return when no request is under way."""
        await self._idle.wait()
