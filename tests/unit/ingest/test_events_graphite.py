from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.events_graphite import parse_graphite_event
from tests.support.parsed_checks import LATEST_MS, T, check_parsed


def test_an_event_has_a_title_a_text_tags_and_a_time_in_seconds() -> None:
    parsed = parse_graphite_event(b'{"what":"Deploy","tags":"web prod","when":1700000000,"data":"by ann"}', LATEST_MS)
    check_parsed(parsed)
    (event,) = parsed.events
    assert (event.t_ms, event.title, event.text, event.tags) == (T, "Deploy", "by ann", ("web", "prod"))


def test_an_event_without_a_time_is_of_now() -> None:
    for body in (b'{"what":"x"}', b'{"what":"x","when":0}'):
        assert parse_graphite_event(body, LATEST_MS).events[0].t_ms is None


def test_the_same_event_is_known_by_title_and_tags() -> None:
    prints = [parse_graphite_event(b'{"what":"%b","tags":["%b"]}' % each, LATEST_MS).events[0].fingerprint
              for each in ((b"a", b"x"), (b"a", b"x"), (b"a", b"y"), (b"b", b"x"))]  # fmt: skip
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


@pytest.mark.parametrize(
    "body", [b"{}", b'{"what":" "}', b'{"what":[5]}', b'{"what":"a","tags":[[1]]}', b'{"what":"a","when":"now"}', b"[]"]
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_graphite_event(body, LATEST_MS)
