"""Handlers for the requests of InfluxDB's and Grafana's clients before they write.

``/query``, ``/ping``, ``/health``, ``/ready``, ``/api/health``.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.ingest.influx_query import Databases
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.feed.format import Answer
from dashboard.web.feed.influx import VERSION
from dashboard.web.feed.open_handler import OpenHandler


@dataclass(frozen=True, slots=True)
class QueryServices(FeedServices):
    """Services of ``/query``: the services of feeders' routes, and the names of the databases."""

    databases: Databases


class QueryHandler(FeederHandler[QueryServices]):
    """``/query``: clients look up or create their database before they write. Every database counts as existing."""

    async def get(self) -> None:
        await self.authenticate()
        self._answer({})

    async def post(self) -> None:
        await self.authenticate()
        self._answer(parse_qs(self.body().decode("utf-8", "replace")))

    def _answer(self, form: dict[str, list[str]]) -> None:
        query, database = (self.get_query_argument(name, "") or form.get(name, [""])[0] for name in ("q", "db"))
        if not query.strip():
            raise Invalid('missing required parameter "q"')
        answer = self.services.databases.answer(query, database)
        self.send(Answer(200, msgspec.json.encode(answer), "application/json"))


class InfluxPingHandler(OpenHandler):
    """``GET|HEAD /ping``; with ``?verbose`` the version is in the body, too."""

    def get(self) -> None:
        self.set_header("X-Influxdb-Version", VERSION)
        self.set_header("X-Influxdb-Build", "OSS")
        if self.get_query_argument("verbose", "false") not in ("", "0", "false"):
            self.write_json({"version": VERSION})
            return
        self.set_status(204)
        self.clear_header("Content-Type")
        self.finish()


class InfluxHealthHandler(OpenHandler):
    """``GET /health``, answered like InfluxDB 2."""

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


class InfluxReadyHandler(OpenHandler):
    """``GET /ready``, answered like InfluxDB 2."""

    def get(self) -> None:
        self.write_json({"status": "ready"})


class GrafanaHealthHandler(OpenHandler):
    """``GET /api/health``, answered like Grafana."""

    def get(self) -> None:
        self.write_json({"database": "ok", "version": "12.0.0", "commit": ""})
