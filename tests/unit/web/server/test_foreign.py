"""Other protocols on the HTTP port: the refusal of each says what to change."""

from __future__ import annotations

import pytest

from dashboard.web.server.foreign import NOT_HTTP, is_no_http, reason_against


@pytest.mark.parametrize(
    ("begun", "word", "at_once"),
    [
        (b"put sys.cpu 1700000000 1 host=a\n", "OpenTSDB", True),
        (b"version\r\n", "OpenTSDB", True),
        (bytes.fromhex("1603010200010001fc0303"), "TLS", True),
        (b"\x10\x11\x00\x04MQTT\x04\x02", "MQTT", True),
        (b"\x10\x8a\x01\x00\x06MQIsdp\x03", "MQTT", True),
        (b"PROXY TCP6 ::1 ::1 1 2\r\n", "PROXY", False),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", "PROXY", False),
        (b"shop.orders:1|c", "StatsD", True),
        (b"web.load;site=a 1.5 1700000000\n", "Graphite", True),
        (b"Web.load -1 -1\n", "Graphite", False),
        (b"cpu,host=a v=1\n", "not HTTP/1.1", True),
        (b"GET / HTTP/1.1\r\n", "not HTTP/1.1", False),
        (b"", "not HTTP/1.1", True),
    ],
)
def test_a_protocol_is_known_by_its_first_bytes(begun: bytes, word: str, at_once: bool) -> None:
    assert word in reason_against(begun)
    assert is_no_http(begun[:1]) == at_once
    assert (reason_against(begun) == NOT_HTTP) == (word == "not HTTP/1.1")
