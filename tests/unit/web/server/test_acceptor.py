"""Acceptor without file descriptors: it waits, logs this once, and continues when there are some."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
from contextlib import ExitStack
from typing import Any

import pytest

from dashboard.web.server.acceptor import Acceptor
from tests.support.nodes import until

pytestmark = pytest.mark.gen_test


class Scarce(socket.socket):
    """A listening socket of a process whose file descriptors may have run out."""

    left = 0

    def accept(self) -> tuple[socket.socket, Any]:
        if not self.left:
            raise OSError(errno.EMFILE, "Too many open files")
        accepted = super().accept()
        self.left -= 1
        return accepted


def listen() -> Scarce:
    listening = Scarce()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    listening.setblocking(False)
    return listening


@pytest.mark.expects_log("allow more open files")
async def test_without_file_descriptors_clients_wait_and_one_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with listen() as listening, socket.create_connection(listening.getsockname()) as client:
        accepted: list[socket.socket] = []
        acceptor = Acceptor(listening, lambda connection, _: accepted.append(connection), lambda: None)
        await until(lambda: acceptor.fault != "")
        await asyncio.sleep(1.2)  # it tries again meanwhile
        assert "Too many open files" in acceptor.fault
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        listening.left = 2
        await until(lambda: len(accepted) == 1)
        assert (acceptor.fault, accepted[0].getpeername()) == ("", client.getsockname())
        accepted[0].close()
        acceptor.stop()


async def test_whoever_stops_accepts_no_more() -> None:
    with listen() as listening:
        listening.left = 2
        accepted: list[socket.socket] = []
        acceptor = Acceptor(listening, lambda connection, _: accepted.append(connection), lambda: None)
        acceptor.stop()
        with socket.create_connection(listening.getsockname()):
            await asyncio.sleep(0.05)
        assert accepted == []


@pytest.mark.expects_log("allow more open files")
async def test_the_last_file_descriptors_are_not_taken_by_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    spared: list[int] = []
    with listen() as listening, ExitStack() as left:
        listening.left = 1_000
        accepted: list[socket.socket] = []
        acceptor = Acceptor(listening, lambda connection, _: accepted.append(connection), lambda: spared.append(1))
        while listening.fileno() < 200 and not spared:
            left.enter_context(socket.create_connection(listening.getsockname()))
            await asyncio.sleep(0.01)
        assert spared
        assert accepted[-1].fileno() >= 56
        assert "hardly any file descriptors" in acceptor.fault
        for each in accepted:
            each.close()
        acceptor.stop()
