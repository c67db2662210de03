"""Smashing's jobs and scripts: ``POST /widgets/ID`` and ``POST /dashboards/ID``, JSON with an ``auth_token``.

Source: Smashing's lib/dashing/app.rb.
"""

from __future__ import annotations

from typing import Any

from dashboard.boards.screen_orders import ScreenOrders
from dashboard.domain.errors import Invalid
from dashboard.domain.event import build_event
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.smashing import parse_dashboard_event, parse_widget
from dashboard.intake.accept_samples import Outcome
from dashboard.web.feed.feeding import ReadingHandler, first_reason


class SmashingHandler(ReadingHandler):
    """204; a wrong token gets Smashing's own line of text."""

    format_ = "smashing"

    def answer(self, parsed: Parsed, outcome: Outcome) -> None:
        if outcome.refused:
            raise Invalid(first_reason(outcome.refused))
        self.done()

    def say_fault(self, code: str, text: str, extra: dict[str, Any]) -> None:
        if self.get_status() == 401:
            self.write_text("Invalid API key\n", 401)
        else:
            super().say_fault(code, text, extra)


class WidgetHandler(SmashingHandler):
    """``POST /widgets/ID``: the fields of a widget."""

    async def read(self, *parts: str) -> Parsed:
        return await self.parse(lambda body: parse_widget(parts[0], body, self.latest_ms()))


class OrderHandler(SmashingHandler):
    """``POST /dashboards/ID``: an order to the screens of a board (``*``: of all), which is also kept as an event."""

    orders: ScreenOrders

    async def read(self, *parts: str) -> Parsed:
        dashboard = parts[0]
        self._order = parse_dashboard_event(self.body())
        if not self._order:
            raise Invalid("is missing", field="event")
        return Parsed(events=[build_event(None, f"{self._order} {dashboard}", tags=(f"dashboard:{dashboard}",))])

    async def accept(self, parsed: Parsed) -> Outcome:
        outcome = await super().accept(parsed)
        await self.orders.give(self.path_args[0], self._order)
        return outcome
