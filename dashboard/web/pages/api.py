"""Reading by HTTP: the series there are, with last value, age and freshness; the boards."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dashboard.boards.visible import seen_board
from dashboard.domain.board import to_json
from dashboard.domain.selector import parse_selector
from dashboard.query.listing import list_series
from dashboard.replication.replicas import Replicas
from dashboard.web.pages.pages import PageServices
from dashboard.web.server.base import BaseHandler


class SeriesServices(NamedTuple):
    """Services of the route below. ``now_ms`` is the journal's time."""

    replicas: Replicas
    now_ms: Callable[[], int]


class SeriesHandler(BaseHandler[SeriesServices]):
    """``GET /api/v1/series?match=SELECTOR``: the series that match (all without ``match``), sorted by name."""

    async def get(self) -> None:
        selectors = [parse_selector(text) for text in self.get_query_arguments("match")]
        async with self.services.replicas.wanted(selectors) as replicas:
            now_ms = self.services.now_ms()
            self.write_json({"now": now_ms, "series": list_series(replicas, selectors, now_ms)})


class BoardHandler(BaseHandler[PageServices]):
    """``GET /api/v1/boards/ID``: a board as JSON."""

    def get(self, board_id: str) -> None:
        board = seen_board(self.services.boards, self.services.access, self.caller, board_id)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(to_json(board))
