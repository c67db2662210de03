"""Scenarios of processes: workers killed, frozen, paused, replaced; the supervisor killed.

Each function is one scenario; it returns what was measured, and asserts what must hold. ``tests/mutants`` runs the same
against broken builds.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from math import inf
from pathlib import Path

from tests.faults.scene import Scene, quantile
from tests.support.cluster import has_ended
from tests.support.deadline import enough, within
from tests.support.nemesis import Nemesis
from tests.support.pulse import seconds_since
from tests.support.server import wait_until

Figures = dict[str, float]


def calm(folder: Path, seconds: float, *, build: str = "") -> Figures:
    """Let nothing happen, and check that nothing is lost."""
    with Scene(folder, Nemesis(), build=build) as scene:
        scene.nemesis.wait(seconds, seconds)
        scene.converge()
        scene.judge()
        return {"samples shown to all": len(scene.crowd.order)}


def kill_workers(folder: Path, kills: int, *, crowd: int = 500, build: str = "") -> Figures:
    """Kill one of three workers with SIGKILL, again and again, each time while another serves."""
    with Scene(folder, Nemesis(), crowd=crowd, workers=3, build=build) as scene:
        cluster, respawned = scene.cluster, 0.0
        for number in range(kills):
            scene.nemesis.wait(0.2, 1.0)
            wait_until(lambda: len(cluster.ready_pids()) > 1, 30, "another worker serves")
            victim, began = scene.nemesis.choose(sorted(cluster.ready_pids())), time.monotonic()
            pid = cluster.signal_worker(victim, signal.SIGKILL)
            if not number:  # later ones wait, so that a worker that cannot live does not eat the machine
                wait_until(lambda victim=victim, pid=pid: cluster.pids()[victim] != pid, 2, "another worker")
                respawned = seconds_since(began)
                within(respawned, 1, "another worker is started")
        cluster.wait_ready()
        scene.converge()
        returns = scene.returns()
        back = quantile([each.took_s for each in returns], 0.99)
        scene.judge()
        assert returns
        within(back, 3, "viewers are back (p99)")
        assert {each.code for each in returns} == {1006}
        return {"kills": kills, "viewers that came back": len(returns), "back p99 s": back, "respawned s": respawned}


def freeze_workers(folder: Path, runs: int, *, build: str = "") -> Figures:
    """Freeze two of three workers for good (SIGSTOP): the watchdog replaces them, and the third accepts meanwhile."""
    slowest = 0.0
    with Scene(folder, Nemesis(), answer_s=2, workers=3, feed_each=True, build=build) as scene:
        frozen: list[tuple[int, int, float]] = []
        for number in range(runs):
            scene.nemesis.wait(0.1, 0.5)
            victim = scene.nemesis.choose(sorted(scene.cluster.ready_pids().keys() - {each for each, _, _ in frozen}))
            frozen.append((victim, scene.cluster.signal_worker(victim, signal.SIGSTOP), time.monotonic()))
            if not number % 2 and number < runs - 1:
                continue
            for each, pid, began in frozen:
                scene.cluster.wait_replaced(each, pid, 15)
                took = seconds_since(began)
                slowest = max(slowest, took)
                within(took, 12, "a worker that hangs is replaced")
                accepted = scene.publisher.acked_between(began + 4, began + took)
                enough(accepted, 15 * (took - 4), "the others accept meanwhile")
                assert has_ended(pid)
            scene.converge()
            frozen.clear()
        back = quantile([each.took_s for each in scene.returns()], 0.99)
        scene.judge()
    return {"freezes": runs, "replaced after at most s": slowest, "back p99 s": back}


def pause_workers(folder: Path, runs: int, *, build: str = "") -> Figures:
    """Freeze a worker for less than the watchdog's time: feeders use other workers, and what it read late must not count twice."""
    with Scene(folder, Nemesis(), answer_s=0.5, feed_each=True, loyal=True, build=build) as scene:
        for number in range(runs):
            victim = 1 + number % 2
            before = scene.publisher.outcomes()["timeout"]
            pid = scene.cluster.signal_worker(victim, signal.SIGSTOP)
            wait_until(lambda before=before: scene.publisher.outcomes()["timeout"] > before, 5, "a feeder that gave up")
            scene.nemesis.wait(0.0, 1.0)
            os.kill(pid, signal.SIGCONT)
            scene.converge()
            assert scene.cluster.ready_pids()[victim] == pid
        scene.judge()
        return {"pauses": runs, "posts that were sent again": scene.publisher.outcomes()["timeout"]}


def roll(folder: Path, rolls: int, *, build: str = "") -> Figures:
    """Run ``dashboard reload`` under load, over a Redis that is 100 ms away, so that requests are always under way."""
    with Scene(folder, Nemesis(), crowd=200, proxied=True, build=build) as scene:
        assert scene.cluster.proxy is not None
        scene.cluster.proxy.delay_s = 0.05
        slowest = 0.0
        for _ in range(rolls):
            before, began = scene.cluster.pids(), time.monotonic()
            assert "all workers are new" in scene.cluster.reload()
            slowest = max(slowest, seconds_since(began))
            assert not set(before.values()) & set(scene.cluster.pids().values())
            scene.converge()
        outcomes, returns = scene.publisher.outcomes(), scene.returns()
        scene.judge()
        assert set(outcomes) <= {"202", "stale", "timeout"}, outcomes
        within(inf if outcomes["timeout"] else 0, 8, "each post is answered")
        assert {each.code for each in returns} == {4001}
        back = quantile([each.took_s for each in returns], 0.99)
        within(back, 3, "viewers are back (p99)")
        return {
            "rolls": rolls,
            "slowest s": slowest,
            "posts": outcomes.total(),
            "sent again on a kept connection": outcomes["stale"],
            "back p99 s": back,
        }


def end_all(folder: Path, *, build: str = "") -> Figures:
    """Kill the supervisor with SIGKILL, after which the workers end; later end it with SIGTERM and exit code 0. Each
    new start continues without a gap."""
    with Scene(folder, Nemesis(), crowd=10, build=build) as scene:
        orphaned = _restart(scene, scene.cluster.server.kill)
        within(orphaned, 10, "workers end without their supervisor")
        stopped = _restart(scene, lambda: _stop(scene))
        within(stopped, 10, "workers end on SIGTERM")
        scene.judge()
        return {"without supervisor ended after s": orphaned, "after SIGTERM s": stopped}


def _stop(scene: Scene) -> None:
    assert scene.cluster.server.stop(12) == 0


def _restart(scene: Scene, end: Callable[[], None]) -> float:
    scene.nemesis.wait(0.1, 0.5)
    workers, began = list(scene.cluster.pids().values()), time.monotonic()
    end()
    wait_until(lambda: all(map(has_ended, workers)), 12, "the workers' end")
    took = seconds_since(began)
    scene.cluster.server.start()
    scene.cluster.wait_ready()
    scene.converge(20)
    return took
