"""Table of HTTP connections: which are closed when there are too many, and whose answers are not read."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

import pytest
from tornado.iostream import IOStream

from dashboard.domain.counters import Counters
from dashboard.web.server.http_connections import HttpConnections

pytestmark = pytest.mark.gen_test


class Stand:
    def __init__(self, **bounds: int) -> None:
        self.now_s = 100.0
        self.counters = Counters()
        chosen = {"max_idle": 100, "max_unread_bytes": 1 << 30, "answer_timeout_s": 10, "idle_timeout_s": 120} | bounds
        self.table = HttpConnections(**chosen, counters=self.counters, monotonic=lambda: self.now_s)
        self.left = ExitStack()

    def open(self, network: str = "10.0.0.1") -> tuple[IOStream, socket.socket]:
        ours, theirs = socket.socketpair()
        self.left.enter_context(theirs)
        stream = IOStream(ours)
        self.left.callback(stream.close)
        self.table.open(stream, network)
        return stream, theirs

    def answer(self, stream: IOStream, size: int) -> None:
        stream.write(bytes(size))
        if stream.writing():
            self.table.wrote(stream)

    def check_at(self, now_s: float) -> None:
        self.now_s = now_s
        self.table.check()


@asynccontextmanager
async def standing(**bounds: int) -> AsyncIterator[Stand]:
    """Close all connections at the end, while the loop still runs."""
    stand = Stand(**bounds)
    with stand.left:
        yield stand


async def test_the_oldest_idle_connection_is_closed_first() -> None:
    async with standing(max_idle=2) as stand:
        (first, _), (second, peer), (third, _) = stand.open(), stand.open(), stand.open()
        for stream in (first, second, third):
            stand.table.wait(stream)
        assert [first.closed(), second.closed(), third.closed()] == [True, False, False]
        stand.table.begin(third)  # a request has come
        fourth, _ = stand.open()
        stand.table.wait(fourth)
        assert stand.table.idle_count == 2
        peer.send(b"G")  # what has just sent something is left alone
        fifth, _ = stand.open()
        stand.table.wait(fifth)
        assert [second.closed(), fourth.closed(), fifth.closed()] == [False, True, False]
        assert stand.counters.http_closed == {"idle": 2}


async def test_a_replaced_connection_keeps_its_place() -> None:
    async with standing(max_idle=2) as stand:
        (first, _), (second, _), (later, _) = stand.open(), stand.open(), stand.open()
        for stream in (first, second):
            stand.table.wait(stream)
        stand.table.replace(first, later)
        assert (stand.table.is_idle(first), stand.table.is_idle(later), len(stand.table)) == (False, True, 2)
        fourth, _ = stand.open()
        stand.table.wait(fourth)
        assert [later.closed(), second.closed()] == [True, False]


async def test_without_descriptors_idle_connections_make_room() -> None:
    async with standing() as stand:
        streams = [stand.open()[0] for _ in range(40)]
        for stream in streams:
            stand.table.wait(stream)
        stand.table.make_room()
        assert [stream.closed() for stream in streams] == [True] * 32 + [False] * 8
        stand.table.make_room()
        stand.table.make_room()  # there is nothing left to close
        assert stand.table.idle_count == 0


async def test_a_connection_that_is_idle_for_too_long_is_closed() -> None:
    async with standing() as stand:
        (busy, _), (idle, _), (sending, peer) = stand.open(), stand.open(), stand.open()
        for stream in (busy, idle, sending):
            stand.table.wait(stream)
        stand.table.begin(busy)
        stand.check_at(219)
        assert not idle.closed()
        peer.send(b"G")  # a request is arriving
        stand.now_s = 219.5
        stand.table.wait(busy)  # it has been answered
        stand.check_at(220)
        assert [busy.closed(), idle.closed(), sending.closed()] == [False, True, False]
        stand.check_at(339.5)
        assert busy.closed()


async def test_a_client_that_takes_nothing_is_closed() -> None:
    async with standing() as stand:
        stream, _ = stand.open()
        stand.answer(stream, 8 << 20)
        stand.check_at(109)
        assert not stream.closed()
        stand.check_at(110)
        assert (stream.closed(), stand.counters.http_closed, stand.table.unread_bytes) == (True, {"slow": 1}, 0)


async def test_a_client_may_be_slow_but_not_for_ever() -> None:
    async with standing() as stand:
        stream, peer = stand.open()
        stand.answer(stream, 4 << 20)  # 10 s, and 256 s at 16 KiB a second
        for now_s in range(101, 366):
            peer.recv(8_192)
            await asyncio.sleep(0)
            stand.check_at(now_s)
            assert not stream.closed(), now_s
        stand.check_at(367)
        assert stream.closed()


async def test_who_reads_to_the_end_is_left_alone() -> None:
    async with standing() as stand:
        stream, peer = stand.open()
        stand.answer(stream, 1 << 20)
        assert stand.table.unread_bytes > 0
        left = 1 << 20
        while left:
            left -= len(peer.recv(65_536))
            await asyncio.sleep(0)
        stand.check_at(200)
        assert (stream.closed(), stand.table.unread_bytes) == (False, 0)


async def test_the_greediest_network_pays_when_all_have_too_much_to_read() -> None:
    async with standing(max_unread_bytes=20 << 20) as stand:
        honest, _ = stand.open("10.0.0.2")
        stand.answer(honest, 9 << 20)
        greedy = [stand.open("10.0.0.1")[0] for _ in range(4)]
        for size, stream in zip((3, 5, 3, 4), greedy, strict=True):
            stand.answer(stream, size << 20)
        assert not honest.closed()
        assert [stream.closed() for stream in greedy] == [False, True, False, False]
        assert stand.table.unread_bytes <= 20 << 20


async def test_a_websocket_is_no_longer_in_the_table() -> None:
    async with standing() as stand:
        stream, _ = stand.open()
        stand.table.wait(stream)
        stand.table.forget(stream)
        stand.answer(stream, 8 << 20)
        stand.check_at(1_000)
        assert (stream.closed(), len(stand.table), stand.table.idle_count) == (False, 0, 0)


async def test_a_connection_whose_request_has_begun_to_arrive_is_not_idle() -> None:
    async with standing() as stand:
        stream, peer = stand.open()
        stand.table.wait(stream)
        block = asyncio.ensure_future(stream.read_until(b"\r\n\r\n"))
        peer.send(b"POST /write HTTP/1.1\r\nHo")
        while not stream._read_buffer:
            await asyncio.sleep(0.001)
        stand.check_at(400.0)
        assert not stream.closed()
        peer.send(b"st: a\r\n\r\n")
        assert (await block).endswith(b"Host: a\r\n\r\n")
