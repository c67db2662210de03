from __future__ import annotations

import json

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.mqtt_payload import MqttReader, PayloadFormat
from dashboard.ingest.mqtt_topic import parse_template
from dashboard.ingest.parsed import NotFinite, Parsed
from tests.support.claims import accepted
from tests.support.parsed_checks import LATEST_MS, T, check_parsed


def parse(
    payload: bytes,
    topic: str = "home/hall/climate",
    template: str = "home/{room}/{name}",
    format_: PayloadFormat = "auto",
    reader: MqttReader | None = None,
) -> Parsed:
    reader = MqttReader(format_=format_) if reader is None else reader
    parsed = reader.read(topic, payload, parse_template(template), LATEST_MS)
    check_parsed(parsed)
    return accepted(parsed)


def samples(parsed: Parsed) -> dict[str, float]:
    return dict(zip(parsed.batch.keys, parsed.batch.values, strict=True))


def test_plain_numbers_words_and_json() -> None:
    assert samples(parse(b" 21.5\n")) == {'climate{room="hall"}': 21.5}
    assert samples(parse(b"true")) == {'climate{room="hall"}': 1}
    assert samples(parse(b"21.5\x00\x00")) == {'climate{room="hall"}': 21.5}
    assert samples(parse(b'{"t":nan,"h":40}\x00')) == {'climate_h{room="hall"}': 40}
    assert parse(b"ON").documents == [("climate/room:hall", b'{"text":"ON"}', None)]
    with pytest.raises(NotFinite):
        parse(b"nan")
    parsed = parse(
        b'{"temperature":21.5,"battery":{"level":80,"low":false},"state":"ok","x":null,"color":[0.5,null,7],"n":9223372036854775807}'
    )
    assert samples(parsed) == {
        'climate_temperature{room="hall"}': 21.5, 'climate_battery_level{room="hall"}': 80, 'climate_battery_low{room="hall"}': 0,
        'climate_color_0{room="hall"}': 0.5, 'climate_color_2{room="hall"}': 7, 'climate_n{room="hall"}': 2.0**63,
    }  # fmt: skip
    assert parsed.documents == [("climate_state/room:hall", b'{"text":"ok"}', None)]
    assert parsed.batch.refused == []


@pytest.mark.parametrize("payload", [b"", b"  \n", b"\x00", b"null", b"[]", b"{}", b'{"a":null}'])
def test_no_value_is_no_fault(payload: bytes) -> None:
    parsed = parse(payload)
    assert (samples(parsed), parsed.documents, parsed.batch.refused) == ({}, [], [])


def test_a_bad_value_costs_only_itself() -> None:
    parsed = parse(b'{"a":NaN,"b":1,"c":1,"c":2}')
    assert samples(parsed) == {'climate_b{room="hall"}': 1}
    assert sorted(r.code for r in parsed.batch.refused) == ["invalid", "not_finite"]


LINES = f"cpu,cpu=cpu0,host=web-1 usage_idle=97.5,usage_user=2i {T}000000\ncpu,cpu=cpu1,host=web-1 usage_idle=90 {T}000000\n"


def test_what_telegraf_publishes_is_line_protocol_by_default() -> None:
    parsed = parse(LINES.encode(), "telegraf/web-1/cpu", "telegraf/{host}/{name}")
    assert samples(parsed) == {
        'cpu_usage_idle{cpu="cpu0",host="web-1"}': 97.5, 'cpu_usage_user{cpu="cpu0",host="web-1"}': 2,
        'cpu_usage_idle{cpu="cpu1",host="web-1"}': 90,
    }  # fmt: skip
    assert set(parsed.batch.times) == {T}
    parsed = parse(LINES.encode(), "telegraf/web-2/cpu", "telegraf/{host}/{plugin}")
    assert 'cpu_usage_idle{cpu="cpu0",exported_host="web-1",host="web-2",plugin="cpu"}' in parsed.batch.keys


def test_lines_without_a_time_are_texts_unless_the_format_is_said() -> None:
    assert parse(b"state open=1").documents == [("climate/room:hall", b'{"text":"state open=1"}', None)]
    assert samples(parse(b"state open=1", format_="influx")) == {'state_open{room="hall"}': 1}
    assert parse(b'{"a":1}', format_="text").documents[0][1] == b'{"text":"{\\"a\\":1}"}'


def test_telegrafs_json_has_its_names_tags_and_times_alone_and_in_batches() -> None:
    one = {"name": "cpu", "tags": {"host": "web-1"}, "fields": {"idle": 97.5, "state": "ok"}, "timestamp": T // 1000}
    for given in (one, {"metrics": [one]}):
        parsed = parse(json.dumps(given).encode(), "telegraf/web-1/cpu", "telegraf/{host}/{name}")
        assert samples(parsed) == {'cpu_idle{host="web-1"}': 97.5}
        assert parsed.batch.times == [T]
        assert parsed.documents == [("cpu_state/host:web-1", b'{"text":"ok"}', None)]


def test_two_topics_never_become_one_series() -> None:
    reader = MqttReader()
    plug, part = "plug/{name}", "plug/{name}/availability"
    assert parse(b'{"state":"ON"}', "plug/x", plug, reader=reader).documents[0][0] == "x_state"
    assert (
        parse(b'{"state":"online"}', "plug/x/availability", part, reader=reader).documents[0][0]
        == "x_availability_state"
    )
    for topic, payload in (
        ("plug/x_availability", b'{"state":"OFF"}'),
        ("plug/x/availability", b"1"),
        ("plug/x_availability", b"2"),
    ):
        template = part if topic.endswith("/availability") else plug
        refused = parse(payload, topic, template, reader=reader).batch.refused
        assert [r.code for r in refused] == ([] if payload == b"1" else ["name_taken"])
    for topic, is_taken in (("t/a", True), ("t/b", False), ("t/a", True)):
        line = f"cpu idle=1 {T}000000".encode()
        assert bool(parse(line, topic, "t/{name}", reader=reader).batch.keys) is is_taken


@pytest.mark.parametrize(
    "payload",
    [b"\xff", b"{", b"[" * 100_000, b"{" + b",".join(b'"%d":1' % i for i in range(1_001)) + b"}"],
)
def test_payloads_that_say_nothing_are_invalid(payload: bytes) -> None:
    with pytest.raises(Invalid):
        parse(payload)


def test_another_topic_is_invalid() -> None:
    with pytest.raises(Invalid):
        parse(b"1", "x")
    assert parse(b"1", "home/a b\x01/c").batch.keys == [r'c{room="a b\x01"}']
