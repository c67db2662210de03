from __future__ import annotations

from dashboard.ingest.opentsdb import parse_opentsdb
from dashboard.ingest.origins import Origins
from tests.support.parsed_checks import JSON_PIECES, LATEST_MS, fuzz

SEEDS = [
    b'{"metric":"sys.cpu.nice","timestamp":1700000000,"value":18,"tags":{"host":"web01","dc":"lga"}}',
    b'[{"metric":"a.b","timestamp":1700000000000,"value":"1.5","tags":{"h":"x"}},{"metric":"a/c","value":-2e3,"tags":{}}]',
]


def test_no_body_makes_the_parser_raise_anything_but_invalid() -> None:
    origins = Origins(500)
    fuzz(lambda body: parse_opentsdb(body, LATEST_MS, origins=origins), SEEDS, JSON_PIECES)
