"""Agents with their own JSON: Telegraf's ``http`` output, collectd's ``write_http``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboard.domain.errors import Invalid
from dashboard.domain.strict_json import BYTE_ORDER_MARK
from dashboard.ingest.batch import Refusal
from dashboard.ingest.collectd import parse_collectd
from dashboard.ingest.line_protocol import parse_line_protocol
from dashboard.ingest.line_sources import LineSources
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.slices import Slice, array_slices, line_slices
from dashboard.ingest.telegraf_json import parse_telegraf_json
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import TEXT, Answer, FeedRequest, Format, faults_in, first_reason, json_answer, told
from dashboard.web.feed.influx import moved_line

#: Beginnings of Telegraf's other formats: carbon2, Prometheus' text, msgpack, Graphite.
_OTHER = re.compile(rb"metric=|# (?:HELP|TYPE) |[\x80-\x9f]|\S+ [-+.\w]+ \d+\n")


def _is_json(body: bytes) -> bool:
    return body.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[", b"")


class TelegrafJson(Format):
    """Telegraf's JSON or line protocol, by its output http.

    Telegraf repeats a request for ever unless the response is 2xx, so final refusals are listed in a response with status 200.
    """

    name = "telegraf"

    def __init__(self, origins: Origins, lines: LineSources) -> None:
        self._origins = origins
        self._lines = lines

    def moved(self, refusal: Refusal, first: int) -> Refusal:
        return moved_line(refusal, first)

    def slices(self, body: bytes) -> Iterator[Slice]:
        return array_slices(body) if _is_json(body) else line_slices(body)

    def parse(self, request: FeedRequest) -> Parsed:
        if _is_json(request.body):
            return parse_telegraf_json(request.body, request.latest_ms, origins=self._origins)
        if _OTHER.match(request.body):
            raise Invalid('this is neither JSON nor line protocol; set data_format = "json" or "influx"')
        return parse_line_protocol(request.body, self._lines.of("", request.latest_ms), request.latest_ms)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        refused = {"refused": told(outcome.refused)} if outcome.refused else {}
        return json_answer({"accepted": outcome.accepted, **refused})


class CollectdJson(Format):
    """collectd's JSON. collectd sends its credentials only after a 401."""

    name = "collectd"
    is_asked_first = True

    def __init__(self, origins: Origins) -> None:
        self._origins = origins

    def slices(self, body: bytes) -> Iterator[Slice]:
        return array_slices(body)

    def parse(self, request: FeedRequest) -> Parsed:
        return parse_collectd(request.body, request.latest_ms, origins=self._origins)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        if faults := faults_in(outcome.refused):
            raise Invalid(f"{len(faults) + outcome.unlisted} values refused; {first_reason(faults, 'value list')}")
        return Answer(200, content_type=TEXT)
