"""The intake of a process with all routes for feeders, asked in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from dashboard.boards.screen_orders import ScreenOrders
from dashboard.domain.identity import Token
from dashboard.intake.annotations import Annotations
from dashboard.settings import Settings
from dashboard.web.feed.routes import feed_routes
from tests.support.intakes import IntakeStand
from tests.unit.web.asking import Asking

WRITER = Token("t1", "ci", ("write",), created_ms=0)
READER = Token("t2", "wall", ("read",), created_ms=0)


class Fed(IntakeStand):
    """Intake behind its routes. ``site``: the routes; the tokens ``dsh_writer`` and ``dsh_reader`` are known."""

    def __init__(self, *, open_: bool = True) -> None:
        super().__init__(max_documents=5, max_bytes=10_000)
        annotations = Annotations(journal=self.journal, replicas=self.replicas)
        orders = cast("ScreenOrders", None)  # no test here gives an order to a screen
        self.settings = Settings(journal="memory")
        self.routes = feed_routes(self.intake, self.replicas, self.settings, orders, annotations)
        self.site = Asking(*self.routes, open_=open_, max_body_bytes=1 << 20)
        self.site.know("dsh_writer", WRITER)
        self.site.know("dsh_reader", READER)

    async def values(self) -> dict[str, float]:
        """Return the newest value of each series."""
        return {series.text: series.values[-1] for series in (await self.applied()).table}

    def refused(self) -> int:
        """Return the number of refusals that were counted, of all senders and formats."""
        return sum(count for (_, _, outcome), count in self.counters.feeder_samples.items() if outcome == "refused")


@asynccontextmanager
async def fed(*, open_: bool = True) -> AsyncIterator[Fed]:
    """Serve the routes while the intake runs. ``open_``: False if a token is needed."""
    stand = Fed(open_=open_)
    async with stand.running():
        yield stand
