"""Worker's side of the link to its supervisor: the sockets and the table of addresses that it inherits, and a socket pair ("line").

The worker sends one byte at a time: "r" once it serves, "t" every second that its event loop runs.  The line closes when the
supervisor has ended; the worker then stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import signal
import socket
from collections.abc import Callable

import msgspec
from msgspec import Struct

from dashboard.address_counts import AddressCounts

#: Environment variable with the worker's ``Orders`` as JSON.
VARIABLE = "DASHBOARD_WORKER"
TICK_S = 1.0
READY, TICK = b"r", b"t"


class Orders(Struct, frozen=True):
    """Instructions of the supervisor. ``number``: the worker's number, from 1; ``restarts``: restarts of that worker so far.

    ``listening``, ``line``: descriptors of the inherited sockets. ``addresses``: descriptor of the shared ``AddressCounts``;
    ``columns``: number of its columns; ``column``: this worker's column.
    """

    number: int
    restarts: int
    listening: list[int]
    line: int
    addresses: int
    column: int
    columns: int


class Worker:
    """Link to the supervisor, created once at the start of a worker process."""

    def __init__(self, orders: Orders) -> None:
        self.number = orders.number
        self.restarts = orders.restarts
        self.sockets = [socket.socket(fileno=fd) for fd in orders.listening]
        for each in self.sockets:
            each.setblocking(False)
        self.addresses = AddressCounts.shared(orders.addresses, orders.column, orders.columns)
        self._line = socket.socket(fileno=orders.line)
        self._line.setblocking(False)
        faulthandler.register(signal.SIGUSR1, all_threads=True)  # the supervisor requests the stacks before it kills

    @classmethod
    def of(cls, text: str) -> Worker:
        """Create a worker from the text of the environment variable ``VARIABLE``, JSON of ``Orders``."""
        return cls(msgspec.json.decode(text, type=Orders))

    def say(self, word: bytes) -> None:
        """Send a byte to the supervisor; a full or broken line is ignored."""
        with contextlib.suppress(OSError):  # full: the supervisor is suspended; broken: watch_supervisor handles it
            self._line.send(word)

    async def run_ticks(self) -> None:
        """Send a tick every second until cancelled."""
        while True:
            self.say(TICK)
            await asyncio.sleep(TICK_S)

    def watch_supervisor(self, on_orphaned: Callable[[], None]) -> None:
        """Call ``on_orphaned`` when the supervisor has ended."""
        loop = asyncio.get_running_loop()

        def readable() -> None:
            try:
                gone = not self._line.recv(64)
            except BlockingIOError:
                return
            except OSError:
                gone = True
            if gone:
                loop.remove_reader(self._line)
                on_orphaned()

        loop.add_reader(self._line, readable)
