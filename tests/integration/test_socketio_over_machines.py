"""Socket.IO on two machines that share Redis and the store: requests reach the machine that holds their session by ``node_host``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.cluster import free_ports
from tests.support.redis_server import RedisServer
from tests.support.server import ServerProcess
from tests.support.socketio_clients import node_clients
from tests.support.socketio_http import use_through_another

pytestmark = pytest.mark.gen_test


class Machines(NamedTuple):
    """Ports of two servers, each with a data folder."""

    one: int
    two: int


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("machines")
    first = free_ports(4)
    redis = RedisServer(folder / "redis").start()
    servers = [
        ServerProcess(
            folder / name,
            *("--redis", redis.url, "--store", f"sqlite:///{folder / 'people.sqlite3'}"),
            *("--secret", "s" * 48, "--node-host", "127.0.0.1", "--direct-port", str(first + 2 + number)),
            *("--no-host-feeder", "--no-server-feeder"),
            port=first + number,
        )
        for number, name in enumerate(("one", "two"))
    ]
    try:
        for server in servers:
            server.start()
            _hide_unix_sockets(server.folder / "data")
        yield Machines(*(server.port for server in servers))
    finally:
        for server in servers:
            server.close()
        redis.close()


def _hide_unix_sockets(data: Path) -> None:
    """Hide the UNIX sockets: a process on another machine could not open them."""
    for path in data.glob("node-*.sock"):
        path.unlink()


async def test_polls_bodies_and_upgrades_reach_the_machine_that_holds_the_session(machines: Machines) -> None:
    await use_through_another(machines.one, machines.two, {"id": "ann", "username": "Ann"})
    await use_through_another(machines.two, machines.one, {"id": "bob", "username": "Bob"})


async def test_a_client_whose_requests_are_spread_over_the_machines_talks_with_everybody(machines: Machines) -> None:
    turns = cycle(machines)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def spread(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection("127.0.0.1", next(turns))
        await asyncio.gather(carry(reader, to_there), carry(there, writer))

    balancer = await asyncio.start_server(spread, "127.0.0.1", 0)
    port = balancer.sockets[0].getsockname()[1]
    try:
        async with node_clients() as clients:
            people = [
                clients.open(f"http://127.0.0.1:{port}", transports=transports)
                for transports in (["polling", "websocket"], ["polling"], ["websocket"], ["websocket"])
            ]
            for number, each in enumerate(people):
                assert (await each.answer("auth", {"id": f"u{number}", "username": f"U{number}"}))["success"]
                assert (await each.answer("room:join", "host"))["success"]
            stored = [(await each.answer("chat:message", {"roomId": "host", "text": "x"}))["id"] for each in people]
            for each in people:
                heard = [await each.next("chat:message") for _ in stored]
                assert [message["id"] for message in heard] == stored
    finally:
        balancer.close()
