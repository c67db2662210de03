"""Forwarding of a request to the process that holds its session, over sockets of this process."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from tornado.iostream import IOStream

from dashboard.web.socketio.forwarding import Forwarding
from tests.support.deadline import in_time
from tests.unit.web.server.asked import asked

pytestmark = pytest.mark.gen_test
PLACES = {"node-2": ("tcp:127.0.0.1:9",)}


def forwarding() -> Forwarding:
    return Forwarding(lambda node: PLACES.get(node, ()), None)


def pair() -> tuple[IOStream, IOStream]:
    """Return both ends of a connection."""
    one, other = socket.socketpair()
    one.setblocking(False)
    other.setblocking(False)
    return IOStream(one), IOStream(other)


async def test_a_session_is_held_by_the_process_that_its_id_names() -> None:
    assert forwarding().holder(asked(), "node-2.secret") == PLACES["node-2"]
    assert forwarding().holder(asked(), "gone.secret") == ()


async def test_a_forwarded_request_carries_its_body_and_is_not_forwarded_again() -> None:
    (browser, client), (upstream, holder) = pair(), pair()
    request = asked("/socket.io?sid=node-2.x", "POST", Connection="keep-alive", Cookie="a=b", Content_Length="99")
    joined = asyncio.ensure_future(forwarding().join(request, b"4hello", client, upstream))
    head = (await in_time(holder.read_until(b"\r\n\r\n"), 5)).decode()
    assert head.startswith("POST /socket.io?sid=node-2.x HTTP/1.1\r\nX-Dashboard-Forwarded: 1\r\n")
    assert "Cookie: a=b\r\n" in head
    assert "Connection: close\r\nContent-Length: 6\r\n" in head
    assert "keep-alive" not in head
    assert "99" not in head
    assert await in_time(holder.read_bytes(6), 5) == b"4hello"
    again = asked(X_Dashboard_Forwarded="1")
    assert forwarding().holder(again, "node-2.secret") == ()
    await holder.write(b"HTTP/1.1 200 OK\r\n\r\n")
    assert await in_time(browser.read_until(b"\r\n\r\n"), 5) == b"HTTP/1.1 200 OK\r\n\r\n"
    holder.close()
    await in_time(joined, 5)
    assert client.closed()
    browser.close()


async def test_the_first_address_that_answers_is_taken(tmp_path: Path) -> None:
    assert await forwarding().connect(("tcp:127.0.0.1:1", "unknown")) is None
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stream = await forwarding().connect(("tcp:127.0.0.1:1", f"tcp:127.0.0.1:{listening.getsockname()[1]}"))
        assert stream is not None
        stream.close()
