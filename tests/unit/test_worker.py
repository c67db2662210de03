"""A worker's end of the line to its supervisor, over a real pair of sockets."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import socket
from collections.abc import Iterator

import msgspec
import pytest

from dashboard.address_counts import AddressCounts, make_shared
from dashboard.worker import READY, TICK, Orders, Worker
from tests.support.nodes import at_work, until

pytestmark = pytest.mark.gen_test


class Parent:
    """The supervisor's side: its end of the line, a listening socket, and the table of addresses."""

    def __init__(self) -> None:
        self.line, theirs = socket.socketpair()
        self.line.setblocking(False)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.addresses = make_shared(2)
        orders = Orders(3, 5, [os.dup(listening.fileno())], theirs.detach(), self.addresses, 1, 2)
        listening.close()
        self.worker = Worker.of(msgspec.json.encode(orders).decode())

    def heard(self) -> bytes:
        try:
            return self.line.recv(64)
        except BlockingIOError:
            return b""


@pytest.fixture
def parent() -> Iterator[Parent]:
    made = Parent()
    yield made
    made.line.close()
    for each in (*made.worker.sockets, made.worker._line):
        each.close()
    os.close(made.addresses)
    faulthandler.unregister(signal.SIGUSR1)


async def test_a_worker_has_what_its_orders_name(parent: Parent) -> None:
    worker = parent.worker
    assert (worker.number, worker.restarts) == (3, 5)
    assert worker.sockets[0].getsockname()[0] == "127.0.0.1"
    assert worker.addresses.take("10.0.0.0/24", 1)
    assert AddressCounts.shared(parent.addresses, 0, 2).total("10.0.0.0/24") == 1


async def test_a_worker_says_that_it_serves_and_that_its_loop_runs(parent: Parent) -> None:
    parent.worker.say(READY)
    assert parent.heard() == READY
    async with at_work(parent.worker.run_ticks):
        await asyncio.sleep(0)
        assert parent.heard() == TICK


async def test_a_worker_without_its_supervisor_is_told_once(parent: Parent) -> None:
    told = list[int]()
    parent.worker.watch_supervisor(lambda: told.append(1))
    parent.line.send(b"x")  # a word is no end
    await asyncio.sleep(0)
    assert told == []
    parent.line.close()
    await until(lambda: bool(told))
    parent.worker.say(TICK)  # nobody hears it any more
    await asyncio.sleep(0)
    assert told == [1]
