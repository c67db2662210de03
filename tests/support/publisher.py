"""A feeder that keeps a log: it posts batches with an Idempotency-Key, again and again until they are acked.

Shares no code with the server. Each *lane* has its own series and posts one batch at a time; the n-th batch gives each
series the value n, at a new time. So the log says exactly which values of a series were acked, in which order, when,
and after how many tries.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from tests.support.http_client import Answer, HttpClient, Refused, StaleConnection
from tests.support.loop_thread import LoopThread
from tests.support.pulse import seconds_since
from tests.support.server import wait_until

PREFIX = "load."
_AGAIN_S = 0.1


class Batch(NamedTuple):
    """Batch ``number`` of a lane. Times are monotonic, except ``t_ms``."""

    number: int
    t_ms: int
    began_s: float
    acked_s: float
    tries: int


class Try(NamedTuple):
    """One request: ``outcome`` is the status, or "refused", "reset", "stale", "timeout"."""

    at_s: float
    took_s: float
    outcome: str
    retry_after: bool


class Lane:
    """One lane. ``acked``: its log; ``pending``: the batch under way."""

    def __init__(self, number: int, series: int) -> None:
        self.number = number
        self.series = [f"{PREFIX}{number}.{each}" for each in range(series)]
        self.acked: list[Batch] = []
        self.pending: int = 0
        self._last_ms = 0

    def next_ms(self) -> int:
        """Return the present time, but a later time than that of the batch before."""
        self._last_ms = max(int(time.time() * 1000), self._last_ms + 1)
        return self._last_ms

    def body(self, value: int, t_ms: int) -> bytes:
        """Return a batch as JSON."""
        return json.dumps([{"series": each, "value": value, "t": t_ms} for each in self.series]).encode()


class Publisher:
    """Context manager that feeds ``lanes`` × ``series`` series, each ``per_s`` times a second.

    ``timeout_s``: how long it waits for an answer. ``loyal``: each lane sends the first try of each batch to its own port.
    """

    def __init__(
        self,
        ports: Sequence[int],
        chance: random.Random,
        *,
        lanes: int = 5,
        series: int = 50,
        per_s: float = 4,
        timeout_s: float = 8,
        loyal: bool = False,
    ) -> None:
        self._ports = ports
        self._per_s = per_s
        self._timeout_s = timeout_s
        self._loyal = loyal
        self._name = f"{chance.getrandbits(64):016x}"
        self.lanes = [Lane(number, series) for number in range(lanes)]
        self.tries: list[Try] = []
        self._thread = LoopThread("publisher")
        self._tasks: list[asyncio.Task[None]] = []
        self._going = asyncio.Event()
        self.failure: BaseException | None = None

    def __enter__(self) -> Publisher:
        self._thread.start()
        self._thread.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.close()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Send no batches during the block, which begins when the last batches are acked."""
        self._thread.soon(self._going.clear)
        try:
            wait_until(lambda: self.failure or not (self._going.is_set() or self._under_way()), 20, "the last acks")
            if self.failure is not None:
                raise self.failure
            yield
        finally:
            self._thread.soon(self._going.set)

    def _under_way(self) -> bool:
        return any(lane.pending for lane in self.lanes)

    async def _start(self) -> None:
        self._going.set()
        self._tasks = [asyncio.create_task(self._run(lane)) for lane in self.lanes]

    async def _run(self, lane: Lane) -> None:
        loop = asyncio.get_running_loop()
        client = HttpClient(self._home(lane), self._timeout_s)
        due = loop.time() + lane.number / (self._per_s * len(self.lanes))
        try:
            while True:
                await self._going.wait()
                await self._deliver(lane, client)
                due = max(due + 1 / self._per_s, loop.time() - 1 / self._per_s)
                await asyncio.sleep(max(0, due - loop.time()))
        except Exception as error:
            self.failure = error
        finally:
            client.close()

    def _home(self, lane: Lane) -> int:
        return self._ports[lane.number % len(self._ports)]

    async def _deliver(self, lane: Lane, client: HttpClient) -> None:
        """Send one batch, with the same key until it is acked."""
        number, t_ms, began_s, tries = len(lane.acked) + 1, lane.next_ms(), time.monotonic(), 0
        client.port = self._home(lane) if self._loyal else client.port
        lane.pending = number  # not an await away from the look at ``_going``
        body, key = lane.body(number, t_ms), f"{self._name}-{lane.number}-{number}"
        while True:
            tries += 1
            outcome = await self._post(client, body, key)
            if outcome == "202":
                break
            if outcome != "stale":  # on to the next: by chance it might be the same again and again
                client.port = self._ports[(self._ports.index(client.port) + 1) % len(self._ports)]
                await asyncio.sleep(_AGAIN_S)
        lane.acked.append(Batch(number, t_ms, began_s, time.monotonic(), tries))
        lane.pending = 0

    async def _post(self, client: HttpClient, body: bytes, key: str) -> str:
        began, retry_after = time.monotonic(), False
        try:
            answer: Answer = await client.request("POST", "/api/v1/samples", body, {"Idempotency-Key": key})
            outcome, retry_after = str(answer.status), "retry-after" in answer.headers
            if answer.status == 400:
                raise AssertionError(f"refused: {answer.body[:300]!r}")
        except StaleConnection:
            outcome = "stale"
        except Refused:
            outcome = "refused"
        except TimeoutError:
            outcome = "timeout"
        except OSError:
            outcome = "reset"
        self.tries.append(Try(began, seconds_since(began), outcome, retry_after))
        return outcome

    # --- what other threads ask ---

    @property
    def series(self) -> list[str]:
        """Return all series."""
        return [each for lane in self.lanes for each in lane.series]

    def last_acked(self) -> dict[str, int]:
        """Return the last acked value of each series."""
        return {each: len(lane.acked) for lane in self.lanes for each in lane.series}

    def log_of(self, lane: Lane) -> list[tuple[int, float]]:
        """Return (t, value) of the acked samples of a series."""
        return [(batch.t_ms, float(batch.number)) for batch in lane.acked]

    def outcomes(self, since_s: float = 0, until_s: float = float("inf")) -> Counter[str]:
        """Return how often each outcome occurred."""
        return Counter(each.outcome for each in self.tries if since_s <= each.at_s <= until_s)

    def acked_between(self, since_s: float, until_s: float) -> int:
        """Return the batches acked between two times."""
        return sum(since_s <= batch.acked_s <= until_s for lane in self.lanes for batch in lane.acked)
