from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.socketio.packets import (
    PacketType,
    encode_ack,
    encode_connect_error,
    encode_connected,
    encode_disconnect,
    encode_event,
    parse,
)


def test_events_have_a_name_arguments_and_maybe_a_callback() -> None:
    packet = parse('212["chat:message",{"roomId":"ops"},1]')
    assert (packet.type, packet.namespace, packet.ack, packet.event) == (PacketType.EVENT, "/", "12", "chat:message")
    assert [bytes(each) for each in packet.arguments] == [b'{"roomId":"ops"}', b"1"]
    assert parse('2/live,0["watch"]')[1:3] == ("/live", "0")
    assert parse("2[7]").event == "7"


def test_connections_carry_an_object_and_a_namespace_ends_at_its_comma() -> None:
    assert parse("0").payload == ""
    assert parse("0/random").namespace == "/random"
    assert parse('0/live?a=1,{"token":"t"}')[1:4] == ("/live", "", '{"token":"t"}')
    assert parse("1/live,").type is PacketType.DISCONNECT
    assert parse("34[]").ack == "4"


def test_binary_packets_say_how_many_attachments_follow() -> None:
    packet = parse('52-/live,3["x",{"_placeholder":true,"num":0}]')
    assert (packet.type, packet.attachments, packet.ack) == (PacketType.BINARY_EVENT, 2, "3")
    assert parse("61-2[0]").attachments == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "7[]",
        "2",
        "2{}",
        "2[]",
        "2[null]",
        '2["connect"]',
        '2["disconnecting"]',
        '2abc["x"]',
        '2["x",NaN]',
        '2["x",{"a":1,"a":2}]',
        '2["x",' + "[" * 200 + "]" * 200 + "]",
        '2["x"] ["y"]',
        "3[]",
        "31{}",
        "01",
        "0[]",
        "1{}",
        "4{}",
        '5["x"]',
        '511-["x"]',
        '21-["x"]',
        "2/" + "n" * 200 + ',["x"]',
        '2["\\ud800"]',
    ],
)
def test_what_breaks_the_protocol_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text)


def test_packets_of_the_server_are_those_of_the_original() -> None:
    assert encode_connected("/", b'{"sid":"a"}') == b'0{"sid":"a"}'
    assert encode_connected("/live", b"{}") == b"0/live,{}"
    assert encode_disconnect("/live") == b"1/live,"
    assert encode_event("/", "user:online", b"{}") == b'2["user:online",{}]'
    assert encode_event("/live", "frame", b"{}") == b'2/live,["frame",{}]'
    assert encode_ack("/live", "7", b"{}") == b"3/live,7[{}]"
    assert encode_connect_error("/x", b"{}") == b"4/x,{}"
