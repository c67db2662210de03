from __future__ import annotations

from dashboard.ingest.mqtt_payload import MqttReader
from dashboard.ingest.mqtt_topic import parse_template
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import JSON_PIECES, LATEST_MS, fuzz

HOME = parse_template("home/{room}/{name}")
SEEDS = [
    b"home/hall/t\n21.5",
    b'home/hall/climate\n{"a":1,"b":{"c":2.5,"d":true},"e":"x"}',
    b'home/x y/z\n[1,{"a":2}]',
    b"home/a/b\nON",
    b"home/a/b\ncpu,host=a idle=1.5 1700000000000000000\ncpu,host=b idle=2 1700000000000000000",
    b'home/a/b\n{"metrics":[{"name":"cpu","tags":{"host":"a"},"fields":{"x":1,"y":[1,"z"]},"timestamp":1700000000}]}',
]


def test_no_message_makes_the_parser_raise_anything_but_invalid() -> None:
    reader = MqttReader(max_items=500)

    def parse(data: bytes) -> Parsed:
        topic, _, payload = data.partition(b"\n")
        return reader.read(topic.decode("utf-8", "replace"), payload, HOME, LATEST_MS)

    fuzz(parse, SEEDS, [*JSON_PIECES, b"/", b"home/"])
