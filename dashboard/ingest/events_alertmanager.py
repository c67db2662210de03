"""Alerts: the webhooks of Alertmanager (version 4), the webhooks of Grafana (version 1 and the older form), and the
alerts that Prometheus posts.

Source: prometheus.io/docs/alerting "webhook_config"; Alertmanager's api/v2/openapi.yaml; grafana.com/docs, "Configure webhook
notifications" and, in the documentation of version 7, "Alert notifications". An alert's title is its summary, else its name; its
tags are its labels as ``name:value``. A bad alert is refused and the others are kept.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.domain.event import EventIn, build_event, fingerprint_of
from dashboard.ingest.events_json import moment, read_events, read_object, text_in, texts_in
from dashboard.ingest.parsed import Parsed

MAX_ALERTS = 10_000
_TITLES = ("summary", "title")
_TEXTS = ("description", "message", "runbook_url")


def parse_alertmanager(body: bytes, now_ms: int) -> Parsed:
    """Parse the body of a webhook: of Alertmanager (version "4"), of Grafana (version "1"), or of Grafana before
    version 8 (``{"ruleName", "state"}``). Raises Invalid."""
    given = read_object(body)
    if "alerts" not in given and "state" in given and ("ruleName" in given or "ruleId" in given):
        return Parsed(events=[_rule(given)])
    if given.get("version", "4") not in ("4", "1"):
        raise Invalid('must be "4", or "1" as Grafana writes it', field="version")
    return _alerts(given.get("alerts"), now_ms)


def parse_alerts(body: bytes, now_ms: int) -> Parsed:
    """Parse the list of ``POST /api/v2/alerts``; an alert whose ``endsAt`` is past is resolved; raises Invalid."""
    return _alerts(read_events(body), now_ms)


def _alerts(alerts: Any, now_ms: int) -> Parsed:
    if not isinstance(alerts, list) or len(alerts) > MAX_ALERTS:
        raise Invalid(f"must be a list of at most {MAX_ALERTS}", field="alerts")
    parsed = Parsed()
    for index, alert in enumerate(alerts):
        try:
            parsed.events.append(_alert(alert, now_ms))
        except Invalid as invalid:
            parsed.refuse(index, invalid, msgspec.json.encode(alert))
    return parsed


def _rule(given: dict[str, Any]) -> EventIn:
    """Convert an alert in the form of Grafana before version 8."""
    name, rule = text_in(given, "ruleName"), given.get("ruleId", "")
    matches = given.get("evalMatches") or []
    values = [
        f"{match.get('metric')}: {match.get('value')}"
        for match in matches
        if isinstance(match, dict) and "value" in match
    ]
    tags = texts_in(given, "tags")
    return build_event(
        None,
        text_in(given, "title") or name or "alert",
        text="\n".join(filter(None, (text_in(given, "message"), *values[:20], text_in(given, "ruleUrl")))),
        tags=[f"alertname:{name}", *(f"{tag}:{value}" for tag, value in sorted(tags.items()))],
        kind="alert",
        state="resolved" if text_in(given, "state") in ("ok", "paused") else "firing",
        fingerprint=fingerprint_of("grafana rule", str(rule), name),
    )


def _alert(alert: Any, now_ms: int) -> EventIn:
    if not isinstance(alert, dict):
        raise Invalid("must be an object")
    labels, notes = texts_in(alert, "labels"), texts_in(alert, "annotations")
    name = labels.get("alertname", "")
    if not labels:
        raise Invalid("is missing", field="labels")
    started_ms, ended_ms = (moment(text_in(alert, field), field) for field in ("startsAt", "endsAt"))
    state = text_in(alert, "status") if isinstance(alert.get("status", ""), str) else ""
    if state not in ("firing", "resolved"):
        state = "resolved" if ended_ms is not None and ended_ms <= now_ms else "firing"
    title = next((notes[note] for note in _TITLES if notes.get(note)), name or "alert")
    texts = [notes[note] for note in _TEXTS if notes.get(note)]
    ordered = sorted(labels.items())
    return build_event(
        started_ms,
        title,
        text="\n".join(texts),
        tags=[f"{label}:{value}" for label, value in ordered],
        kind="alert",
        state=state,
        ended_ms=ended_ms if state == "resolved" else None,
        fingerprint=text_in(alert, "fingerprint") or fingerprint_of("alert", *(f"{n}\x01{v}" for n, v in ordered)),
    )
