"""IP addresses of clients: their usual form, and the network that counts as one client for limits."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

#: Longer texts are no addresses that come again; they are not cached.
_MAX_CACHED_CHARACTERS = 64
#: Addresses that a translator gives IPv4 clients (RFC 6052): one /64 for all of them. Anybody may claim such an address, so it
#: never stands for the IPv4 address itself, which may be this machine's or a proxy's.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse an IP address, an IPv4-mapped IPv6 address (``::ffff:``) as IPv4; return None if the text is not an address."""
    return _parsed_once(text) if len(text) <= _MAX_CACHED_CHARACTERS else _parsed_once.__wrapped__(text)


@lru_cache(4_096)
def _parsed_once(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.strip().removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def plain_address(text: str) -> str:
    """Return an IP address in its usual form, an IPv4-mapped IPv6 address as IPv4; empty if the text is not an address."""
    found = _parsed(text)
    return "" if found is None else str(found)


def network_of(address: str) -> str:
    """Return the network that usually belongs to one customer: an IPv4 address, the same by NAT64, or the /64 of an IPv6 address.

    A text that is not an address (of a Unix socket) is returned unchanged.
    """
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found in _NAT64:
            return str(found)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address if found is None else str(found)


def is_loopback_address(text: str) -> bool:
    """Return whether a text is a loopback address, which only this machine can reach."""
    found = _parsed(text)
    return found is not None and found.is_loopback
