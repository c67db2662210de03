"""Scenarios in which Redis runs and answers badly: errors of all kinds, lost replies, closed connections, delays,
foreign entries in its streams.

Each function is one scenario in a scene that continues; it returns what was measured, and asserts what must hold.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis

from tests.faults.redis_faults import judge_answers
from tests.faults.scene import Scene, snapshot_of
from tests.support.deadline import within
from tests.support.nemesis import Nemesis
from tests.support.prober import Prober
from tests.support.pulse import seconds_since
from tests.support.server import wait_until

Figures = dict[str, float]

PASSWORD = "s3cret-and-l0ng"
WAIT_S = 2.5
_FOREIGN = "dashboard_foreign_entries_total"
_OTHER_PASSWORD = "another-0ne"


def scene_for(folder: Path, build: str = "") -> Scene:
    """Run one installation for all scenarios: its Redis needs a password and is reached through a proxy; appends wait 2.5 s."""
    flags = ("--append-wait-s", f"{WAIT_S:g}")
    return Scene(folder, Nemesis(), *flags, feed_each=True, proxied=True, password=PASSWORD, build=build)


def disturb(
    scene: Scene,
    begin: Callable[[], object],
    end: Callable[[], object],
    until: Callable[[Prober, float], object],
    *,
    refuses: bool,
) -> Figures:
    """Let Redis behave badly between ``begin`` and ``end``, until ``until`` (which may wait) returns; check that all recovers by itself.

    ``refuses``: wait until /readyz of each worker names the journal, and until a post was answered 503.
    """
    ports = scene.cluster.direct_ports
    with Prober(ports, scene.cluster.ordered_pids()) as prober:
        began = time.monotonic()
        try:
            begin()
            if refuses:
                for port in ports:
                    wait_until(
                        lambda port=port: prober.complained(port, "journal", began), 8, "readyz names the journal"
                    )
                wait_until(lambda: scene.publisher.outcomes(began)["503"], 8, "a post that is refused")
            until(prober, began)
        finally:
            end()
        converged = scene.converge()
        wait_until(lambda: all(map(prober.is_ready, ports)), 5, "ready again")
    prober.judge()
    assert not any(PASSWORD in text for each in prober.ready for text in each.checks.values())
    assert scene.crowd.returns_since(began) == []  # viewers stay
    scene.judge()
    judge_answers(scene, began, WAIT_S)
    return {
        "healthz p99 ms": 1000 * prober.slowest(),
        "loop blocked s": prober.blocked_s(),
        "posts answered 503": scene.publisher.outcomes(began)["503"],
        "converged after s": converged,
    }


def _nothing(prober: Prober, began: float) -> None:
    """Wait for nothing besides ``begin``."""


def out_of_memory(scene: Scene) -> Figures:
    """Let Redis answer every write with OOM."""
    with scene.cluster.redis_client() as client:
        begin, end = lambda: client.config_set("maxmemory", 1), lambda: client.config_set("maxmemory", 0)
        return disturb(scene, begin, end, _nothing, refuses=True)


def read_only(scene: Scene) -> Figures:
    """Make Redis a replica, which answers every write with READONLY."""
    with scene.cluster.redis_client() as client:
        begin, end = lambda: client.replicaof("127.0.0.1", 1), lambda: client.replicaof("NO", "ONE")
        return disturb(scene, begin, end, _nothing, refuses=True)


def too_many_clients(scene: Scene) -> Figures:
    """Let Redis accept no further clients."""
    with scene.cluster.redis_client() as client:

        def begin() -> None:
            client.config_set("maxclients", 1)
            client.client_kill_filter(_type="normal", skipme=True)

        return disturb(scene, begin, lambda: client.config_set("maxclients", 1_000), _nothing, refuses=True)


def wrong_password(scene: Scene) -> Figures:
    """Change the password of Redis, and change it back."""
    with scene.cluster.redis_client() as client:

        def begin() -> None:
            client.config_set("requirepass", _OTHER_PASSWORD)
            client.client_kill_filter(_type="normal", skipme=True)

        return disturb(scene, begin, lambda: client.config_set("requirepass", PASSWORD), _nothing, refuses=True)


def loading(scene: Scene) -> Figures:
    """Kill Redis; it reads its log for seconds at its start and answers LOADING meanwhile."""
    server = scene.cluster.redis
    with scene.cluster.redis_client() as client:  # it looks at its clients after every 1,024 commands that it reads
        filling = client.pipeline(transaction=False)
        for number in range(20_000):
            filling.set("filling", number)
        filling.execute()

    def begin() -> None:
        server.kill()
        server.options += ("key-load-delay 50",)
        server.start()
        wait_until(lambda: _lets_us_in(scene), 20, "Redis has read its log")

    def told(prober: Prober, began: float) -> None:
        told = {each.checks.get("journal", "") for each in prober.ready}
        assert any("loading" in each.lower() for each in told), f"LOADING must be named: {told}"

    return disturb(scene, begin, lambda: None, told, refuses=False)


def close_connections(scene: Scene, times: int) -> Figures:
    """Let Redis close every connection, again and again."""
    with scene.cluster.redis_client() as client:

        def begin() -> None:
            for _ in range(times):
                client.client_kill_filter(_type="normal", skipme=True)
                scene.nemesis.wait(0.05, 0.5)

        return disturb(scene, begin, lambda: None, _nothing, refuses=False)


def overflow_output(scene: Scene) -> Figures:
    """Let Redis cut off readers because their output is too large: readers fall behind, and then catch up."""
    large = json.dumps({"pad": base64.b64encode(os.urandom(40_000)).decode()})
    with scene.cluster.redis_client() as client:

        def begin() -> None:
            client.config_set("client-output-buffer-limit", "normal 32768 32768 1")
            status, _, body = scene.cluster.server.request("PUT", "/api/v1/documents/large", large)
            assert status == 202, (status, body)

        def stands(prober: Prober, began: float) -> None:
            for port in scene.cluster.direct_ports:
                wait_until(lambda port=port: prober.complained(port, "journal", began), 5, "readyz names the journal")

        end = lambda: client.config_set("client-output-buffer-limit", "normal 0 0 0")  # noqa: E731
        return disturb(scene, begin, end, stands, refuses=False)


def delay(scene: Scene, seconds: float) -> Figures:
    """Delay Redis by 200 ms: the system is slower, but nothing is wrong."""
    proxy, ports = scene.cluster.proxy, scene.cluster.direct_ports
    assert proxy is not None

    def begin() -> None:
        proxy.delay_s = 0.1

    def end() -> None:
        proxy.delay_s = 0

    def go_on(prober: Prober, began: float) -> None:
        wait_until(
            lambda: scene.publisher.acked_between(began, time.monotonic()) > 10 * seconds, 2 * seconds + 2, "acks"
        )
        within(scene.converge(), 2, "every screen shows new values")
        assert not any(
            prober.complained(port, about, began) for port in ports for about in ("journal", "beat", "replica")
        )

    figures = disturb(scene, begin, end, go_on, refuses=False)
    assert not figures["posts answered 503"]
    return figures


def lose_replies(scene: Scene, times: int) -> Figures:
    """Lose the replies of executed appends: exactly one entry is stored all the same, also for posts without a key."""
    proxy, mark = scene.cluster.proxy, scene.cluster.key("requests")
    assert proxy is not None
    began, before = time.monotonic(), proxy.lost
    with scene.cluster.redis_client() as client:
        with scene.publisher.resting():
            for number in range(times):
                entries = client.xlen(scene.cluster.key("log"))
                _post_once(scene, f"quiet.{number}", lambda: proxy.lose_replies(1, mark))
                assert client.xlen(scene.cluster.key("log")) == entries + 1
        for number in range(times):
            _post_once(scene, f"busy.{number}", lambda: proxy.lose_replies(2, mark))
        wait_until(lambda: proxy.lost >= before + 3 * times, 5, "all replies are lost")
    scene.converge()
    scene.judge()
    judge_answers(scene, began, WAIT_S)
    for port in scene.cluster.direct_ports:
        shown = snapshot_of(port, '{__name__=~"(quiet|busy)\\\\..*"}')["series"]
        assert sorted(len(each["v"]) for each in shown) == [1] * 2 * times
    return {"replies lost": proxy.lost - before, "posts answered 503": scene.publisher.outcomes(began)["503"]}


def _post_once(scene: Scene, series: str, arm: Callable[[], None]) -> None:
    port = scene.nemesis.choose(scene.cluster.direct_ports)
    arm()
    status, _, body = scene.cluster.server.request("POST", f"/api/v1/samples/{series}", "1", port=port)
    assert status == 202, body


def starve_readers(scene: Scene) -> Figures:
    """Silence the connections over which entries are read, and no others: this is noticed and repaired within 10 s."""
    proxy, ports = scene.cluster.proxy, scene.cluster.direct_ports
    assert proxy is not None
    with Prober(ports, scene.cluster.ordered_pids()) as prober:
        scene.converge()
        began = time.monotonic()
        wait_until(lambda: proxy.silence("XREAD") >= len(ports), 2, "readers that wait")
        for port in ports:
            wait_until(lambda port=port: prober.complained(port, "journal", began), 10, "readyz names the journal")
        noticed = seconds_since(began)  # perhaps by a partition that rests, whose read had begun up to 2 s before
        scene.converge(10 - noticed)
        complaints = {each.checks.get("journal", "ok") for each in prober.ready if each.at_s >= began} - {"ok"}
    assert complaints == {"cannot read: no answer in time"}, complaints
    scene.judge()
    judge_answers(scene, began, WAIT_S)
    assert not scene.publisher.outcomes(began)["503"], "storing went on"
    return {"noticed after s": noticed, "screens well again after s": seconds_since(began)}


def litter(scene: Scene, rounds: int) -> Figures:
    """Put foreign entries into the stream: they are skipped and counted, and all own entries arrive.

    Feeding rests before that: ``XADD *`` in the millisecond of an own entry would take the next number, and a reader
    that looks for its place by time would find it first.
    """
    ports, log, count = scene.cluster.direct_ports, scene.cluster.key("log"), 0
    before = [scene.cluster.metric(port, _FOREIGN) for port in ports]
    with scene.cluster.redis_client() as client:
        epoch = client.hget(scene.cluster.key("head"), "epoch")
        own = client.xrevrange(log, count=20)
        for _ in range(rounds):
            with scene.publisher.resting():
                scene.nemesis.wait(0.1, 0.3)
                at_once = client.pipeline(transaction=True)  # so their ids count up within one millisecond
                for fields in _garbage(epoch, own):
                    at_once.xadd(log, fields)
                count += len(at_once.execute())
            acked = scene.publisher.last_acked()
            wait_until(lambda acked=acked: scene.publisher.last_acked() != acked, 5, "acks")
    scene.converge()
    for port, counted in zip(ports, before, strict=True):
        seen = scene.cluster.metric(port, _FOREIGN) - counted
        assert seen == count, f"{seen} of {count} foreign entries counted"
    scene.judge()
    return {"foreign entries": count}


def start_over_litter(scene: Scene) -> Figures:
    """Start a worker anew over foreign entries: it shows exactly what was acked, and reports no gap."""
    litter(scene, 8)
    pid = scene.cluster.signal_worker(1, signal.SIGKILL)
    scene.cluster.wait_replaced(1, pid)
    scene.cluster.wait_ready()
    scene.converge()
    scene.judge()
    return {"foreign entries counted anew": scene.cluster.metric(scene.cluster.direct_ports[0], _FOREIGN)}


def _garbage(epoch: bytes, own: list[tuple[bytes, dict[bytes, bytes]]]) -> list[dict[Any, Any]]:
    other = os.urandom(8).hex().encode()
    value = next(iter(own[0][1].values()))
    return [
        {epoch: b"\x00broken"},
        dict(own[-1][1]),  # one of ours, again
        {b"hello": b"world"},
        {other: value},  # of another dashboard
        {other + b"z": value},
        {epoch + b"z": b"\xff\xff\xff\xff\xff"},
        {epoch + b"z": b""},
        {epoch: value, b"t": b"yesterday"},
        {epoch: b""},
        {b"": b""},
    ]


def _lets_us_in(scene: Scene) -> bool:
    with suppress(redis.exceptions.RedisError), scene.cluster.redis_client() as client:
        return bool(client.ping())  # while it loads, this is an error
    return False
