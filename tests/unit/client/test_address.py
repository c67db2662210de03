from __future__ import annotations

import pytest

from dashboard.client.address import Address, authorization


@pytest.mark.parametrize(
    ("url", "expected", "host_header"),
    [
        ("http://localhost:8888", Address(False, "localhost", 8888), "localhost:8888"),
        ("http://example.org/", Address(False, "example.org", 80), "example.org"),
        ("https://example.org/dash/", Address(True, "example.org", 443, "/dash"), "example.org"),
        ("https://[::1]:8443", Address(True, "::1", 8443), "[::1]:8443"),
        ("http://bücher.example", Address(False, "xn--bcher-kva.example", 80), "xn--bcher-kva.example"),
    ],
)
def test_a_url_is_taken_apart(url: str, expected: Address, host_header: str) -> None:
    address = Address.of(url)
    assert address == expected
    assert address.host_header == host_header


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8888",
        "ftp://x",
        "http://",
        "http://x?a=1",
        "http://x#a",
        "http://u:p@x",
        "http://x/ü",
        "http://x/a b",
    ],
)
def test_what_is_no_servers_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Address.of(url)


def test_a_token_becomes_a_header_if_it_can() -> None:
    assert authorization("abc") == {"Authorization": "Bearer abc"}
    assert authorization(None) == authorization("") == {}
    for token in ("a b", "ü", "a\n"):
        with pytest.raises(ValueError, match="printable"):
            authorization(token)
