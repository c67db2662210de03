"""Reading by HTTP: what series and documents there are, with last value, age and freshness; the boards."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.domain.board import to_json
from dashboard.domain.errors import NotAuthenticated
from dashboard.domain.freshness import freshness
from dashboard.domain.selector import Selector, parse_selector
from dashboard.query.reading import newest
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series
from dashboard.replication.replicas import Replicas
from dashboard.web.server.base import BaseHandler


class SeriesHandler(BaseHandler):
    """``GET /api/v1/series?match=SELECTOR``: the series that match (all without ``match``), sorted by name."""

    replicas: Replicas
    now_ms: Callable[[], int]

    async def get(self) -> None:
        selectors = [parse_selector(text) for text in self.get_query_arguments("match")]
        async with self.replicas.wanted(selectors) as replicas:
            self.write_json(self._rows(replicas, selectors))

    def _rows(self, replicas: list[Replica], selectors: list[Selector]) -> dict[str, object]:
        now = self.now_ms()
        rows = [
            {
                "series": s.text,
                "name": s.key.name,
                "labels": dict(s.key.labels),
                "unit": s.unit,
                "kind": s.kind,
                "every_s": s.every_s,
                "last": _last(s),
                "age_ms": now - s.last_ms,
                "freshness": freshness(now - s.last_ms, s.every_s, ended=s.is_ended),
                "ended": s.ended_ms if s.is_ended else None,
            }
            for s in sorted((s for replica in replicas for s in replica.table), key=lambda s: s.text)
            if not selectors or any(w.matches(s.key) for w in selectors)
        ]
        return {"now": now, "series": rows}


def _last(series: Series) -> dict[str, object] | None:
    sample = newest(series)
    return {"t": sample[0], "value": sample[1]} if sample else None


class BoardHandler(BaseHandler):
    """``GET /api/v1/boards/ID``: a board as JSON."""

    boards: Boards
    access: Access

    def get(self, board_id: str) -> None:
        if not self.access.sees(self.caller, board_id):
            if self.caller.kind in ("anonymous", "share"):
                raise NotAuthenticated("log in to see this board")
            raise self.boards.missing(board_id)
        board = self.boards.get(board_id)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(to_json(board))
