"""Prober of all workers: asks again and again whether each is alive and ready, and records the answers and their delays.

It also knows how long a loop was *blocked*: it reads all the time where in the kernel the main thread of each worker
waits (``/proc/PID/wchan``). A loop waits for events and nowhere else; a loop that is late because the machine is busy
does not wait at all. Locks are left out: their holder may itself wait for a core.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.deadline import DeadlinePassed, scaled
from tests.support.http_client import HttpClient
from tests.support.loop_thread import LoopThread
from tests.support.pulse import seconds_since

_EVERY_S = 0.025
#: How often it looks where a loop waits, and for how long one look may stand when the next one is late.
_LOOK_S, _MOST_OF_A_LOOK_S = 0.02, 0.2
#: Where a main thread may wait: for events and locks; "0": it runs, or waits for a core.
_NOT_BLOCKED = re.compile(r"0?$|.*(epoll|ep_poll|futex)")
#: What a loop may be blocked for in all, while Redis is in trouble for seconds: a disk that is busy, a page that is fetched.
MOST_BLOCKED_S = 0.4
#: ``status`` of an answer that did not come in time, and of a connection that failed.
LATE, FAILED = -1, 0


class Alive(NamedTuple):
    """One GET /healthz."""

    at_s: float
    took_s: float
    port: int
    status: int


class Ready(NamedTuple):
    """One GET /readyz."""

    at_s: float
    port: int
    status: int
    checks: dict[str, str]


class Prober:
    """Context manager that probes from its beginning to its end. ``pids``: process ids of the workers at the ports, which stay the same."""

    def __init__(self, ports: Sequence[int], pids: Sequence[int], timeout_s: float = 2) -> None:
        self._ports = ports
        self._pids = dict(zip(ports, pids, strict=True))
        self._timeout_s = scaled(timeout_s)
        self._blocked: dict[int, Counter[str]] = {port: Counter() for port in ports}  # seconds by place in the kernel
        self.alive: list[Alive] = []
        self.ready: list[Ready] = []
        self._thread = LoopThread("prober")
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Prober:
        self._thread.start()
        self._thread.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.close()

    async def _start(self) -> None:
        self._tasks = [asyncio.create_task(work(port)) for port in self._ports for work in (self._ask, self._ask_ready)]
        self._tasks.append(asyncio.create_task(self._look()))

    async def _look(self) -> None:
        """Add up where the workers' loops are blocked."""
        while True:
            began_s = time.monotonic()
            await asyncio.sleep(_LOOK_S)
            passed_s = min(time.monotonic() - began_s, _MOST_OF_A_LOOK_S)
            for port, pid in self._pids.items():
                place = Path(f"/proc/{pid}/wchan").read_text()
                if not _NOT_BLOCKED.match(place):
                    self._blocked[port][place] += passed_s  # type: ignore[assignment]

    async def _ask(self, port: int) -> None:
        client = HttpClient(port, self._timeout_s)
        try:
            while True:
                began = time.monotonic()
                try:
                    status = (await client.request("GET", "/healthz")).status
                except TimeoutError:
                    status = LATE
                except OSError:
                    status = FAILED
                self.alive.append(Alive(began, seconds_since(began), port, status))
                await asyncio.sleep(_EVERY_S)
        finally:
            client.close()

    async def _ask_ready(self, port: int) -> None:
        client = HttpClient(port, self._timeout_s)
        try:
            while True:
                began = time.monotonic()
                try:
                    answer = await client.request("GET", "/readyz")
                    self.ready.append(Ready(began, port, answer.status, json.loads(answer.body).get("checks", {})))
                except (OSError, TimeoutError, ValueError):
                    self.ready.append(Ready(began, port, 0, {}))
                await asyncio.sleep(_EVERY_S)
        finally:
            client.close()

    # --- what other threads ask ---

    def slowest(self, share: float = 0.99, since_s: float = 0) -> float:
        """Return the time within which this share of the GET /healthz was answered."""
        took = sorted(each.took_s for each in self.alive if each.at_s >= since_s)
        return took[min(len(took) - 1, int(share * len(took)))] if took else 0.0

    def blocked_s(self) -> float:
        """Return the total blocked time of the worker that was blocked longest."""
        return max(where.total() for where in self._blocked.values())

    def judge(self) -> None:
        """Check that no loop was blocked, and that each GET /healthz was answered 200 in time.

        A blocked loop is a fault, not a deadline: trouble of Redis must block nothing.
        """
        for where in self._blocked.values():
            assert where.total() < MOST_BLOCKED_S, f"the loop of a worker was blocked, in seconds by place: {where}"
        wrong = [each for each in self.alive if each.status not in (200, LATE)]
        assert not wrong, f"GET /healthz was not answered 200: {wrong[:5]}"
        if late := sum(each.status == LATE for each in self.alive):
            raise DeadlinePassed(f"GET /healthz was not answered within {self._timeout_s:g} s, {late} times")

    def complained(self, port: int, about: str, since_s: float = 0) -> bool:
        """Return whether /readyz of the worker at this port was 503 and named this check."""
        return any(
            each.status == 503 and each.checks.get(about, "ok") != "ok"
            for each in self.ready
            if each.port == port and each.at_s >= since_s
        )

    def is_ready(self, port: int) -> bool:
        """Return whether the last /readyz was 200."""
        mine = [each for each in self.ready if each.port == port]
        return bool(mine) and mine[-1].status == 200
