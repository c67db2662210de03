"""Influx line protocol at the addresses of InfluxDB 1 (``/write``), 2 (``/api/v2/write``), 3 (``/api/v3/write_lp``) and Grafana Live.

Source: docs.influxdata.com, the HTTP APIs of 1.8, 2 and 3; Grafana's "Live push".  A wrong status loses data: Telegraf's output for
InfluxDB 1 drops a request after a 4xx response, even 429, and repeats a request for ever if the error is not JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import msgspec
from msgspec import structs

from dashboard.domain.errors import Invalid, TooLarge
from dashboard.ingest.batch import Refusal
from dashboard.ingest.influx_query import Databases
from dashboard.ingest.line_protocol import parse_line_protocol
from dashboard.ingest.line_sources import LineSources
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.slices import Slice, line_slices
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import TEXT, Answer, Fault, FeedRequest, Format, json_answer

#: The version reported to clients, so that they write as to InfluxDB 1.
VERSION = "1.8.10"
_V2_PRECISIONS = ("", "ns", "us", "ms", "s")
_V3_PRECISIONS = ("auto", "nanosecond", "microsecond", "millisecond", "second", "ns", "us", "ms", "s", "n", "u")
#: Texts that clients compare literally.
_PLAIN_JSON = "application/json"
_MAX_TOLD = 1_000
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
    """Base of the formats with lines. ``words``: the original server's error texts, by status."""

    name = "influx"
    parsed_at_once_bytes = 32_768  # new series with several fields take a millisecond for each kilobyte
    words: ClassVar[dict[int, str]] = {}

    def __init__(self, sources: LineSources) -> None:
        self._sources = sources

    def source(self, request: FeedRequest) -> str:
        """Return the database, bucket or stream that the sender writes to.

        A sender may use the same series name in two databases for two different series.
        """
        raise NotImplementedError

    def precision(self, request: FeedRequest) -> str:
        """Return the unit of the timestamps; raises Invalid."""
        return request.query.get("precision", "")

    def slices(self, body: bytes) -> Iterator[Slice]:
        return line_slices(body)

    def moved(self, refusal: Refusal, first: int) -> Refusal:
        return moved_line(refusal, first)

    def parse(self, request: FeedRequest) -> Parsed:
        precision = self.precision(request)
        lines = self._sources.of(self.source(request), request.latest_ms)
        return parse_line_protocol(request.body, lines, request.latest_ms, precision=precision)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        """Return 204, or 400 if lines were refused; the good lines are stored."""
        if not outcome.refused:
            return self.done()
        first = outcome.refused[0]
        place = f"line {first.index + 1}: "
        reason = first.reason.removeprefix(place)
        dropped = len({refusal.index for refusal in outcome.refused}) + outcome.unlisted
        field = f"{first.field}: " if first.field else ""
        return self.error(400, f"partial write: {place}{field}{reason} dropped={dropped}")

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        return self.error(fault.status, self.words.get(fault.status) or fault.text)

    def done(self) -> Answer:
        """Return the answer to a body whose lines were all accepted."""
        return Answer(204)

    def error(self, status: int, text: str) -> Answer:
        """Return an error in the form of the original server."""
        raise NotImplementedError


class Influx1(Lines):
    """Lines, parameters and answers of InfluxDB 1."""

    later_status = 503
    challenge = 'Basic realm="InfluxDB"'
    headers: ClassVar[Mapping[str, str]] = {"X-Influxdb-Version": VERSION}
    words: ClassVar[dict[int, str]] = {401: "authorization failed", 413: "http: request body too large"}

    def __init__(self, sources: LineSources, databases: Databases) -> None:
        super().__init__(sources)
        self._databases = databases

    def source(self, request: FeedRequest) -> str:
        return _database(request.query.get("db", ""), request.query.get("rp", ""))

    def precision(self, request: FeedRequest) -> str:
        self._databases.name(request.query.get("db", ""))
        return super().precision(request)

    def error(self, status: int, text: str) -> Answer:
        return Answer(
            status, msgspec.json.encode({"error": text}), _PLAIN_JSON, (("X-Influxdb-Error", _in_header(text)),)
        )


