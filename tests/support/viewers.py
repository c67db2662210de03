"""Many oracles that connect again whenever they are cut off, as docs/protocol.md tells clients to, on one loop in its own thread."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.support.deadline import scaled
from tests.support.loop_thread import LoopThread
from tests.support.oracle import Oracle, Order, Verdict
from tests.support.pulse import seconds_between
from tests.support.ws_client import WebSocketClient

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_LOOK_EVERY_S = 0.25
#: Heard nothing for so long: ask whether the server is there; no answer for as long again: connect anew.
_QUIET_S = 2.0
_ANSWER_S = 5.0


class Kind(NamedTuple):
    """``count`` viewers of ``selectors``, which match ``series`` series; ``ports``: where each may connect.

    ``full``: they compare places with others. ``hasty``: they connect to a worker's own port and try twice a second.
    """

    name: str
    count: int
    ports: Sequence[int]
    selectors: list[str]
    series: int
    rate_hz: float = 10
    full: bool = False
    hasty: bool = False


class Return(NamedTuple):
    """Return of a viewer that lost its connection, until it was answered again. Times are monotonic."""

    viewer: str
    lost_s: float
    back_s: float
    code: int
    tries: int

    @property
    def took_s(self) -> float:
        """Seconds without an answer."""
        return seconds_between(self.lost_s, self.back_s)


@dataclass
class Mark:
    """Time (ms since 1970) from which samples count as new; ``began_s`` is the same time, monotonic."""

    t_ms: int
    began_s: float


class Viewer:
    """One client with its oracle."""

    def __init__(self, oracle: Oracle, kind: Kind, chance: random.Random) -> None:
        self.oracle = oracle
        self._kind = kind
        self._chance = chance
        self._client: WebSocketClient | None = None
        self._ended = asyncio.Event()
        self._lost_s = 0.0
        self._code = 0
        self._tries = 0
        self._heard_s = self._asked_s = 0.0
        self.returns: list[Return] = []
        self.codes: list[int] = []
        self.degraded = False

    @property
    def name(self) -> str:
        return self.oracle.name

    @property
    def kind(self) -> Kind:
        return self._kind

    @property
    def away_s(self) -> float:
        """Time (monotonic) of the loss of its connection; 0: it is connected and was answered."""
        return self._lost_s

    async def run(self) -> None:
        """Connect, watch, and connect again whenever that ends, until cancelled."""
        try:
            while True:
                if await self._connect():
                    await self._ended.wait()
                    self._client = None
                pause = _FIRST_PAUSE_S if self._kind.hasty else min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**self._tries)
                self._tries += 1
                await asyncio.sleep(self._chance.uniform(0, pause))
        finally:
            if self._client is not None:
                self._client.drop()

    async def _connect(self) -> bool:
        self._ended.clear()
        try:
            port = self._chance.choice(self._kind.ports)
            self._client = await WebSocketClient.connect(port, self._take, self._on_end)
        except (OSError, TimeoutError):
            return False
        kind = self._kind
        asked: dict[str, Any] = {"selectors": kind.selectors, "rate_hz": kind.rate_hz, "points": 10_000}
        if self.oracle.position:
            asked["since"] = self.oracle.position
            self.oracle.asked_since = True
        self._asked_s = self._heard_s = time.monotonic()
        self._client.send(type="watch", id=1, window_s=600, **asked)
        return True

    def _take(self, message: dict[str, Any]) -> None:
        self._heard_s = time.monotonic()
        kind = message["type"]
        if kind in ("welcome", "degraded"):
            self.degraded = bool(message.get("degraded") if kind == "welcome" else message.get("reason"))
            return
        try:
            self.oracle.take(message)
        except Exception as error:
            self.oracle.verdict.accuse(
                self.name, f"SET-UP: the oracle itself failed: {error!r} at {str(message)[:200]}"
            )
        if message.get("id") == 1 and kind in ("frame", "snapshot", "gap"):
            self._note_return()

    def _note_return(self) -> None:
        if self._lost_s:
            self.returns.append(Return(self.name, self._lost_s, time.monotonic(), self._code, self._tries))
        self._lost_s, self._tries = 0.0, 0

    def _on_end(self, code: int) -> None:
        self.codes.append(code)
        if not self._lost_s:
            self._lost_s, self._code = time.monotonic(), code
        if 4500 <= code < 5000 or code in (1002, 1003, 1007, 1009):
            self.oracle.verdict.accuse(self.name, f"closed with {code}")
        self._ended.set()

    def look(self, now_s: float) -> None:
        """Ping a server that sends nothing; leave a server that does not answer."""
        if self._client is None or self._ended.is_set():
            return
        quiet_s = now_s - self._heard_s
        if quiet_s > scaled(_ANSWER_S):
            self._client.drop()
        elif quiet_s > _QUIET_S and now_s - self._asked_s > 1:
            self._asked_s = now_s
            self._client.send(type="ping")

    def shows(self, mark: Mark) -> bool:
        """Return whether all its series have a sample from after the mark."""
        times = self.oracle.last_ms
        return len(times) >= self._kind.series and not self._lost_s and min(times.values()) >= mark.t_ms


class Crowd:
    """Context manager of all viewers of a scene. Other threads read its state, which changes on its own loop."""

    def __init__(self, kinds: Sequence[Kind], verdict: Verdict, chance: random.Random) -> None:
        self.verdict = verdict
        self.order = Order(verdict)
        self._kinds = kinds
        self._chance = chance
        self._thread = LoopThread("crowd")
        self._tasks: list[asyncio.Task[None]] = []
        self.viewers: list[Viewer] = []

    def __enter__(self) -> Crowd:
        self._thread.start()
        self._thread.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.close()

    async def _start(self) -> None:
        for kind in self._kinds:
            for number in range(kind.count):
                oracle = Oracle(f"{kind.name} {number}", self.verdict, self.order if kind.full else None)
                viewer = Viewer(oracle, kind, random.Random(self._chance.random()))
                self.viewers.append(viewer)
                self._tasks.append(asyncio.create_task(self._run(viewer)))
                if number % 50 == 49:
                    await asyncio.sleep(0.05)
        self._tasks.append(asyncio.create_task(self._look()))

    async def _run(self, viewer: Viewer) -> None:
        try:
            await viewer.run()
        except Exception as error:
            self.verdict.accuse(viewer.name, f"SET-UP: the oracle itself failed: {error!r}")

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now_s = time.monotonic()
            for viewer in self.viewers:
                viewer.look(now_s)

    # --- what other threads ask ---

    def connected(self) -> int:
        """Return how many viewers are connected and were answered."""
        return sum(bool(v.oracle.position) and not v.away_s for v in self.viewers)

    def mark(self) -> Mark:
        """Count samples as new from now on."""
        return Mark(int(time.time() * 1000), time.monotonic())

    def lagging(self, mark: Mark) -> list[str]:
        """Return the viewers that do not show all samples from after the mark."""
        return [v.name for v in self.viewers if not v.shows(mark)]

    def gaps_since(self, at_s: float) -> dict[str, list[str]]:
        """Return the reasons of the gaps since a time, by viewer."""
        return {
            v.name: told for v in self.viewers if (told := [gap.reason for gap in v.oracle.gaps if gap.at_s >= at_s])
        }

    def returns_since(self, at_s: float) -> list[Return]:
        """Return the viewers that lost their connection after ``at_s`` and are connected again."""
        return [each for v in self.viewers for each in v.returns if each.lost_s >= at_s]
