"""Influx line protocol: InfluxDB 1 (``/write``, ``/query``, ``/ping``), 2 (``/api/v2/write``, ``/health``, ``/ready``), Grafana Live.

Source: docs.influxdata.com, the HTTP APIs of 1.8 and 2; Grafana's "Live push".  A wrong status loses data: Telegraf's output for
InfluxDB 1 throws away what gets a 4xx, 429 too, and tries again for ever what gets an error that is not JSON.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

from dashboard.domain.errors import Invalid
from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.intake.accept_samples import Outcome
from dashboard.web.feed.feeding import FeederHandler
from dashboard.web.server.base import BaseHandler

#: What clients take us for, so that they write as to an InfluxDB 1.
VERSION = "1.8.10"
_V2_PRECISIONS = ("", "ns", "us", "ms", "s")
_V2_CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not found",
    405: "method not allowed",
    413: "request too large",
    415: "unsupported media type",
    429: "too many requests",
}
#: Statements that make what is always there.
_MAKING = re.compile(r"\s*(create|alter|drop)\s+(database|retention\s+policy|user)\b|\s*grant\b", re.IGNORECASE)


class LineHandler(FeederHandler):
    """Takes lines; ``too_large`` and ``unauthorized`` are said in the format's words."""

    format_ = "influx"
    lines: LineCache
    too_large = ""
    unauthorized = ""

    async def take(self, precision: str) -> Outcome:
        """Parse and keep the lines; raises Invalid and what ``accept`` does."""
        cache, latest_ms = self.lines, self.latest_ms()
        return await self.accept(await self.parse(parse_line_protocol, cache, latest_ms, precision=precision))

    def say_fault(self, code: str, text: str, extra: dict[str, Any]) -> None:
        words = {401: self.unauthorized, 413: self.too_large}
        self.say(words.get(self.get_status()) or text)

    def say(self, text: str) -> None:
        """An error in the format's own form; its status is set."""
        raise NotImplementedError

    def answer(self, outcome: Outcome, status: int = 204) -> None:
        """Done, or 400 when lines were refused."""
        if not outcome.refused:
            self.done(status)
            return
        self.set_status(400)
        first = outcome.refused[0]
        place = f"line {first.index + 1}: "
        reason = first.reason.removeprefix(place)
        dropped = len({refusal.index for refusal in outcome.refused})
        self.say(f"partial write: {place}{f'{first.field}: ' if first.field else ''}{reason} dropped={dropped}")


class InfluxHandler(LineHandler):
    """What answers of an InfluxDB 1 have in common."""

    too_often_status = 503
    too_large = "http: request body too large"
    unauthorized = "authorization failed"
    challenge = 'Basic realm="InfluxDB"'

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("X-Influxdb-Version", VERSION)

    def say(self, text: str) -> None:
        self.write_json({"error": text}, self.get_status())


class WriteHandler(InfluxHandler):
    """``POST /write?db=&precision=``."""

    async def post(self) -> None:
        self.answer(await self.take(self.get_query_argument("precision", "")))


class QueryHandler(InfluxHandler):
    """``/query``: clients make their database before they write; there is one and it is always there."""

    def get(self) -> None:
        self.authorise_feeder()
        self._answer(self.get_query_argument("q", ""))

    def post(self) -> None:
        body = self.body().decode("utf-8", "replace")
        self._answer(self.get_query_argument("q", "") or parse_qs(body).get("q", [""])[0])

    def _answer(self, query: str) -> None:
        if not query.strip():
            raise Invalid('missing required parameter "q"')
        if _MAKING.match(query):
            self.write_json({"results": [{"statement_id": 0}]})
        else:
            self.write_json(
                {"results": [{"statement_id": 0, "error": "this server takes writes and answers no queries"}]}
            )


class _OpenHandler(BaseHandler):
    """Answers whoever asks, whatever they show: clients look with it whether there is a server."""

    def check_caller(self) -> None:
        """Nobody is asked."""


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


class WriteV2Handler(LineHandler):
    """``POST /api/v2/write?org=&bucket=&precision=``."""

    too_large = "the body is too large"
    unauthorized = "unauthorized access"

    async def post(self) -> None:
        precision = self.get_query_argument("precision", "")
        if precision not in _V2_PRECISIONS:
            raise Invalid(f"{precision[:20]!a} is none of ns, us, ms, s", field="precision")
        self.answer(await self.take(precision))

    def say(self, text: str) -> None:
        status = self.get_status()
        code = _V2_CODES.get(status, "unavailable" if status == 503 else "internal error")
        self.write_json({"code": code, "message": text}, status)


class LivePushHandler(LineHandler):
    """``POST /api/live/push/STREAM``: lines in nanoseconds, as to Grafana Live."""

    format_ = "grafana_live"
    unauthorized = "Unauthorized"

    async def post(self, _: str) -> None:
        self.answer(await self.take("ns"), 200)

    def say(self, text: str) -> None:
        self.write_json({"message": text}, self.get_status())
