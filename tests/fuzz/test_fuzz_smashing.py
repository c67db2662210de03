from __future__ import annotations

from dashboard.ingest.smashing import parse_widget
from tests.support.parsed_checks import JSON_PIECES, LATEST_MS, fuzz

SEEDS = [
    b'{"auth_token":"x","current":47.5,"last":44,"suffix":"%"}',
    b'{"auth_token":"x","points":[{"x":1700000000,"y":1},{"x":1700000001,"y":2}],"value":"5"}',
    b'{"auth_token":"x","points":[{"x":1,"y":1},{"x":2,"y":2}]}',
    b'{"title":"t","text":"x","items":[{"label":"a","value":5}],"status":"danger"}',
]


def test_no_body_makes_the_parser_raise_anything_but_invalid() -> None:
    fuzz(lambda body: parse_widget("my widget", body, LATEST_MS), SEEDS, JSON_PIECES)
