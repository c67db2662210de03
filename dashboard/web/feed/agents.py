"""Agents that post JSON of their own: Telegraf's ``http`` output, collectd's ``write_http``."""

from __future__ import annotations

from dashboard.domain.errors import Invalid
from dashboard.ingest.collectd import parse_collectd
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.telegraf_json import parse_telegraf_json
from dashboard.intake.accept_samples import Outcome
from dashboard.web.feed.feeding import FeederHandler, ReadingHandler, faults_in, first_reason, told


class TelegrafHandler(ReadingHandler):
    """``POST /api/v1/telegraf``. Whatever is not 2xx is sent again for ever, so what is refused for good is told in a 200."""

    format_ = "telegraf"

    async def read(self, *_: str) -> Parsed:
        return await self.parse(parse_telegraf_json, self.latest_ms())

    def answer(self, parsed: Parsed, outcome: Outcome) -> None:
        refused = {"refused": told(outcome.refused)} if outcome.refused else {}
        self.write_json({"accepted": outcome.accepted, **refused})


class CollectdHandler(FeederHandler):
    """``POST /api/v1/collectd``; collectd shows who it is only when it is asked by a 401."""

    format_ = "collectd"

    async def post(self) -> None:
        outcome = await self.accept(await self.parse(parse_collectd, self.latest_ms()))
        if faults := faults_in(outcome.refused):
            raise Invalid(f"{len(faults)} values refused; {first_reason(faults, 'value list')}")
        self.done(200)
