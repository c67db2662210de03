"""Faults in the middle of a conversation: every acked message is there exactly once, in one order for all."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dashboard.domain.identity import Role
from tests.support.cluster import Cluster
from tests.support.people import Company, Talker, make_users
from tests.support.postgres import PostgresServer
from tests.support.pulse import seconds_since
from tests.support.server import wait_until

Figures = dict[str, float]

_FAST = ("--chat-per-s", "100", "--chat-burst", "200")
_USERS = 4


def _talk(cluster: Cluster, tokens: dict[str, str]) -> list[Talker]:
    """Create each user twice: at a worker's own port, and at the common port."""

    def own(number: int) -> Callable[[], int]:
        return lambda: random.choice(cluster.direct_ports) if number % 2 else cluster.port

    return [Talker(user, token, own(number)) for number, (user, token) in enumerate(tokens.items()) for _ in range(2)]


def _users(folder: Path, store: str = "") -> dict[str, str]:
    data = folder / "server" / "data"
    data.mkdir(parents=True)
    return make_users(data, {f"user{number}": Role.VIEWER for number in range(_USERS)}, store=store, passwords=False)


def converse(folder: Path, runs: int, fault: Callable[[Cluster, int], Any], *flags: str, store: str = "") -> Figures:
    """Post messages while ``fault(cluster, number)`` happens again and again; then check that all is as without faults."""
    tokens = _users(folder, store)
    back = []
    with Cluster(folder, *_FAST, *flags) as cluster, Company(_talk(cluster, tokens)) as company:
        wait_until(lambda: all(len(each.acked) > 3 for each in company.talkers), 30, "everybody talks")
        for number in range(runs):
            acked = {id(each): len(each.acked) for each in company.talkers}
            began = time.monotonic()
            fault(cluster, number)
            wait_until(
                lambda acked=acked: all(len(each.acked) > acked[id(each)] + 2 for each in company.talkers),
                40,
                f"everybody talks again after fault {number}",
            )
            back.append(seconds_since(began))
        company.hush()
        company.wait_settled(60)
        company.check()
        cluster.wait_ready()
        healed = sum(cluster.metric(port, "dashboard_events_healed_total") for port in cluster.direct_ports)
    said = sum(len(each.acked) for each in company.talkers)
    return {"faults": runs, "acked": said, "slowest_back_s": max(back), "healed_from_store": healed}


def kill_workers(folder: Path, runs: int) -> Figures:
    """Kill one worker with SIGKILL, then the other."""

    def fault(cluster: Cluster, number: int) -> None:
        which = 1 + number % 2
        cluster.wait_replaced(which, cluster.signal_worker(which, signal.SIGKILL))

    return converse(folder, runs, fault)


def kill_redis(folder: Path, runs: int) -> Figures:
    """Kill Redis with SIGKILL; it returns with its data or (every third time) without."""

    def fault(cluster: Cluster, number: int) -> None:
        cluster.redis.kill()
        if number % 3 == 2:
            for file in (cluster.redis.folder).rglob("*.aof"):
                file.unlink()
            for file in (cluster.redis.folder).rglob("*.manifest"):
                file.unlink()
        time.sleep(random.uniform(0.1, 1.0))  # the fault itself: it is away for so long
        cluster.redis.start()

    return converse(folder, runs, fault)


def kill_postgres(folder: Path, runs: int) -> Figures:
    """Kill PostgreSQL with SIGKILL; meanwhile messages are refused with ``unavailable`` and sent again with their keys.

    The operating system runs on and keeps what was written: no fsync is needed for that, and recovery is seconds faster.
    """
    postgres = PostgresServer("fsync=off").start()
    try:

        def fault(cluster: Cluster, number: int) -> None:
            postgres.kill()
            time.sleep(random.uniform(0.1, 1.0))  # the fault itself: it is away for so long
            postgres.start()

        return converse(folder, runs, fault, "--store", postgres.url, store=postgres.url)
    finally:
        postgres.close()
