from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.events_alertmanager import parse_alertmanager, parse_alerts
from tests.support.parsed_checks import LATEST_MS, T, check_parsed


def alert(**more: Any) -> dict[str, Any]:
    return {"labels": {"alertname": "Down", "instance": "web-1"}, "startsAt": "2023-11-14T22:13:20Z", **more}


def posted(*alerts: Any) -> bytes:
    return json.dumps({"version": "4", "alerts": list(alerts)}).encode()


def test_an_alert_of_the_webhook_is_an_event() -> None:
    given = alert(status="firing", annotations={"summary": "web-1 is down", "description": "for 5m"}, fingerprint="c1")
    parsed = parse_alertmanager(posted(given), LATEST_MS)
    check_parsed(parsed)
    (event,) = parsed.events
    assert (event.t_ms, event.title, event.text, event.kind, event.state) == (
        T,
        "web-1 is down",
        "for 5m",
        "alert",
        "firing",
    )
    assert (event.tags, event.fingerprint) == (("alertname:Down", "instance:web-1"), "c1")


def test_an_alert_without_a_summary_is_called_by_its_name() -> None:
    assert parse_alertmanager(posted(alert()), LATEST_MS).events[0].title == "Down"


def test_prometheus_own_alerts_are_a_list_and_over_when_their_end_is_past() -> None:
    body = json.dumps([alert(endsAt="2023-11-14T22:13:30Z")]).encode()
    (before,), (after,) = (parse_alerts(body, now_ms).events for now_ms in (T, T + 10_000))
    assert (before.state, before.ended_ms, after.state, after.ended_ms) == ("firing", None, "resolved", T + 10_000)
    assert before.fingerprint == after.fingerprint != ""


def test_a_bad_alert_is_refused_and_the_others_are_kept() -> None:
    parsed = parse_alertmanager(posted(5, alert(), {}), LATEST_MS)
    assert (len(parsed.events), [refusal.index for refusal in parsed.batch.refused]) == (1, [0, 2])


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"version":"3","alerts":[]}', b'{"version":"4","alerts":{}}'])
def test_a_body_of_another_kind_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_alertmanager(body, LATEST_MS)
