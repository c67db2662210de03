"""The Python client and a real server: exactly once over restarts, live values, resumption and gaps."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.client import AsyncClient, Client, FollowError, Refusal, Update
from tests.support.deadline import scaled
from tests.support.rawsocket import RawSocket
from tests.support.relay import Relay, certificate
from tests.support.server import ServerProcess, wait_until


def values_of(server: ServerProcess, selector: str) -> list[float]:
    with RawSocket(server.port) as viewer:
        viewer.read_json()
        viewer.send_json(type="watch", id=1, selectors=[selector], window_s=900, points=10_000)
        return [float(v) for s in viewer.read_json("snapshot")["series"] for v in s["v"]]


def until(updates: Iterator[Update], value: float) -> list[Update]:
    """Return the updates up to the one with the value."""
    seen = []
    for update in updates:
        seen.append(update)
        if any(point.value == value for point in update.points):
            return seen
    raise AssertionError("the updates ended")


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[ServerProcess]:
    """Return a server that the test itself kills."""
    server = ServerProcess(tmp_path, "--no-host-feeder", "--no-server-feeder").start()
    yield server
    server.close()


def test_values_arrive_with_labels_unit_and_cadence_and_the_refused_are_named(server: ServerProcess) -> None:
    refused: list[Refusal] = []
    with Client(server.url, labels={"host": "h"}, on_refused=refused.extend) as client:
        client.push("orders", 3, labels={"shop": 'a"b'}, unit="EUR", every_s=5)
        client.gauge("bad name", 1)
        client.gauge("orders", 4, shop="c")
        assert client.flush(10)
    assert (client.counts.accepted, client.counts.refused) == (2, 1)
    assert [(r.sample.name, r.field, r.code) for r in refused] == [("bad name", "series", "invalid")]
    rows = server.json("GET", "/api/v1/series?match=orders")[1]["series"]
    assert [(r["labels"], r["last"]["value"], r["unit"], r["every_s"]) for r in rows] == [
        ({"host": "h", "shop": 'a"b'}, 3, "EUR", 5),
        ({"host": "h", "shop": "c"}, 4, "", None),
    ]


def test_over_kill_9_and_a_new_start_nothing_is_lost_and_nothing_doubled(quiet: ServerProcess) -> None:
    with Client(quiet.url, flush_s=0.005, batch=20, close_s=30) as client:
        stop = threading.Event()

        def push() -> None:
            value = 0
            while not stop.wait(0.003):  # a snapshot holds what comes of it in 30 s
                client.gauge("orders", value)
                value += 1

        pushing = threading.Thread(target=push)
        pushing.start()
        for _ in range(3):
            seen = client.counts.accepted
            for update in client.follow(["orders"], rate_hz=30):
                if client.counts.accepted > seen + 50 and update.points:
                    break
            quiet.kill()
            quiet.start()
        stop.set()
        pushing.join()
    counts = client.counts
    assert (counts.accepted, counts.dropped, counts.refused) == (counts.pushed, 0, 0)
    assert counts.retries >= 1
    kept = values_of(quiet, "orders")
    assert (len(kept), kept == [*range(counts.pushed)]) == (counts.pushed, True)


def test_an_answer_that_is_lost_after_the_server_stored_the_batch_doubles_nothing(server: ServerProcess) -> None:
    with Relay(server.port, lose=2) as relay, Client(relay.url, flush_s=0.01) as client:
        client.gauge("orders", 1)
        client.gauge("bad name", 1)
        assert client.flush(20)
        assert (client.counts.accepted, client.counts.refused, client.counts.retries) == (1, 1, 2)
        assert relay.lose == 0

    async def feed() -> None:
        with Relay(server.port, lose=1) as relay:
            async with AsyncClient(relay.url, flush_s=0.01) as client:
                client.gauge("orders", 2)
                assert await client.flush(20)
            assert client.counts.retries == 1

    asyncio.run(feed())
    assert values_of(server, "orders") == [1, 2]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_over_tls_with_a_certificate_that_is_checked(server: ServerProcess, tmp_path: Path) -> None:
    public, key = certificate(tmp_path)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(public, key)
    trusting = ssl.create_default_context(cafile=str(public))
    troubles: list[str] = []

    async def feed_and_follow(url: str) -> Update:
        async with AsyncClient(url, tls=trusting) as client:
            client.gauge("orders", 2)
            assert await client.flush(10)
            async with contextlib.aclosing(client.follow("orders")) as updates:
                return await anext(updates)

    with Relay(server.port, tls=theirs) as relay:
        with Client(relay.url, flush_s=0.01, close_s=0.2, on_trouble=troubles.append) as doubting:
            doubting.gauge("orders", 0)
            wait_until(lambda: troubles, 20, "the certificate is looked at")
        assert doubting.counts.dropped == 1
        assert "certificate cannot be trusted" in troubles[0]
        with Client(relay.url, tls=trusting) as client:
            client.gauge("orders", 1)
            assert client.flush(10)
            assert [point.value for point in next(client.follow(["orders"])).points] == [1]
        assert [point.value for point in asyncio.run(feed_and_follow(relay.url)).points] == [1, 2]


def test_a_follower_resumes_after_a_restart_without_a_gap(quiet: ServerProcess) -> None:
    quiet.post("orders", 1)
    with Client(quiet.url) as client:
        updates = client.follow(["orders"], rate_hz=30)
        assert next(updates).snapshot
        quiet.kill()
        quiet.start()
        quiet.post("orders", 2)
        (update,) = until(updates, 2)
        assert (update.snapshot, update.gap) == (False, "")
        assert [(p.series, p.value) for p in update.points] == [("orders", 2)]


def test_a_follower_is_told_of_a_gap(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--no-host-feeder", "--no-server-feeder", "--journal", "memory").start()
    try:
        server.post("orders", 1)
        with Client(server.url) as client:
            updates = client.follow(["orders"], rate_hz=30)
            next(updates)
            server.kill()
            server.start()
            server.post("orders", 2)
            seen = until(updates, 2)
            assert (seen[0].snapshot, seen[0].gap) == (True, "epoch")
    finally:
        server.close()


def test_a_server_that_says_nothing_any_more_is_left_and_found_again(
    quiet: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.client.blocking.QUIET_S", 0.1)
    monkeypatch.setattr("dashboard.client.blocking.DEAD_S", 0.3)
    troubles: list[str] = []
    assert quiet.process is not None
    with Client(quiet.url, timeout_s=0.5, on_trouble=troubles.append) as client:
        updates = client.follow(["orders"], rate_hz=30)
        next(updates)
        quiet.process.send_signal(signal.SIGSTOP)
        timer = threading.Timer(1, quiet.process.send_signal, [signal.SIGCONT])
        timer.start()
        client.gauge("orders", 5)
        (update,) = until(updates, 5)
        timer.join()
    assert update.gap == ""
    assert "no answer in time" in troubles


def test_closing_the_client_ends_what_follows_with_it(server: ServerProcess) -> None:
    client = Client(server.url)
    came, ended = threading.Event(), threading.Event()

    def follow() -> None:
        for _ in client.follow(["orders"]):
            came.set()
        ended.set()

    thread = threading.Thread(target=follow)
    thread.start()
    assert came.wait(scaled(10))
    client.close()
    assert ended.wait(scaled(3))
    thread.join()


@pytest.mark.parametrize(
    ("what", "says"),
    [({"board": "none"}, "none"), ({"selectors": ["{"]}, "selector"), ({"selectors": ['{a=~"("}']}, ".+")],
)
def test_what_cannot_be_followed_is_an_error(server: ServerProcess, what: dict[str, Any], says: str) -> None:
    with Client(server.url) as client, pytest.raises(FollowError, match=says):
        next(client.follow(**what))


def test_a_board_is_followed_with_its_documents(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--feed-every-s", "0.2").start()
    try:
        with Client(server.url) as client:
            names = set()
            for update in client.follow(board="host"):
                names |= {point.series.partition("{")[0] for point in update.points}
                if names:
                    break
        assert names
    finally:
        server.close()


def test_the_asyncio_client_feeds_and_follows_over_a_restart(quiet: ServerProcess) -> None:
    async def scene() -> tuple[list[Update], int]:
        seen: list[Update] = []
        async with AsyncClient(quiet.url, flush_s=0.01, close_s=30) as client:
            client.gauge("orders", 0)
            assert await client.flush(10)
            value = 0
            async for update in client.follow("orders", rate_hz=30):
                seen.append(update)
                if any(point.value == 3 for point in update.points):
                    break
                if value == 1:
                    quiet.kill()
                    quiet.start()
                value += 1
                client.gauge("orders", value)
            assert await client.flush(20)
        return seen, client.counts.accepted

    seen, accepted = asyncio.run(scene())
    assert accepted == 4
    assert [point.value for update in seen for point in update.points] == [0, 1, 2, 3]
    assert [update.gap for update in seen] == ["", "", "", ""]
    assert values_of(quiet, "orders") == [0, 1, 2, 3]
