from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.socketio.engine_packets import SEPARATOR, EnginePacket, EngineType, parse_body, parse_packet


def test_a_packet_is_a_digit_and_its_data() -> None:
    assert parse_packet('42["a"]') == EnginePacket(EngineType.MESSAGE, '2["a"]')
    assert parse_packet("2probe") == EnginePacket(EngineType.PING, "probe")
    assert parse_packet("3").type is EngineType.PONG
    assert parse_packet("1").type is EngineType.CLOSE
    assert parse_packet("5").type is EngineType.UPGRADE


@pytest.mark.parametrize("text", ["", "abc", "0{}", "6", "7", "1x", "5x", "²", "b"])
def test_what_no_client_may_send_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_packet(text)


def test_a_body_holds_packets_in_their_order_and_binary_ones_as_base64() -> None:
    body = SEPARATOR.join(("4a", "bAQID", "3"))
    assert [each.type for each in parse_body(body, max_packets=3)] == [
        EngineType.MESSAGE,
        EngineType.BINARY,
        EngineType.PONG,
    ]


@pytest.mark.parametrize("body", ["", "4a\x1e", "b***", "4a\x1e4b\x1e4c"])
def test_a_body_with_a_wrong_packet_or_too_many_is_refused_whole(body: str) -> None:
    with pytest.raises(Invalid):
        parse_body(body, max_packets=2)
