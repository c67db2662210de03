"""Scenarios of Redis itself: killed, emptied, failed over, frozen, out of reach.

Each function is one scenario; it returns what was measured, and asserts what must hold. ``tests/mutants`` runs the same
against broken builds.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from math import inf
from pathlib import Path

from tests.faults.scene import Scene, snapshot_of
from tests.support.cluster import DURABLE, free_ports
from tests.support.deadline import within
from tests.support.nemesis import Nemesis
from tests.support.prober import Prober
from tests.support.pulse import seconds_since
from tests.support.redis_proxy import RedisProxy
from tests.support.redis_server import RedisServer
from tests.support.server import wait_until

Figures = dict[str, float]

#: An answer that waits for Redis (--append-wait-s) comes a little later than that.
_SLACK_S = 1.0


def kill_redis(folder: Path, kills: int, *, build: str = "") -> Figures:
    """Kill Redis with SIGKILL; it returns with its AOF: viewers stay, none is told of a gap, and all screens are right within 2 s."""
    slowest = 0.0
    with Scene(folder, Nemesis(), crowd=100, build=build) as scene:
        began = time.monotonic()
        for _ in range(kills):
            scene.nemesis.wait(0.1, 0.4)
            scene.cluster.redis.kill()
            scene.nemesis.wait(0.0, 0.9)
            scene.cluster.redis.start()
            mark = scene.crowd.mark()
            slowest = max(slowest, scene.converge(mark=mark))
        assert scene.crowd.returns_since(began) == []  # viewers stay
        scene.judge()
        within(slowest, 2, "every screen is right again")
        return {
            "kills": kills,
            "converged after at most s": slowest,
            "posts answered 503": scene.publisher.outcomes()["503"],
        }


def empty_redis(folder: Path, runs: int, *, build: str = "") -> Figures:
    """Kill Redis with SIGKILL; it returns without data: every viewer is told ``gap``, and its values are back within 5 s."""
    told = shown = 0.0
    with Scene(folder, Nemesis(), crowd=100, lossy=True, build=build) as scene:
        for _ in range(runs):
            scene.nemesis.wait(0.1, 0.6)
            epochs, began = scene.crowd.viewers[0].oracle.places.keys(), time.monotonic()
            scene.cluster.redis.kill()
            scene.cluster.redis.empty()
            scene.nemesis.wait(0.0, 0.6)
            scene.cluster.redis.start()
            mark = scene.crowd.mark()
            told = max(told, scene.gap_told_to_all(began) - (mark.began_s - began))
            shown = max(shown, scene.converge(mark=mark))
            assert not scene.crowd.viewers[0].oracle.places.keys() & epochs
        scene.judge()
        _judge_kept_history(scene)
        within(shown, 5, "values are back on every screen")
        return {"runs": runs, "gap told to all after s": told, "values back after s": shown}


def _judge_kept_history(scene: Scene) -> None:
    """Check that the history which the living processes held is shown all the same."""
    for port in scene.cluster.direct_ports:
        for each in snapshot_of(port, scene.publisher.lanes[0].series[0])["series"]:
            assert each["v"][0] == 1


class Pair:
    """Two Redis servers: the master, to which the server's proxy leads, and its replica behind a link."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        assert scene.cluster.proxy is not None
        self.proxy = scene.cluster.proxy
        self.master = scene.cluster.redis
        options = (*DURABLE, "repl-diskless-sync-delay 0")
        self.replica = RedisServer(folder / "replica", *options, port=free_ports(1))
        self.link = RedisProxy(self.master.port)
        self._key = scene.cluster.key("head")

    def __enter__(self) -> Pair:
        self.link.start()
        self.replica.start()
        self.follow()
        return self

    def __exit__(self, *_: object) -> None:
        self.replica.close()
        self.master.close()
        self.link.close()

    def follow(self) -> None:
        """Make the replica follow the master; return when it has everything."""
        self.link.target_port = self.master.port
        with self.replica.client() as client:
            client.replicaof("127.0.0.1", self.link.port)
            wait_until(lambda: client.info("replication").get("master_link_status") == "up", 20, "the replica's link")
        wait_until(lambda: self.lag() <= 2, 5, "the replica has everything")

    def seq(self, redis: RedisServer) -> int:
        """Return the number of its entries."""
        with redis.client() as client:
            return int(client.hget(self._key, "seq") or 0)

    def lag(self) -> int:
        """Return the number of entries that the replica lacks."""
        return self.seq(self.master) - self.seq(self.replica)

    def swap(self) -> None:
        """Lead the server to the other Redis."""
        self.proxy.target_port = self.replica.port
        self.proxy.cut()
        self.master, self.replica = self.replica, self.master


def fail_over(folder: Path, runs: int, *, build: str = "") -> Figures:
    """Kill the master; a replica without its last entries takes its place: every viewer is told, every time."""
    told = shown = lost = 0.0
    how = {"proxied": True, "redis_options": (*DURABLE, "repl-diskless-sync-delay 0"), "build": build}
    with Scene(folder, Nemesis(), crowd=60, lossy=True, **how) as scene, Pair(scene, folder) as pair:
        for _ in range(runs):
            scene.nemesis.wait(0.1, 0.4)
            pair.link.hold()
            missing = scene.nemesis.chance.choice([1, 2, 5, 12])
            wait_until(lambda missing=missing: pair.lag() >= missing, 5, "a lag")
            before = {viewer.name: viewer.oracle.places.keys() for viewer in scene.crowd.viewers}
            began, lost = time.monotonic(), lost + pair.lag()
            pair.master.kill()
            with pair.replica.client() as client:
                client.replicaof("NO", "ONE")
            scene.nemesis.wait(0.0, 0.3)
            pair.swap()
            mark = scene.crowd.mark()
            told = max(told, scene.gap_told_to_all(began) - (mark.began_s - began))
            shown = max(shown, scene.converge(mark=mark))
            assert not any(viewer.oracle.places.keys() & before[viewer.name] for viewer in scene.crowd.viewers)
            pair.link.cut()
            pair.link.release()
            pair.replica.start()
            pair.follow()
        scene.judge()
        within(shown, 5, "values are back on every screen")
        return {"runs": runs, "entries lost": lost, "gap told to all after s": told, "values back after s": shown}


