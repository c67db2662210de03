from __future__ import annotations

from dashboard.ingest.mqtt_payload import parse_mqtt, parse_template
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import JSON_PIECES, fuzz

HOME = parse_template("home/{room}/{name}")
SEEDS = [
    b"home/hall/t\n21.5",
    b'home/hall/climate\n{"a":1,"b":{"c":2.5,"d":true},"e":"x"}',
    b'home/x y/z\n[1,{"a":2}]',
    b"home/a/b\nON",
]


def test_no_message_makes_the_parser_raise_anything_but_invalid() -> None:
    def parse(data: bytes) -> Parsed:
        topic, _, payload = data.partition(b"\n")
        return parse_mqtt(topic.decode("utf-8", "replace"), payload, HOME)

    fuzz(parse, SEEDS, [*JSON_PIECES, b"/", b"home/"])
