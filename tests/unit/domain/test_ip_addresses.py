"""Addresses: each client has one name, whichever form its address has."""

from __future__ import annotations

import pytest

from dashboard.domain.ip_addresses import is_loopback_address, network_of, plain_address


@pytest.mark.parametrize(
    ("text", "address", "network"),
    [
        ("10.0.0.1", "10.0.0.1", "10.0.0.1"),
        (" ::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1"),
        ("::FFFF:0a00:0001", "10.0.0.1", "10.0.0.1"),
        ("[2001:DB8:1:2:3:4:5:6]", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0db8:0001:0002::", "2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("64:ff9b::10.0.0.1", "64:ff9b::a00:1", "64:ff9b::a00:1"),
        ("64:ff9b::10.0.0.2", "64:ff9b::a00:2", "64:ff9b::a00:2"),
        ("", "", ""),
        ("/run/dashboard.sock", "", "/run/dashboard.sock"),
        ("1.2.3", "", "1.2.3"),
    ],
)
def test_one_client_has_one_address_and_one_network(text: str, address: str, network: str) -> None:
    assert (plain_address(text), network_of(text)) == (address, network)


@pytest.mark.parametrize(
    ("text", "is_own"),
    [
        ("127.1.2.3", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("64:ff9b::127.0.0.1", False),
        ("", False),
    ],
)
def test_only_this_machine_has_a_loopback_address(text: str, is_own: bool) -> None:
    assert is_loopback_address(text) is is_own