def hand_over(folder: Path, runs: int, *, build: str = "") -> Figures:
    """Fail over in order (FAILOVER): the replica has everything, so no viewer is told of a gap."""
    shown = 0.0
    how = {"proxied": True, "redis_options": (*DURABLE, "repl-diskless-sync-delay 0"), "build": build}
    with Scene(folder, Nemesis(), **how) as scene, Pair(scene, folder) as pair:
        for _ in range(runs):
            scene.nemesis.wait(0.1, 0.4)
            with pair.master.client() as client:
                client.execute_command("FAILOVER")
                wait_until(lambda client=client: client.info("replication")["role"] == "slave", 10, "the hand-over")
            pair.swap()
            shown = max(shown, scene.converge())
            pair.follow()
        scene.judge()
        within(shown, 2, "every screen is right again")
        return {"runs": runs, "converged after at most s": shown}


def freeze_redis(folder: Path, seconds: float, *, wait_s: float = 5, build: str = "") -> Figures:
    """Freeze Redis (SIGSTOP): the loop does not wait, /readyz names the journal, posts wait or are refused, and all recovers by itself."""
    flags, each = ("--append-wait-s", f"{wait_s:g}"), seconds < 6  # who has nothing to store notices later, by its beat
    with Scene(folder, Nemesis(), *flags, feed_each=each, build=build) as scene:
        redis = scene.cluster.redis
        return out_of_reach(
            scene,
            lambda: redis.signal(signal.SIGSTOP),
            lambda: redis.signal(signal.SIGCONT),
            seconds=seconds,
            wait_s=wait_s,
        )


def black_hole(scene: Scene, seconds: float, *, wait_s: float) -> Figures:
    """Keep all bytes on the network between ``begin`` and ``end``, and deliver them late."""
    proxy = scene.cluster.proxy
    assert proxy is not None
    return out_of_reach(scene, proxy.hold, proxy.release, seconds=seconds, wait_s=wait_s)


def out_of_reach(
    scene: Scene, begin: Callable[[], None], end: Callable[[], None], *, seconds: float, wait_s: float
) -> Figures:
    """Let Redis answer nothing between ``begin`` and ``end``, for the given seconds and until that is known; judge the scene."""
    ports, viewers, began = scene.cluster.direct_ports, scene.crowd.viewers, time.monotonic()
    with Prober(ports, scene.cluster.ordered_pids()) as prober:
        scene.converge()
        began = time.monotonic()
        begin()
        try:
            wait_until(
                lambda: all(prober.complained(port, "journal", began) for port in ports), 10, "readyz names the journal"
            )
            noticed = seconds_since(began)
            wait_until(lambda: all(viewer.degraded for viewer in viewers), 10 - noticed, "every screen is told of it")
            shown = _samples_shown(scene)
            wait_until(lambda: time.monotonic() > began + seconds, seconds + 1)
            assert _samples_shown(scene) == shown, "an entry is shown before it is stored: Redis stands still"
            lasted = time.monotonic() - began
        finally:
            end()
        mark = scene.crowd.mark()
        converged = scene.converge(mark=mark)
        wait_until(lambda: all(map(prober.is_ready, ports)), 5, "ready again")
        prober.judge()
    wait_until(lambda: not any(viewer.degraded for viewer in viewers), 3, "told that all is well")
    assert scene.crowd.returns_since(began) == []  # viewers stay
    scene.judge()
    judge_answers(scene, began, wait_s)
    outcomes = scene.publisher.outcomes(began - 1)  # those, too, that were under way when it began
    assert outcomes["503"] or lasted < wait_s + 0.5, "a post that waits longer than --append-wait-s is refused"
    assert not outcomes["503"] or lasted > wait_s - 0.5, "a post is not refused before --append-wait-s is over"
    return {
        "noticed after s": noticed,
        "healthz p99 ms": 1000 * prober.slowest(),
        "loop blocked s": prober.blocked_s(),
        "slowest post s": max(each.took_s for each in scene.publisher.tries if each.at_s >= began),
        "posts answered 503": outcomes["503"],
        "converged after s": converged,
    }


def _samples_shown(scene: Scene) -> dict[str, int]:
    """Return how many samples each viewer was shown so far."""
    return {viewer.name: viewer.oracle.samples for viewer in scene.crowd.viewers}


def judge_answers(scene: Scene, since_s: float, wait_s: float) -> None:
    """Check that each post was answered 202, or 503 with Retry-After, within the time that appends may wait."""
    tries = [each for each in scene.publisher.tries if each.at_s >= since_s]
    assert {each.outcome for each in tries} <= {"202", "503", "stale", "timeout"}, scene.publisher.outcomes(since_s)
    assert all(each.retry_after for each in tries if each.outcome == "503")
    took = [inf if each.outcome == "timeout" else each.took_s for each in tries]
    within(max(took), wait_s + _SLACK_S, "each post is answered within --append-wait-s")
