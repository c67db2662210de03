"""Asks every worker all the time whether it is alive and ready, and keeps what it was told and how long that took."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests.support.http_client import HttpClient
from tests.support.loop_thread import LoopThread
from tests.support.pulse import seconds_since

_EVERY_S = 0.025
#: An answer that takes longer than this was held up.
_HELD_UP_S = 1.0


class Alive(NamedTuple):
    """One GET /healthz; ``status`` 0: no answer."""

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
    """A context manager; asks from its beginning to its end."""

    def __init__(self, ports: Sequence[int], timeout_s: float = 2) -> None:
        self._ports = ports
        self._timeout_s = timeout_s
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

    async def _ask(self, port: int) -> None:
        client = HttpClient(port, self._timeout_s)
        try:
            while True:
                began = time.monotonic()
                try:
                    status = (await client.request("GET", "/healthz")).status
                except (OSError, TimeoutError):
                    status = 0
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
        """The time within which this share of GET /healthz was answered."""
        took = sorted(each.took_s for each in self.alive if each.at_s >= since_s)
        return took[min(len(took) - 1, int(share * len(took)))] if took else 0.0

    def held_up_s(self) -> float:
        """How long, in all, the worker that was held up the longest did not answer GET /healthz as it should."""
        late = [each for each in self.alive if each.took_s > _HELD_UP_S]
        return max(sum(each.took_s for each in late if each.port == port) for port in self._ports)

    def unanswered(self, since_s: float = 0) -> int:
        """GET /healthz without a 200."""
        return sum(each.status != 200 for each in self.alive if each.at_s >= since_s)

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
