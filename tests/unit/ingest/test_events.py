from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.event import EventIn
from dashboard.ingest.events_alertmanager import parse_alertmanager, parse_alerts
from dashboard.ingest.events_grafana import annotation_of, parse_annotation_change, parse_grafana_annotation
from dashboard.ingest.events_graphite import parse_graphite_event
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import LATEST_MS, T, check_parsed

NOW_MS = LATEST_MS - 3_600_000

# What Alertmanager 0.27 sends.
WEBHOOK = {
    "receiver": "webhook", "status": "firing", "version": "4", "groupKey": '{}:{alertname="Down"}', "truncatedAlerts": 0,
    "groupLabels": {"alertname": "Down"}, "commonLabels": {"alertname": "Down"}, "commonAnnotations": {}, "externalURL": "http://am:9093",
    "alerts": [
        {"status": "firing", "labels": {"alertname": "Down", "instance": "web-1"},
         "annotations": {"summary": "web-1 is down", "description": "for 5m"},
         "startsAt": "2023-11-14T22:13:20.000Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p", "fingerprint": "c1b1"},
        {"status": "resolved", "labels": {"alertname": "Down", "instance": "web-2"}, "annotations": {},
         "startsAt": "2023-11-14T22:13:20.123456789+01:00", "endsAt": "2023-11-14T22:13:21Z", "fingerprint": "c1b2"},
    ],
}  # fmt: skip


def dump(given: Any) -> bytes:
    return json.dumps(given).encode()


def one(parsed: Parsed) -> EventIn:
    check_parsed(parsed)
    assert len(parsed.events) == 1
    return parsed.events[0]


def test_alertmanagers_webhook() -> None:
    parsed = parse_alertmanager(dump(WEBHOOK), LATEST_MS)
    check_parsed(parsed)
    assert parsed.events == [
        EventIn(T, "web-1 is down", "for 5m", ("alertname:Down", "instance:web-1"), "alert", "firing", None, "c1b1"),
        EventIn(
            T - 3_600_000 + 123, "Down", "", ("alertname:Down", "instance:web-2"), "alert", "resolved", T + 1000, "c1b2"
        ),
    ]


def test_prometheus_own_alerts_are_over_when_their_end_is_past() -> None:
    alert = {"labels": {"alertname": "A"}, "startsAt": "2023-11-14T22:13:20Z", "endsAt": "2023-11-14T22:13:30Z"}
    firing, resolved = (one(parse_alerts(dump([alert]), now)) for now in (T + 9_999, T + 10_000))
    assert (firing.state, firing.ended_ms) == ("firing", None)
    assert (resolved.state, resolved.ended_ms) == ("resolved", T + 10_000)
    assert firing.fingerprint == resolved.fingerprint != ""


def test_a_bad_alert_is_refused_alone() -> None:
    good = {"labels": {"alertname": "A"}}
    wrong: list[Any] = [
        5,
        {},
        {"labels": {"a": [1]}},
        good | {"startsAt": "x"},
        good | {"endsAt": 5},
        good | {"startsAt": "1960-01-01T00:00:00Z"},
    ]
    parsed = parse_alerts(dump([*wrong, good]), LATEST_MS)
    assert len(parsed.events) == 1
    assert [r.index for r in parsed.batch.refused] == list(range(len(wrong)))
    assert parsed.events[0].t_ms is None


@pytest.mark.parametrize(
    "body", [b"", b"5", b"[]", b"{}", b'{"version":"3","alerts":[]}', b'{"version":"4","alerts":{}}']
)
def test_other_bodies_are_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_alertmanager(body, LATEST_MS)


