"""Asks every worker all the time whether it is alive and ready, and keeps what it was told and how long that took.

It also knows how long a worker was *blocked*: answered late although it neither computed nor waited for a core. That is
the difference between a loop that waits for something else and a machine that is busy.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.deadline import scaled, within
from tests.support.http_client import HttpClient
from tests.support.loop_thread import LoopThread
from tests.support.pulse import seconds_since

_EVERY_S = 0.025
#: Below this a late answer does not count as blocked: other things than a wait in the loop take so long.
_BLOCKED_S = 0.15
#: What a loop may be blocked for in all, while Redis is in trouble for seconds: a disk that is busy, a page that is fetched.
MOST_BLOCKED_S = 0.6
#: How often the prober's own loop looks whether it is late itself.
_BEAT_S = 0.01
#: ``status`` of an answer that did not come in time, and of a connection that failed.
LATE, FAILED = -1, 0


class Alive(NamedTuple):
    """One GET /healthz; ``blocked_s``: of ``took_s``, the time that neither the worker's nor the prober's core explains."""

    at_s: float
    took_s: float
    port: int
    status: int
    blocked_s: float


class Ready(NamedTuple):
    """One GET /readyz."""

    at_s: float
    port: int
    status: int
    checks: dict[str, str]


class Prober:
    """A context manager; asks from its beginning to its end. ``pids``: of the workers at the ports, which stay the same."""

    def __init__(self, ports: Sequence[int], pids: Sequence[int], timeout_s: float = 2) -> None:
        self._ports = ports
        self._pids = dict(zip(ports, pids, strict=True))
        self._timeout_s = scaled(timeout_s)
        self._own_delay_s = 0.0
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
        self._tasks.append(asyncio.create_task(self._beat()))

    async def _beat(self) -> None:
        """Sum up by how much this loop is late itself."""
        while True:
            began_s = time.monotonic()
            await asyncio.sleep(_BEAT_S)
            self._own_delay_s += max(0.0, time.monotonic() - began_s - _BEAT_S)

    async def _ask(self, port: int) -> None:
        client = HttpClient(port, self._timeout_s)
        try:
            while True:
                began, explained_s = time.monotonic(), self._explained_s(port)
                try:
                    status = (await client.request("GET", "/healthz")).status
                except TimeoutError:
                    status = LATE
                except OSError:
                    status = FAILED
                took_s = seconds_since(began)
                for _ in range(3):  # let the beat note first how late this loop was
                    await asyncio.sleep(0)
                blocked_s = took_s - (self._explained_s(port) - explained_s)
                self.alive.append(Alive(began, took_s, port, status, blocked_s if blocked_s > _BLOCKED_S else 0.0))
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
        """The time within which this share of GET /healthz was answered."""
        took = sorted(each.took_s for each in self.alive if each.at_s >= since_s)
        return took[min(len(took) - 1, int(share * len(took)))] if took else 0.0

    def blocked_s(self) -> float:
        """How long, in all, the worker that was blocked the longest was blocked."""
        return max(sum(each.blocked_s for each in self.alive if each.port == port) for port in self._ports)

    def judge(self) -> None:
        """Each GET /healthz was answered 200, and in time; no loop was blocked. Of the latter the promise is that Redis'
        trouble holds up nothing, so a blocked loop is a fault and not a deadline."""
        blocked_s = self.blocked_s()
        assert blocked_s < MOST_BLOCKED_S, f"the loop of a worker was blocked for {blocked_s:.2f} s in all"
        wrong = [each for each in self.alive if each.status not in (200, LATE)]
        assert not wrong, f"GET /healthz was not answered 200: {wrong[:5]}"
        late = [each.took_s for each in self.alive if each.status == LATE]
        within(max(late, default=0.0), 0.99 * self._timeout_s / scaled(1), "GET /healthz is answered")

    def _explained_s(self, port: int) -> float:
        """CPU time and wait for a core of a worker's main thread so far, and how late this loop was itself."""
        running, waiting, _ = Path(f"/proc/{self._pids[port]}/schedstat").read_text().split()
        return (int(running) + int(waiting)) / 1e9 + self._own_delay_s

    def complained(self, port: int, about: str, since_s: float = 0) -> bool:
        """Whether /readyz of the worker at this port said 503 and named this check."""
        return any(
            each.status == 503 and each.checks.get(about, "ok") != "ok"
            for each in self.ready
            if each.port == port and each.at_s >= since_s
        )

    def is_ready(self, port: int) -> bool:
        """What /readyz said last."""
        mine = [each for each in self.ready if each.port == port]
        return bool(mine) and mine[-1].status == 200
