"""Influx line protocol, as InfluxDB 1 (``/write``), InfluxDB 2 (``/api/v2/write``) and Grafana Live take it.

Source: docs.influxdata.com, the HTTP APIs of 1.8 and 2; Grafana's "Live push".  A wrong status loses data: Telegraf's output for
InfluxDB 1 drops what is answered 4xx, 429 too, and repeats for ever what is answered an error that is not JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from dashboard.domain.errors import Invalid
from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.ingest.parsed import Parsed
from dashboard.intake.accept_samples import Outcome
from dashboard.web.feed.format import TEXT, Answer, Fault, FeedRequest, Format, json_answer

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


class Lines(Format):
    """Base of the formats of lines. ``words``: texts of errors by status, where the original has its own."""

    name = "influx"
    words: ClassVar[dict[int, str]] = {}

    def __init__(self, lines: LineCache) -> None:
        self._lines = lines

    def precision(self, request: FeedRequest) -> str:
        """Return the unit of the times; raises Invalid."""
        return request.query.get("precision", "")

    def parse(self, request: FeedRequest) -> Parsed:
        precision = self.precision(request)
        return parse_line_protocol(request.body, self._lines, request.latest_ms, precision=precision)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        """Done, or 400 when lines were refused; the good ones are kept."""
        if not outcome.refused:
            return self.done()
        first = outcome.refused[0]
        place = f"line {first.index + 1}: "
        reason = first.reason.removeprefix(place)
        dropped = len({refusal.index for refusal in outcome.refused})
        field = f"{first.field}: " if first.field else ""
        return self.error(400, f"partial write: {place}{field}{reason} dropped={dropped}")

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        return self.error(fault.status, self.words.get(fault.status) or fault.text)

    def done(self) -> Answer:
        """Return the answer to lines that were all taken."""
        return Answer(204)

    def error(self, status: int, text: str) -> Answer:
        """Return an error in the original's form."""
        raise NotImplementedError


class Influx1(Lines):
    """Lines as InfluxDB 1 takes them."""

    later_status = 503
    challenge = 'Basic realm="InfluxDB"'
    headers: ClassVar[Mapping[str, str]] = {"X-Influxdb-Version": VERSION}
    words: ClassVar[dict[int, str]] = {401: "authorization failed", 413: "http: request body too large"}

    def error(self, status: int, text: str) -> Answer:
        return json_answer({"error": text}, status)


class Influx2(Lines):
    """Lines as InfluxDB 2 takes them."""

    words: ClassVar[dict[int, str]] = {401: "unauthorized access", 413: "the body is too large"}

    def precision(self, request: FeedRequest) -> str:
        precision = super().precision(request)
        if precision not in _V2_PRECISIONS:
            raise Invalid(f"{precision[:20]!a} is none of ns, us, ms, s", field="precision")
        return precision

    def error(self, status: int, text: str) -> Answer:
        code = _V2_CODES.get(status, "unavailable" if status == 503 else "internal error")
        return json_answer({"code": code, "message": text}, status)


class GrafanaLive(Lines):
    """Lines in nanoseconds, as Grafana Live takes them."""

    name = "grafana_live"
    words: ClassVar[dict[int, str]] = {401: "Unauthorized"}

    def precision(self, request: FeedRequest) -> str:
        return "ns"

    def done(self) -> Answer:
        return Answer(200, content_type=TEXT)

    def error(self, status: int, text: str) -> Answer:
        return json_answer({"message": text}, status)