class Influx2(Lines):
    """Lines, parameters and answers of InfluxDB 2."""

    words: ClassVar[dict[int, str]] = {401: "unauthorized access", 413: "the body is too large"}

    def __init__(self, sources: LineSources, databases: Databases) -> None:
        super().__init__(sources)
        self._databases = databases

    def source(self, request: FeedRequest) -> str:
        database, _, policy = request.query.get("bucket", "").partition("/")
        return _database(database, policy)

    def precision(self, request: FeedRequest) -> str:
        self._databases.name(request.query.get("bucket", ""))
        precision = super().precision(request)
        if precision not in _V2_PRECISIONS:
            raise Invalid(f"{precision[:20]!a} is not one of ns, us, ms, s", field="precision")
        return precision

    def error(self, status: int, text: str) -> Answer:
        code = _V2_CODES.get(status, "unavailable" if status == 503 else "internal error")
        return json_answer({"code": code, "message": text}, status)._replace(headers=(("X-Platform-Error-Code", code),))


class Influx3(Lines):
    """Lines, parameters and answers of InfluxDB 3."""

    words: ClassVar[dict[int, str]] = {401: "unauthorized access"}

    def source(self, request: FeedRequest) -> str:
        return _database(request.query.get("db", ""), "")

    def precision(self, request: FeedRequest) -> str:
        precision = request.query.get("precision", "") or "auto"
        if precision not in _V3_PRECISIONS:
            raise Invalid(f"{precision[:20]!a} is not one of {', '.join(_V3_PRECISIONS[:5])}", field="precision")
        return precision

    def check_long(self, request: FeedRequest) -> None:
        if _is_whole(request):
            raise TooLarge("with accept_partial=false a body may have at most 1 MiB, because it is stored as a whole")

    def parse(self, request: FeedRequest) -> Parsed:
        parsed = super().parse(request)
        if _is_whole(request) and parsed.batch.refused:
            first = parsed.batch.refused[0]
            line = f"line {first.index + 1}: "
            reason = f"{line}{first.reason.removeprefix(line)}"
            raise Invalid(f"{reason}; nothing was stored, because of accept_partial=false", field=first.field)
        return parsed

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        if not outcome.refused:
            return self.done()
        lines = [
            {
                "original_line": refusal.snippet,
                "line_number": refusal.index + 1,
                "error_message": f"{refusal.field}: {refusal.reason}" if refusal.field else refusal.reason,
            }
            for refusal in outcome.refused[:_MAX_TOLD]
        ]
        return Answer(
            400, msgspec.json.encode({"error": "partial write of line protocol occurred", "data": lines}), _PLAIN_JSON
        )

    def error(self, status: int, text: str) -> Answer:
        return Answer(status, msgspec.json.encode({"error": text, "data": None}), _PLAIN_JSON)


class GrafanaLive(Lines):
    """Lines of Grafana Live, with times in nanoseconds."""

    name = "grafana_live"
    words: ClassVar[dict[int, str]] = {401: "Unauthorized"}

    def source(self, request: FeedRequest) -> str:
        return f"stream {request.path[0]}" if request.path else ""

    def precision(self, request: FeedRequest) -> str:
        return "ns"

    def done(self) -> Answer:
        return Answer(200, content_type=TEXT)

    def error(self, status: int, text: str) -> Answer:
        return json_answer({"message": text}, status)


def _is_whole(request: FeedRequest) -> bool:
    """Return whether the sender wants a body with a bad line to be refused as a whole."""
    return request.query.get("accept_partial", "").lower() == "false"


def _database(name: str, policy: str) -> str:
    """Return the name of a source of lines: the database, followed by the retention policy unless the policy is the
    default."""
    return f"database {name}/{policy}".removesuffix("/autogen").removesuffix("/") if name else ""


def moved_line(refusal: Refusal, first: int) -> Refusal:
    """Return a refusal of a slice with its place in the whole body; ``first``: the line or element in which the slice begins."""
    index, place = refusal.index + first, f"line {refusal.index + 1}: "
    if not refusal.reason.startswith(place):
        return structs.replace(refusal, index=index)
    return structs.replace(refusal, index=index, reason=f"line {index + 1}: {refusal.reason.removeprefix(place)}")


def _in_header(text: str) -> str:
    """Replace the characters of a text that are not allowed in a header."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)[:1_000]
