from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.ingest.events_alertmanager import parse_alertmanager, parse_alerts
from dashboard.ingest.events_grafana import parse_grafana_annotation
from dashboard.ingest.events_graphite import parse_graphite_event
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import JSON_PIECES, LATEST_MS, fuzz


def _annotation(body: bytes, latest_ms: int) -> Parsed:
    return parse_grafana_annotation(body, latest_ms - 3_600_000, latest_ms)


ALERT = (
    b'{"status":"firing","labels":{"alertname":"A","x":"y"},"annotations":{"summary":"s"},'
    b'"startsAt":"2023-11-14T22:13:20.5Z","endsAt":"0001-01-01T00:00:00Z"}'
)
CASES: list[tuple[Callable[[bytes, int], Parsed], list[bytes]]] = [
    (parse_alertmanager, [b'{"version":"4","alerts":[' + ALERT + b"," + ALERT + b"]}"]),
    (parse_alerts, [b"[" + ALERT + b',{"labels":{}}]']),
    (
        parse_graphite_event,
        [b'{"what":"Deploy","tags":"a b","when":1700000000,"data":"x"}', b'{"what":"x","tags":["a"]}'],
    ),
    (
        _annotation,
        [b'{"time":1700000000000,"timeEnd":1700000001000,"tags":["a"],"text":"x\\ny"}', b'{"what":"x"}'],
    ),
]
PIECES = [*JSON_PIECES, b"9999-12-31T23:59:59Z", b"0001-01-02", b"+99:99", b"T", b"Z", b"-00:00"]


@pytest.mark.parametrize(("parse", "seeds"), CASES, ids=[parse.__name__ for parse, _ in CASES])
def test_no_body_makes_the_parser_raise_anything_but_invalid(
    parse: Callable[[bytes, int], Parsed], seeds: list[bytes]
) -> None:
    fuzz(lambda body: parse(body, LATEST_MS), seeds, PIECES)
