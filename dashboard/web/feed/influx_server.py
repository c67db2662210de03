"""What InfluxDB's clients ask before they write: ``/query``, ``/ping``, ``/health``, ``/ready``."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from dashboard.domain.errors import Invalid
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.feed.format import json_answer
from dashboard.web.feed.influx import VERSION
from dashboard.web.server.base import BaseHandler

#: Statements that make what is always there.
_MAKING = re.compile(r"\s*(create|alter|drop)\s+(database|retention\s+policy|user)\b|\s*grant\b", re.IGNORECASE)


class QueryHandler(FeederHandler[FeedServices]):
    """``/query``: clients make their database before they write; there is one and it is always there."""

    async def get(self) -> None:
        await self.authenticate()
        self._answer(self.get_query_argument("q", ""))

    async def post(self) -> None:
        await self.authenticate()
        body = self.body().decode("utf-8", "replace")
        self._answer(self.get_query_argument("q", "") or parse_qs(body).get("q", [""])[0])

    def _answer(self, query: str) -> None:
        if not query.strip():
            raise Invalid('missing required parameter "q"')
        error = {} if _MAKING.match(query) else {"error": "this server takes writes and answers no queries"}
        self.send(json_answer({"results": [{"statement_id": 0, **error}]}))


class _OpenHandler(BaseHandler[None]):
    """Answers everybody, whatever token they show: clients look with it whether there is a server."""

    def check_caller(self) -> None:
        """Ask for nothing."""


class PingHandler(_OpenHandler):
    """``GET|HEAD /ping``."""

    def get(self) -> None:
        self.set_header("X-Influxdb-Version", VERSION)
        self.set_header("X-Influxdb-Build", "OSS")
        self.set_status(204)
        self.clear_header("Content-Type")
        self.finish()


class InfluxHealthHandler(_OpenHandler):
    """``GET /health``."""

    def get(self) -> None:
        self.write_json(
            {
                "name": "influxdb",
                "message": "ready for queries and writes",
                "status": "pass",
                "checks": [],
                "version": VERSION,
                "commit": "",
            }
        )


class InfluxReadyHandler(_OpenHandler):
    """``GET /ready``."""

    def get(self) -> None:
        self.write_json({"status": "ready"})
