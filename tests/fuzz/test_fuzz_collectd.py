from __future__ import annotations

from dashboard.ingest.collectd import parse_collectd
from tests.support.parsed_checks import JSON_PIECES, LATEST_MS, fuzz

SEEDS = [
    b'[{"values":[1],"dstypes":["derive"],"dsnames":["value"],"time":1700000000.265,"interval":10,"host":"a","plugin":"cpu","type":"cpu"}]',
    b'[{"values":[1,null],"dstypes":["gauge","counter"],"dsnames":["rx","tx"],"host":"a","plugin":"if","plugin_instance":"e","type":"o"},{}]',
]


def test_no_body_makes_the_parser_raise_anything_but_invalid() -> None:
    fuzz(lambda body: parse_collectd(body, LATEST_MS), SEEDS, JSON_PIECES)
