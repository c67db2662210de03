"""HTTP handlers for reading: the series with last value, age and freshness."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dashboard.domain.errors import Invalid
from dashboard.domain.selector import parse_selectors
from dashboard.query.listing import SeriesList
from dashboard.replication.replicas import Replicas
from dashboard.web.server.base import BaseHandler
from dashboard.web.server.parts import write_parts

#: Estimated microseconds of matching, beyond which a request is refused.
_MAX_COST_US = 2_000_000


class SeriesServices(NamedTuple):
    """Services of the route of series. ``now_ms`` is the journal's time."""

    replicas: Replicas
    now_ms: Callable[[], int]


class SeriesHandler(BaseHandler[SeriesServices]):
    """``GET /api/v1/series?match=SELECTOR``: the series that match (all without ``match``), sorted by name."""

    async def get(self) -> None:
        selectors = parse_selectors(self.get_query_arguments("match"))
        async with self.services.replicas.wanted(selectors) as replicas:
            found = SeriesList(replicas, selectors)
            if found.cost_us() > _MAX_COST_US:
                raise Invalid("matching the selectors takes too long; name the metrics", field="match")
            now_ms = self.services.now_ms()
            self.set_header("Content-Type", "application/json; charset=utf-8")
            self.write(b'{"now":%d,"series":[' % now_ms)
            await write_parts(self, found.steps(now_ms))
        self.finish(b"]}")
