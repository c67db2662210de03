"""Graphite's ``POST /events/``: ``{"what", "tags", "when", "data"}``; ``tags`` is a list or a text of words, ``when`` is in seconds.

Source: graphite.readthedocs.io, "Graphite Events".
"""

from __future__ import annotations

from dashboard.domain.errors import Invalid
from dashboard.domain.event import build_event, fingerprint_of
from dashboard.ingest.events_json import any_text_in, read_object, tags_in, text_in
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.telegraf_json import time_of


def parse_graphite_event(body: bytes, latest_ms: int) -> Parsed:
    """Parse one event; raises Invalid."""
    given = read_object(body)
    what, data, tags = text_in(given, "what"), any_text_in(given, "data"), tags_in(given)
    if not what.strip():
        raise Invalid("is missing", field="what")
    when = given.get("when")
    t_ms = time_of(None if when == 0 and when is not False else when, latest_ms, "when")  # 0: not given
    return Parsed(
        events=[build_event(t_ms, what, text=data, tags=tags, fingerprint=fingerprint_of("graphite", what, *tags))]
    )
