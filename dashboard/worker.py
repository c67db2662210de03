"""A worker's side of what it has in common with its supervisor: the sockets it was handed, and the line between the two.

Over the line goes one byte at a time: "r" once it serves, "t" every second that its loop runs.  When the other end is
gone, so is the supervisor, and the worker stops.
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

#: Where a worker finds what its supervisor says to it.
VARIABLE = "DASHBOARD_WORKER"
TICK_S = 1.0
READY, TICK = b"r", b"t"


class Orders(Struct, frozen=True):
    """``number`` counts the workers from 1, ``listening`` and ``line`` are file descriptors, ``restarts`` of this number."""

    number: int
    restarts: int
    listening: list[int]
    line: int


class Worker:
    """Made once, at the start of a process that has a supervisor."""

    def __init__(self, orders: Orders) -> None:
        self.number = orders.number
        self.restarts = orders.restarts
        self.sockets = [socket.socket(fileno=fd) for fd in orders.listening]
        for each in self.sockets:
            each.setblocking(False)
        self._line = socket.socket(fileno=orders.line)
        self._line.setblocking(False)
        faulthandler.register(signal.SIGUSR1, all_threads=True)  # the supervisor asks before it kills

    @classmethod
    def of(cls, text: str) -> Worker:
        """From the variable's text."""
        return cls(msgspec.json.decode(text, type=Orders))

    def say(self, word: bytes) -> None:
        """Tell the supervisor; one that does not listen at the moment is none of our business."""
        with contextlib.suppress(OSError):  # full: it is stopped; broken: watch_supervisor sees to it
            self._line.send(word)

    async def run_ticks(self) -> None:
        """Say that the loop runs, until cancelled."""
        while True:
            self.say(TICK)
            await asyncio.sleep(TICK_S)

    def watch_supervisor(self, on_orphaned: Callable[[], None]) -> None:
        """Call back when the supervisor has gone."""
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
