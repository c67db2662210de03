"""Grafana's ``POST /api/annotations``: ``{"time": ms, "timeEnd"?: ms, "tags": [], "text"}``. Also its Graphite form: ``what, when, data``.

Source: grafana.com/docs, "Annotations HTTP API".  Of a text of several lines the first is the title.
"""

from __future__ import annotations

from typing import Any

from dashboard.domain.errors import Invalid
from dashboard.domain.event import build_event, fingerprint_of
from dashboard.ingest.batch import MAX_T_MS, check_time
from dashboard.ingest.events_graphite import parse_graphite_event
from dashboard.ingest.events_json import read_object, tags_in, text_in
from dashboard.ingest.parsed import Parsed


def parse_grafana_annotation(body: bytes, latest_ms: int) -> Parsed:
    """One annotation; raises Invalid."""
    given = read_object(body)
    if "what" in given and "text" not in given:
        return parse_graphite_event(body, latest_ms)
    text, tags = text_in(given, "text").strip(), tags_in(given)
    if not text:
        raise Invalid("is missing", field="text")
    t_ms, ended_ms = _time(given, "time", latest_ms), _time(given, "timeEnd", MAX_T_MS)  # which may be planned
    if ended_ms is not None and (t_ms is None or ended_ms <= t_ms):
        ended_ms = None  # Grafana's own way to say that it is a moment
    title, _, more = text.partition("\n")
    event = build_event(
        t_ms,
        title,
        text=more.strip() if len(title) <= 200 else text,
        tags=tags,
        kind="annotation",
        ended_ms=ended_ms,
        fingerprint=fingerprint_of("grafana", text, str(t_ms), *tags),
    )
    return Parsed(events=[event])


def _time(given: dict[str, Any], name: str, latest_ms: int) -> int | None:
    stated = given.get(name)
    if stated is None or stated == 0:
        return None
    if not isinstance(stated, int | float) or isinstance(stated, bool):
        raise Invalid("is not a number", field=name)
    return check_time(stated, latest_ms, field=name)
