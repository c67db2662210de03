"""Connections over IPv6: the places of an address are those of its network of 64 bits, also behind a proxy."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest

from dashboard.app.build import Dashboard
from tests.support.inprocess import running
from tests.support.site import SECRET

pytestmark = pytest.mark.gen_test
_HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: {}\r\nX-Forwarded-Proto: https\r\n\r\n"
)


def server(*proxies: str) -> AbstractAsyncContextManager[Dashboard]:
    return running(host="::1", login="required", secret=SECRET, proxies=proxies, max_anonymous_per_address=2)


async def accepted(port: int, *addresses: str) -> list[bool]:
    """Open a WebSocket over IPv6 for each address in X-Forwarded-For; return which the server accepted while all were open."""
    found = []
    async with AsyncExitStack() as left:
        for address in addresses:
            reader, writer = await asyncio.open_connection("::1", port)
            left.push_async_callback(writer.wait_closed)
            left.callback(writer.close)
            writer.write(_HANDSHAKE.format(address).encode())
            found.append(b" 101 " in await reader.readline())
    return found


async def test_addresses_of_one_network_share_their_places() -> None:
    async with server("::1") as at:
        one_network = ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:3:4:5:6")
        assert await accepted(at.port, *one_network, "2001:db8:1:3::1") == [True, True, False, True]


async def test_connections_over_ipv6_itself_are_counted() -> None:
    async with server() as at:
        # without a proxy nobody believes the header
        assert await accepted(at.port, "", "", "2001:db8::1") == [True, True, False]
