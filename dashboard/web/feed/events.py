"""Events in foreign formats: Graphite's events, Grafana's annotations, Alertmanager's webhook and Prometheus' alerts."""

from __future__ import annotations

from dashboard.domain.errors import Invalid
from dashboard.ingest.events_alertmanager import parse_alertmanager, parse_alerts
from dashboard.ingest.events_grafana import parse_grafana_annotation
from dashboard.ingest.events_graphite import parse_graphite_event
from dashboard.ingest.parsed import Parsed
from dashboard.intake.annotations import number_of_event
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import TEXT, Answer, Fault, FeedRequest, Format, first_reason, json_answer


class GraphiteEvent(Format):
    """An event in Graphite's format."""

    name = "graphite_event"

    def parse(self, request: FeedRequest) -> Parsed:
        return parse_graphite_event(request.body, request.latest_ms)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        return Answer(200, content_type=TEXT)


class GrafanaAnnotation(Format):
    """An annotation in Grafana's format, with Grafana's errors. ``message``: the text of the answer after success."""

    name = "grafana_annotation"

    def __init__(self, message: str = "Annotation added") -> None:
        self._message = message

    def parse(self, request: FeedRequest) -> Parsed:
        return parse_grafana_annotation(request.body, request.now_ms, request.latest_ms)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        return json_answer({"message": self._message, "id": number_of_event(parsed.events[0])})

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        return json_answer({"message": "Unauthorized" if fault.status == 401 else fault.text}, fault.status)


class AlertmanagerWebhook(Format):
    """Alertmanager's webhook. Alertmanager drops a request after a 4xx response, and repeats it after a 5xx response."""

    name = "alertmanager"
    later_status = 503

    def parse(self, request: FeedRequest) -> Parsed:
        return parse_alertmanager(request.body, request.now_ms)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        if outcome.refused:
            raise Invalid(f"{len(outcome.refused)} alerts refused; {first_reason(outcome.refused, 'alert')}")
        return self.done()

    def done(self) -> Answer:
        """Return the answer to a body whose alerts were all accepted."""
        return Answer(200, content_type=TEXT)


class PrometheusAlerts(AlertmanagerWebhook):
    """Alerts as Prometheus posts them to Alertmanagers."""

    def parse(self, request: FeedRequest) -> Parsed:
        return parse_alerts(request.body, request.now_ms)


class OldPrometheusAlerts(PrometheusAlerts):
    """Alerts as Prometheus posts them with ``api_version: v1``."""

    def done(self) -> Answer:
        return json_answer({"status": "success"})