def test_graphite_events() -> None:
    event = one(
        parse_graphite_event(
            dump({"what": "Deploy 1.2", "tags": "deploy web", "when": T // 1000, "data": "by\nme"}), LATEST_MS
        )
    )
    assert (event.t_ms, event.title, event.text, event.tags) == (T, "Deploy 1.2", "by\nme", ("deploy", "web"))
    assert one(parse_graphite_event(b'{"what":"x","tags":["a"]}', LATEST_MS)).tags == ("a",)
    for body in (
        b"{}",
        b'{"what":" "}',
        b'{"what":[5]}',
        b'{"what":"a","tags":[[1]]}',
        b'{"what":"a","when":5}',
        b'{"what":"a","when":"now"}',
        b"[]",
    ):
        with pytest.raises(Invalid):
            parse_graphite_event(body, LATEST_MS)


def test_grafana_annotations() -> None:
    given = {
        "dashboardUID": "x",
        "panelId": 1,
        "time": T,
        "timeEnd": T + 60_000,
        "tags": ["a", "b"],
        "text": "Title\nmore",
    }
    event = one(parse_grafana_annotation(dump(given), NOW_MS, LATEST_MS))
    assert (event.t_ms, event.ended_ms, event.kind, event.title, event.text) == (
        T,
        T + 60_000,
        "annotation",
        "Title",
        "more",
    )
    assert one(parse_grafana_annotation(dump(given | {"timeEnd": T}), NOW_MS, LATEST_MS)).ended_ms is None
    planned = LATEST_MS + 7 * 86_400_000
    assert one(parse_grafana_annotation(dump(given | {"timeEnd": planned}), NOW_MS, LATEST_MS)).ended_ms == planned
    assert one(parse_grafana_annotation(b'{"what":"x","when":0}', NOW_MS, LATEST_MS)).t_ms == NOW_MS
    assert one(parse_grafana_annotation(b'{"text":"x"}', NOW_MS, LATEST_MS)).t_ms == NOW_MS
    assert one(parse_grafana_annotation(b'{"what":"x","when":1700000000,"tags":"a b"}', NOW_MS, LATEST_MS)).title == "x"
    for body in (
        b"{}",
        b'{"text":""}',
        b'{"text":"a","time":5}',
        b'{"text":"a","time":"x"}',
        b'{"text":"a","timeEnd":true}',
    ):
        with pytest.raises(Invalid):
            parse_grafana_annotation(body, NOW_MS, LATEST_MS)


def test_a_change_of_an_annotation_keeps_what_it_does_not_say_and_a_put_does_not() -> None:
    item = {"id": "ab", "label": "Deploy", "value": "of web", "t": T, "tags": ["ci"], "kind": "annotation"}
    assert annotation_of(7, item) == {"id": 7, "time": T, "timeEnd": T, "tags": ["ci"], "text": "Deploy\nof web"}
    ended = parse_annotation_change(dump({"timeEnd": T + 60_000}), item, LATEST_MS, whole=False)
    assert ended == {"label": "Deploy", "value": "of web", "t": T, "tags": ["ci"], "ended": T + 60_000}
    said = parse_annotation_change(dump({"text": "Done"}), item | {"ended": T + 5}, LATEST_MS, whole=False)
    assert said == {"label": "Done", "value": "", "t": T, "tags": ["ci"], "ended": T + 5}
    put = parse_annotation_change(dump({"text": "Done"}), item | {"ended": T + 5}, LATEST_MS, whole=True)
    assert put == {"label": "Done", "value": "", "t": T, "tags": []}
    for body in (b"{}", b'{"text":""}'):
        with pytest.raises(Invalid):
            parse_annotation_change(body, item, LATEST_MS, whole=True)


def test_grafanas_own_alerts_of_both_kinds() -> None:
    alert = {"status": "firing", "labels": {"alertname": "Load"}, "annotations": None, "values": None, "fingerprint": "f1",
             "startsAt": "2026-11-28T10:00:02.12345678+01:00", "endsAt": "0001-01-01T00:00:00Z"}  # fmt: skip
    event = one(
        parse_alertmanager(dump({"version": "1", "alerts": [alert], "orgId": 1, "state": "alerting"}), LATEST_MS)
    )
    assert (event.state, event.title, event.fingerprint) == ("firing", "Load", "f1")
    old = {"title": "[Alerting] Load", "ruleId": 3, "ruleName": "Load", "state": "alerting", "message": "look", "tags": {"team": "a"},
           "evalMatches": [{"metric": "web", "value": 97.5, "tags": None}]}  # fmt: skip
    event = one(parse_alertmanager(dump(old), LATEST_MS))
    assert (event.state, event.title, event.text) == ("firing", "[Alerting] Load", "look\nweb: 97.5")
    assert event.tags == ("alertname:Load", "team:a")
    over = one(parse_alertmanager(dump(old | {"state": "ok", "evalMatches": []}), LATEST_MS))
    assert (over.state, over.fingerprint) == ("resolved", event.fingerprint)
