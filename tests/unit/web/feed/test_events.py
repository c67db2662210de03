"""What senders of events are told: Graphite, Grafana, Alertmanager, Prometheus."""

from __future__ import annotations

import json

import msgspec
import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import Refusal
from dashboard.ingest.parsed import Parsed
from dashboard.intake.annotations import number_of_event
from dashboard.web.feed.events import (
    AlertmanagerWebhook,
    GrafanaAnnotation,
    GraphiteEvent,
    OldPrometheusAlerts,
    PrometheusAlerts,
)
from dashboard.web.feed.format import Fault
from tests.unit.web.feed.asked import NOW_MS, asked, outcome

ALERT = {
    "status": "firing", "labels": {"alertname": "Full"}, "annotations": {"summary": "disk full"},
    "startsAt": "2026-11-30T12:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": "f1",
}  # fmt: skip
BAD = Refusal(0, "text", "is too long")


def test_an_event_of_graphite_is_stored_and_answered_without_a_body() -> None:
    parsed = GraphiteEvent().parse(asked(b'{"what": "deploy", "tags": "web"}'))
    assert parsed.events[0].title == "deploy"
    assert GraphiteEvent().answer(asked(), parsed, outcome())[:2] == (200, b"")


def test_an_annotation_is_answered_with_the_number_by_which_it_is_found() -> None:
    annotation = GrafanaAnnotation("Graphite annotation added")
    parsed = annotation.parse(asked(json.dumps({"text": "deploy", "time": NOW_MS}).encode()))
    said = msgspec.json.decode(annotation.answer(asked(), parsed, outcome()).body)
    assert said == {"message": "Graphite annotation added", "id": number_of_event(parsed.events[0])}


@pytest.mark.parametrize(("status", "message"), [(401, "Unauthorized"), (400, "why")])
def test_a_refused_annotation_is_told_as_grafana_does(status: int, message: str) -> None:
    answer = GrafanaAnnotation().refuse(asked(), Fault(status, "any", "why", {}))
    assert (answer.status, msgspec.json.decode(answer.body)) == (status, {"message": message})


def test_alerts_are_read_in_both_forms() -> None:
    hook = {
        "version": "4",
        "status": "firing",
        "alerts": [ALERT],
        "groupLabels": {},
        "commonLabels": {},
        "receiver": "r",
    }
    assert len(AlertmanagerWebhook().parse(asked(json.dumps(hook).encode())).events) == 1
    assert len(PrometheusAlerts().parse(asked(json.dumps([ALERT]).encode())).events) == 1


def test_what_was_refused_of_alerts_is_told() -> None:
    with pytest.raises(Invalid, match="1 alerts refused; alert 0: text: is too long"):
        AlertmanagerWebhook().answer(asked(), Parsed(), outcome(BAD))
    assert AlertmanagerWebhook().answer(asked(), Parsed(), outcome()).body == b""
    assert OldPrometheusAlerts().answer(asked(), Parsed(), outcome()).body == b'{"status":"success"}'
