from __future__ import annotations

from dashboard.ingest.telegraf_json import parse_telegraf_json
from tests.support.parsed_checks import JSON_PIECES, LATEST_MS, fuzz

SEEDS = [
    b'{"metrics":[{"name":"a","tags":{"h":"x"},"fields":{"f":1,"t":"up","b":true},"timestamp":1700000000}]}',
    b'{"name":"a.b","fields":{"f":-1.5e3},"timestamp":1700000000000}',
    b'[{"name":"a","fields":{"f":1}},{"name":"","fields":{}},{"name":"c","fields":{"x":null,"y":2}}]',
]


def test_no_body_makes_the_parser_raise_anything_but_invalid() -> None:
    fuzz(lambda body: parse_telegraf_json(body, LATEST_MS), SEEDS, JSON_PIECES)
