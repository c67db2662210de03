"""Real clients of socket.io-client in one process of Node, for asyncio tests."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.deadline import deadline
from tests.support.node_packages import ROOT, node_modules

_DRIVER = ROOT / "tests" / "js" / "socketio-clients.mjs"


class NodeClient:
    """One client. ``heard``: the events that it received, as (event, arguments)."""

    def __init__(self, clients: NodeClients, name: str) -> None:
        self._clients = clients
        self.name = name
        self.heard: list[tuple[str, list[Any]]] = []
        self._taken = 0
        self.acks: dict[int, asyncio.Future[list[Any]]] = {}

    def emit(self, event: str, *args: Any) -> None:
        self._clients.tell(do="emit", client=self.name, event=event, args=args)

    def ask(self, event: str, *args: Any) -> asyncio.Future[list[Any]]:
        """Emit an event with a callback; return the callback's arguments."""
        return self._wait_ack(do="emit", event=event, args=args)

    async def answer(self, event: str, *args: Any) -> Any:
        """Emit an event with a callback; return the callback's only argument."""
        async with deadline(10, f"the answer to {event}"):
            (answer,) = await self.ask(event, *args)
            return answer

    def send_binary(self, event: str) -> asyncio.Future[list[Any]]:
        return self._wait_ack(do="binary", event=event)

    def _wait_ack(self, **command: Any) -> asyncio.Future[list[Any]]:
        number = self._clients.next_ack()
        self.acks[number] = asyncio.get_running_loop().create_future()
        self._clients.tell(client=self.name, ack=number, **command)
        return self.acks[number]

    def order(self, what: str) -> None:
        """Cut the connection, connect or disconnect."""
        self._clients.tell(do=what, client=self.name)

    async def next(self, event: str, **wanted: Any) -> Any:
        """Return the first argument of the next such event (with these values), None if it has none; earlier events count, too."""
        async with deadline(10, f"{event} {wanted or ''} for {self.name}; it heard {self.heard[-5:]}"):
            while True:
                while self._taken == len(self.heard):
                    await self._clients.news.wait()
                name, args = self.heard[self._taken]
                self._taken += 1
                first = args[0] if args else None
                if name == event and all(first.get(key) == value for key, value in wanted.items()):
                    return first

    def told(self, event: str) -> list[Any]:
        """Return the first arguments of all such events so far."""
        return [args[0] for name, args in self.heard if name == event]


class NodeClients:
    """The process and its clients."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._by_name: dict[str, NodeClient] = {}
        self._acks = 0
        self.news = asyncio.Event()

    def next_ack(self) -> int:
        self._acks += 1
        return self._acks

    def tell(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    def open(self, url: str, **options: Any) -> NodeClient:
        """Open a client. ``url`` may end in a namespace."""
        client = NodeClient(self, f"client {len(self._by_name)}")
        self._by_name[client.name] = client
        self.tell(do="open", client=client.name, url=url, options=options)
        return client

    async def read(self) -> None:
        """Pass reports of the process to its clients until it ends."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            client = self._by_name[said["client"]]
            if "ack" in said:
                if not (waiting := client.acks[said["ack"]]).done():  # else nobody waits any more
                    waiting.set_result(said["args"])
            else:
                client.heard.append((said["event"], said["args"]))
                news, self.news = self.news, asyncio.Event()
                news.set()


@asynccontextmanager
async def node_clients() -> AsyncIterator[NodeClients]:
    """Run a process of Node within the block."""
    node = shutil.which("node")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node,
        str(_DRIVER),
        str(node_modules()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    clients = NodeClients(process)
    reading = asyncio.ensure_future(clients.read())
    try:
        yield clients
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await reading
