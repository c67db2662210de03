"""Agents with their own JSON: Telegraf's ``http`` output, collectd's ``write_http``."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.domain.errors import Invalid
from dashboard.ingest.collectd import parse_collectd
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.slices import Slice, array_slices
from dashboard.ingest.telegraf_json import parse_telegraf_json
from dashboard.intake.accept_samples import Outcome
from dashboard.web.feed.format import TEXT, Answer, FeedRequest, Format, faults_in, first_reason, json_answer, told


class TelegrafJson(Format):
    """Telegraf's JSON. Telegraf repeats a request for ever unless it is answered 2xx, so final refusals are listed in a 200."""

    name = "telegraf"

    def __init__(self, origins: Origins) -> None:
        self._origins = origins

    def slices(self, body: bytes) -> Iterator[Slice]:
        return array_slices(body)

    def parse(self, request: FeedRequest) -> Parsed:
        return parse_telegraf_json(request.body, request.latest_ms, origins=self._origins)

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
            raise Invalid(f"{len(faults)} values refused; {first_reason(faults, 'value list')}")
        return Answer(200, content_type=TEXT)
