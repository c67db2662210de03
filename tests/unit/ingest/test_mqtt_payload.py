from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.mqtt_payload import parse_mqtt, parse_template
from dashboard.ingest.parsed import NotFinite, Parsed
from tests.support.parsed_checks import check_parsed

HOME = parse_template("home/{room}/{name}")


def parse(payload: bytes, topic: str = "home/hall/climate") -> Parsed:
    parsed = parse_mqtt(topic, payload, HOME)
    check_parsed(parsed)
    return parsed


def samples(parsed: Parsed) -> dict[str, float]:
    return dict(zip(parsed.batch.keys, parsed.batch.values, strict=True))


def test_plain_numbers_words_and_json() -> None:
    assert samples(parse(b" 21.5\n")) == {'climate{room="hall"}': 21.5}
    assert samples(parse(b"true")) == {'climate{room="hall"}': 1}
    assert parse(b"ON").documents == [("climate/room:hall", b'{"text":"ON"}', None)]
    with pytest.raises(NotFinite):
        parse(b"nan")
    parsed = parse(b'{"temperature":21.5,"battery":{"level":80,"low":false},"state":"ok","x":null}')
    assert samples(parsed) == {
        'climate_temperature{room="hall"}': 21.5, 'climate_battery_level{room="hall"}': 80, 'climate_battery_low{room="hall"}': 0,
    }  # fmt: skip
    assert parsed.documents == [("climate_state/room:hall", b'{"text":"ok"}', None)]
    assert len(parsed.batch.refused) == 1


def test_a_template_is_a_topic_filter() -> None:
    template = parse_template("zigbee2mqtt/{device}")
    assert template.topic_filter == "zigbee2mqtt/+"
    assert template.match("zigbee2mqtt/lamp") == ("zigbee2mqtt", [("device", "lamp")])
    assert template.match("other/lamp") is template.match("zigbee2mqtt/a/b") is None
    assert parse_template("a/b").match("a/b") == ("a_b", [])


@pytest.mark.parametrize("text", ["", "{room}", "a/#", "a/+", "a/{9}", "a/{x}y", "a/{x}/{x}", "a/{__x}", "a/{}"])
def test_templates_that_are_wrong_are_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        parse_template(text)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"{", b"[" * 100_000, b'{"a":NaN}', b"{" + b",".join(b'"%d":1' % i for i in range(1_001)) + b"}"],
)
def test_payloads_that_say_nothing_are_invalid(payload: bytes) -> None:
    with pytest.raises(Invalid):
        parse(payload)


def test_another_topic_is_invalid() -> None:
    with pytest.raises(Invalid):
        parse(b"1", "x")
    assert parse(b"1", "home/a b\x01/c").batch.keys == [r'c{room="a b\x01"}']
