"""Several workers and Redis: exactly one worker runs each source, and another takes over within 15 s of its death."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster, has_ended
from tests.support.deadline import DeadlinePassed
from tests.support.redis_server import free_port
from tests.support.server import wait_until
from tests.support.sources import Target, counted, page, wait_for_value, write_sources

MOVES_WITHIN_S = 15
EVERY_S = 0.5
SOURCES = ("scrape:app", "statsd", "graphite")


class Scene:
    """Two workers, a target, and two ports."""

    def __init__(self, folder: Path, target: Target) -> None:
        self.target = target
        self.statsd, self.graphite = free_port(), free_port()
        file = write_sources(
            folder,
            scrape=[{"name": "app", "url": target.url, "every_s": EVERY_S}],
            statsd={"port": self.statsd, "flush_s": 0.2},
            graphite={"port": self.graphite},
        )
        self.cluster = Cluster(folder, "--sources", file)

    def holders(self, source: str) -> list[int]:
        """Return the numbers of the workers that report that they run the source, without workers that do not answer."""
        found = []
        for number, port in enumerate(self.cluster.direct_ports, 1):
            try:
                if counted(self.cluster.server, "here", source, port=port):
                    found.append(number)
            except OSError:
                continue
        return found

    def wait_for_holder(self, source: str, timeout_s: float = MOVES_WITHIN_S) -> int:
        def one() -> int:
            found = self.holders(source)
            return found[0] if len(found) == 1 else 0

        return int(wait_until(one, timeout_s, f"one runs {source}"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Target(lambda _: page("a 1\n")) as target:
        made = Scene(tmp_path, target)
        with made.cluster:
            yield made


def scraped_by_one(asked_s: list[float]) -> bool:
    """Return whether only one worker has scraped: two would scrape twice as often. A late scrape may be close to the next."""
    return all(last - first > 3.2 * EVERY_S for first, last in zip(asked_s, asked_s[5:], strict=False))


def test_one_runs_each_source_and_another_takes_over_when_it_is_killed(scene: Scene) -> None:
    for source in SOURCES:
        scene.wait_for_holder(source)
    seen = len(scene.target.asked_s)
    wait_until(lambda: len(scene.target.asked_s) >= seen + 8, 10, "scrapes")
    assert scraped_by_one(scene.target.asked_s)
    holder = scene.wait_for_holder("statsd")
    server, of_kin = scene.cluster.server, [s for s in SOURCES if scene.wait_for_holder(s) == holder]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"before:1|g", ("127.0.0.1", scene.statsd))
    wait_for_value(server, "before", 1)
    os.kill(scene.cluster.ready_pids()[holder], signal.SIGKILL)
    killed_s = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

        def arrived() -> bool:
            sender.sendto(b"after:2|g", ("127.0.0.1", scene.statsd))
            return b'"after"' in server.request("GET", "/api/v1/series?match=after")[2]

        wait_until(arrived, MOVES_WITHIN_S, "StatsD is taken elsewhere")
    for source in of_kin:
        scene.wait_for_holder(source, MOVES_WITHIN_S - (time.monotonic() - killed_s))
    with socket.create_connection(("127.0.0.1", scene.graphite)) as connection:
        connection.sendall(b"graphite.after 3 -1\n")
    wait_for_value(server, "graphite.after", 3)
    seen = len(scene.target.asked_s)
    wait_until(lambda: len(scene.target.asked_s) >= seen + 6, 10, "scrapes after the move")
    assert scraped_by_one(scene.target.asked_s[-6:])


def test_what_came_while_redis_was_away_is_stored_when_it_is_back(scene: Scene) -> None:
    for source in ("statsd", "graphite"):
        scene.wait_for_holder(source)
    scene.cluster.redis.kill()
    killed_s = time.monotonic()
    until, sent = killed_s + 2, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        with socket.create_connection(("127.0.0.1", scene.graphite)) as connection:
            connection.sendall(b"by.graphite 4 -1\n")
        while time.monotonic() < until:
            sent += 1
            sender.sendto(b"by.statsd:%d|g" % sent, ("127.0.0.1", scene.statsd))
            time.sleep(0.05)
    scene.cluster.redis.start()
    # a source gives up its lease when it was not renewed for 6 s, of which 3 may have passed before
    if time.monotonic() - killed_s > 3:
        raise DeadlinePassed("Redis did not start within a second")
    server = scene.cluster.server
    wait_for_value(server, "by.graphite", 4, 20)
    wait_for_value(server, "by.statsd", sent, 20)
    unstored = sum(counted(server, "unstored", "statsd", port=port) for port in scene.cluster.direct_ports)
    dropped = sum(counted(server, "dropped", "graphite", port=port) for port in scene.cluster.direct_ports)
    assert (unstored, dropped) == (0, 0)


def test_a_worker_that_stops_in_order_hands_its_sources_over_at_once(scene: Scene) -> None:
    holder = scene.wait_for_holder("graphite")
    pid = scene.cluster.ready_pids()[holder]
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: has_ended(pid), 12, "the worker stops")
    for source in SOURCES:
        scene.wait_for_holder(source, 5)
