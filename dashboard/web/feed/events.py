"""What tells of happenings: Graphite's events, Grafana's annotations, Alertmanager and Prometheus' own alerts."""

from __future__ import annotations

import zlib
from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.ingest.events_alertmanager import parse_alertmanager, parse_alerts
from dashboard.ingest.events_grafana import parse_grafana_annotation
from dashboard.ingest.events_graphite import parse_graphite_event
from dashboard.ingest.parsed import Parsed
from dashboard.intake.accept_samples import Outcome
from dashboard.web.feed.feeding import ReadingHandler, first_reason


class GraphiteEventHandler(ReadingHandler):
    """``POST /events/``: 200."""

    format_ = "graphite_event"

    async def read(self, *_: str) -> Parsed:
        return await self.parse(parse_graphite_event, self.latest_ms())

    def answer(self, parsed: Parsed, outcome: Outcome) -> None:
        self.done(200)


class AnnotationHandler(ReadingHandler):
    """``POST /api/annotations``; its errors are Grafana's."""

    format_ = "grafana_annotation"
    said = "Annotation added"

    async def read(self, *_: str) -> Parsed:
        return await self.parse(parse_grafana_annotation, self.latest_ms())

    def answer(self, parsed: Parsed, outcome: Outcome) -> None:
        number = zlib.crc32(parsed.events[0].fingerprint.encode()) & 0x7FFFFFFF
        self.write_json({"message": self.said, "id": number or 1})

    def say_fault(self, code: str, text: str, extra: dict[str, Any]) -> None:
        self.write_json({"message": "Unauthorized" if self.get_status() == 401 else text}, self.get_status())


class GraphiteAnnotationHandler(AnnotationHandler):
    """``POST /api/annotations/graphite``: Grafana's annotations in Graphite's form."""

    said = "Graphite annotation added"


class AlertmanagerHandler(ReadingHandler):
    """``POST /api/v1/alertmanager``, the webhook: what gets a 4xx is thrown away, what gets a 5xx comes again."""

    format_ = "alertmanager"
    too_often_status = 503

    async def read(self, *_: str) -> Parsed:
        return await self.parse(parse_alertmanager, self.intake.samples.now_ms())

    def answer(self, parsed: Parsed, outcome: Outcome) -> None:
        if outcome.refused:
            raise Invalid(f"{len(outcome.refused)} alerts refused; {first_reason(outcome.refused, 'alert')}")
        self.done(200)


class AlertsHandler(AlertmanagerHandler):
    """``POST /api/v2/alerts``: what Prometheus sends to Alertmanagers."""

    async def read(self, *_: str) -> Parsed:
        return await self.parse(parse_alerts, self.intake.samples.now_ms())
