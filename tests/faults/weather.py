"""Bad weather: faults of all kinds that lose nothing, at random times and on top of each other."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis

from tests.faults.scene import Scene
from tests.support.cluster import has_ended
from tests.support.nemesis import Nemesis
from tests.support.server import wait_until

End = Callable[[], None]
Figures = dict[str, float]

_WAIT_S = 2.0


class Weather:
    """Faults that can happen to a scene. Each ``begin`` returns the function that ends the fault, or None if it is impossible now."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._redis_up = True
        self.begun: dict[str, int] = {}

    def begin(self) -> tuple[str, End] | None:
        """Begin one fault, chosen by the nemesis."""
        kinds = [
            self.worker_killed,
            self.worker_paused,
            self.redis_killed,
            self.redis_frozen,
            self.held,
            self.cut,
            self.replies_lost,
            self.clients_killed,
            self.delayed,
        ]
        kind = self._scene.nemesis.choose(kinds)
        end = kind()
        if end is None:
            return None
        self.begun[kind.__name__] = self.begun.get(kind.__name__, 0) + 1
        return kind.__name__, end

    def worker_killed(self) -> End | None:
        ready = self._scene.cluster.ready_pids()
        if len(ready) < 2:
            return None
        os.kill(ready[self._scene.nemesis.choose(sorted(ready))], signal.SIGKILL)
        return lambda: None

    def worker_paused(self) -> End | None:
        ready = self._scene.cluster.ready_pids()
        if len(ready) < 2:
            return None
        pid = ready[self._scene.nemesis.choose(sorted(ready))]
        os.kill(pid, signal.SIGSTOP)

        def go_on() -> None:
            if not has_ended(pid):
                os.kill(pid, signal.SIGCONT)

        return go_on

    def redis_killed(self) -> End | None:
        if not self._redis_up:
            return None
        self._redis_up = False
        self._scene.cluster.redis.kill()

        def start() -> None:
            self._scene.cluster.redis.start()
            self._redis_up = True

        return start

    def redis_frozen(self) -> End | None:
        if not self._redis_up:
            return None
        self._redis_up = False  # nothing else is done to it meanwhile
        self._scene.cluster.redis.signal(signal.SIGSTOP)

        def go_on() -> None:
            self._scene.cluster.redis.signal(signal.SIGCONT)
            self._redis_up = True

        return go_on

    def held(self) -> End | None:
        proxy = self._scene.cluster.proxy
        assert proxy is not None
        proxy.hold()
        return proxy.release

    def cut(self) -> End | None:
        assert self._scene.cluster.proxy is not None
        self._scene.cluster.proxy.cut()
        return lambda: None

    def replies_lost(self) -> End | None:
        assert self._scene.cluster.proxy is not None
        self._scene.cluster.proxy.lose_replies(
            self._scene.nemesis.choose([1, 2, 3]), self._scene.cluster.key("requests")
        )
        return lambda: None

    def clients_killed(self) -> End | None:
        if not self._redis_up:
            return None
        with suppress(redis.exceptions.RedisError), self._scene.cluster.redis_client() as client:
            client.client_kill_filter(_type="normal", skipme=True)
        return lambda: None

    def delayed(self) -> End | None:
        proxy = self._scene.cluster.proxy
        assert proxy is not None
        proxy.delay_s = self._scene.nemesis.chance.uniform(0, 0.1)

        def end() -> None:
            proxy.delay_s = 0

        return end


def weather(folder: Path, seconds: float, *, seed: int | None = None, build: str = "") -> Figures:
    """Let faults happen for the given seconds; check that within 10 s nothing is lost or doubled, without a gap, in one order."""
    nemesis = Nemesis(seed)
    partitions, checkpoint_s = nemesis.choose([1, 1, 3]), nemesis.choose([300, 1])
    print(f"{partitions} partitions, a checkpoint every {checkpoint_s} s", flush=True)
    flags = ("--append-wait-s", f"{_WAIT_S:g}", "--partitions", f"{partitions}", "--checkpoint-s", f"{checkpoint_s}")
    with Scene(folder, nemesis, *flags, workers=3, answer_s=3, feed_each=True, proxied=True, build=build) as scene:
        weather, until = Weather(scene), time.monotonic() + seconds
        active: list[tuple[float, str, End]] = []
        try:
            while time.monotonic() < until:
                if (fault := weather.begin()) is not None:
                    name, end = fault
                    print(f"{time.monotonic():.3f} {name}", flush=True)
                    active.append((time.monotonic() + nemesis.chance.uniform(0.1, 2.5), name, end))
                pause_until = time.monotonic() + nemesis.chance.uniform(0.0, 1.0)
                while time.monotonic() < pause_until:
                    _end_due(active, time.monotonic())
                    nemesis.wait(0.01, 0.02)
        finally:
            _end_due(active, float("inf"))
        mark = scene.crowd.mark()
        scene.cluster.wait_ready()
        converged = scene.converge(15, mark=mark)
        scene.judge()
        wait_until(lambda: all(viewer.oracle.gaps == [] for viewer in scene.crowd.viewers), 1)
        return {"faults": sum(weather.begun.values()), "converged after s": converged} | {
            name: float(count) for name, count in sorted(weather.begun.items())
        }


def _end_due(active: list[tuple[float, str, End]], now_s: float) -> None:
    for due in sorted(each for each in active if each[0] <= now_s):
        active.remove(due)
        print(f"{time.monotonic():.3f} end of {due[1]}", flush=True)
        due[2]()
