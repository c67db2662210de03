from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.event import EventIn
from dashboard.ingest.events_grafana import parse_grafana_annotation
from tests.support.parsed_checks import LATEST_MS, T, check_parsed


def one(**given: Any) -> EventIn:
    parsed = parse_grafana_annotation(json.dumps(given).encode(), T, LATEST_MS)
    check_parsed(parsed)
    (event,) = parsed.events
    return event


def test_an_annotation_is_an_event_with_the_first_line_as_its_title() -> None:
    event = one(time=T, timeEnd=T + 60_000, tags=["a"], text="Title\nmore")
    assert (event.t_ms, event.ended_ms, event.kind, event.title, event.text, event.tags) == (
        T, T + 60_000, "annotation", "Title", "more", ("a",),
    )  # fmt: skip


def test_an_annotation_that_ends_when_it_begins_is_a_moment() -> None:
    assert one(time=T, timeEnd=T, text="x").ended_ms is None
    assert one(timeEnd=T, text="x").ended_ms is None


def test_its_graphite_form_is_read_too() -> None:
    event = one(what="Deploy", when=T // 1000, data="by ann")
    assert (event.title, event.t_ms, event.text) == ("Deploy", T, "by ann")


@pytest.mark.parametrize(
    "given", [{}, {"text": " "}, {"text": "a", "time": 5}, {"text": "a", "time": "x"}, {"text": "a", "timeEnd": True}]
)
def test_what_is_no_annotation_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        one(**given)
