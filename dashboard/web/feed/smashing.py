"""Smashing's jobs and scripts: ``POST /widgets/ID`` and ``POST /dashboards/ID``, JSON with an ``auth_token``.

Source: Smashing's lib/dashing/app.rb.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.boards.screen_orders import ScreenOrders
from dashboard.domain.errors import Invalid
from dashboard.domain.event import build_event
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.smashing import parse_dashboard_event, parse_widget
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.feed.format import Answer, Fault, FeedRequest, Format, first_reason, text_answer


class SmashingWidget(Format):
    """Fields of a widget, answered with 204. The answer to a wrong token is the same text as Smashing's."""

    name = "smashing"

    def __init__(self, origins: Origins | None = None) -> None:
        self._origins = origins

    def parse(self, request: FeedRequest) -> Parsed:
        return parse_widget(request.path[0], request.body, request.latest_ms, origins=self._origins)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        if outcome.refused:
            raise Invalid(first_reason(outcome.refused))
        return Answer(204)

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        if fault.status == 401:
            return text_answer("Invalid API key\n", 401)
        return super().refuse(request, fault)


class SmashingOrder(SmashingWidget):
    """Command to the screens of a board (``*``: of all boards). The command is also stored as an event."""

    def parse(self, request: FeedRequest) -> Parsed:
        order, board = order_in(request), request.path[0]
        return Parsed(events=[build_event(None, f"{order} {board}", tags=(f"dashboard:{board}",))])


def order_in(request: FeedRequest) -> str:
    """Return the command in a body; raises Invalid."""
    order = parse_dashboard_event(request.body)
    if not order:
        raise Invalid("is missing", field="event")
    return order


@dataclass(frozen=True, slots=True)
class OrderServices(FeedServices):
    """Services of Smashing's routes: the services of feeders' routes, and the sender of commands to screens."""

    orders: ScreenOrders


class OrderHandler(FeederHandler[OrderServices]):
    """``POST /dashboards/ID``: a command to the screens of a board."""

    def get(self, _: str) -> None:
        self.send(self.format.greet(self.feed_request(b"")))

    async def post(self, board: str) -> None:
        await self.feed()

    async def answered(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        """Give the command to the board's screens and return the answer. Raises NotFound, Unavailable."""
        await self.services.orders.give(request.path[0], order_in(request))
        return await super().answered(request, parsed, outcome)
