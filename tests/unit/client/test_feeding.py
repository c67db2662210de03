"""Both clients against a server with given answers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.client import AsyncClient, Client, Counts, Refusal
from tests.support.deadline import scaled, within
from tests.support.scripted_server import ScriptedServer

ROOT = Path(__file__).resolve().parents[3]
Feed = Callable[..., Counts]


def feed_blocking(url: str, values: int, **options: Any) -> Counts:
    with Client(url, flush_s=0.05, **options) as client:
        for value in range(values):
            client.gauge("a", value)
    return client.counts


def feed_asyncio(url: str, values: int, **options: Any) -> Counts:
    async def feed() -> Counts:
        async with AsyncClient(url, flush_s=0.05, **options) as client:
            for value in range(values):
                client.gauge("a", value)
        return client.counts

    return asyncio.run(feed())


both = pytest.mark.parametrize("feed", [feed_blocking, feed_asyncio])


@both
@pytest.mark.parametrize("status", [503, 429, 0])
def test_what_was_not_answered_well_is_sent_again_as_it_was(feed: Feed, status: int) -> None:
    with ScriptedServer((status, {}), (status, {})).running() as server:
        counts = feed(server.url, 3, token="secret")
    assert counts == Counts(pushed=3, accepted=3, retries=2)
    assert len({(r.key, str(r.samples)) for r in server.received}) == 1
    assert {r.authorization for r in server.received} == {"Bearer secret"}
    assert [s["value"] for s in server.received[-1].samples] == [0, 1, 2]


@both
def test_a_retry_after_is_waited_for(feed: Feed) -> None:
    with ScriptedServer((503, {"Retry-After": "1"})).running() as server:
        counts = feed(server.url, 1)
    assert counts.accepted == 1
    assert server.received[1].at_s - server.received[0].at_s >= 1


@both
def test_batches_are_no_longer_than_asked_and_each_has_its_key(feed: Feed) -> None:
    with ScriptedServer().running() as server:
        assert feed(server.url, 25, batch=10).accepted == 25
    assert [s["value"] for r in server.received for s in r.samples] == [*range(25)]
    assert len({r.key for r in server.received}) == len(server.received)
    assert max(len(r.samples) for r in server.received) <= 10


@both
def test_a_wrong_token_is_reported_and_not_tried_again(feed: Feed) -> None:
    refusals: list[Refusal] = []
    troubles: list[str] = []
    with ScriptedServer((401, {})).running() as server:
        counts = feed(server.url, 2, on_refused=refusals.extend, on_trouble=troubles.append)
    assert counts == Counts(pushed=2, refused=2)
    assert len(server.received) == 1
    assert [(r.code, r.reason, r.sample.value) for r in refusals] == [
        ("scripted", "answered 401: as told", 0),
        ("scripted", "answered 401: as told", 1),
    ]
    assert troubles == ["answered 401: as told"]


@both
def test_closing_without_a_server_ends_in_time_and_counts_what_is_lost(feed: Feed) -> None:
    began = time.monotonic()
    counts = feed("http://127.0.0.1:1", 5, close_s=0.1)
    assert (counts.pushed, counts.dropped, counts.accepted) == (5, 5, 0)
    within(time.monotonic() - began, 5, "the time")


@pytest.mark.expects_log("a callback of the dashboard client failed")
@both
def test_a_callback_that_fails_does_not_end_the_sending(feed: Feed) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("mine")

    with ScriptedServer((400, {})).running() as server:
        assert feed(server.url, 4, batch=2, on_refused=fail) == Counts(pushed=4, accepted=2, refused=2)


def test_while_the_server_is_slow_the_buffer_is_bounded_and_every_drop_is_counted() -> None:
    server = ScriptedServer()
    server.hold.clear()
    with server.running(), Client(server.url, flush_s=0.01, batch=10, buffer=50) as client:
        client.gauge("first", 0)
        assert server.came.acquire(timeout=scaled(10))
        client.gauge("rare", -1)
        for value in range(500):
            client.gauge("loud", value)
        assert client.counts == Counts(pushed=502, dropped=451, waiting=51)
        server.hold.set()
        assert client.flush(10)
        assert client.counts == Counts(pushed=502, accepted=51, dropped=451)
    sent = [(s["series"], s["value"]) for r in server.received for s in r.samples]
    assert sent == [("first", 0), ("rare", -1), *(("loud", value) for value in range(451, 500))]


def test_flush_says_when_it_was_not_done_in_time() -> None:
    server = ScriptedServer()
    server.hold.clear()
    with server.running(), Client(server.url) as client:
        assert client.flush(0)
        client.gauge("a", 1)
        assert not client.flush(0.05)
        server.hold.set()
        assert client.flush(10)


def test_pushes_of_many_threads_all_arrive() -> None:
    with ScriptedServer().running() as server:
        with Client(server.url, flush_s=0.01, batch=100) as client:
            threads = [
                threading.Thread(target=lambda: [client.gauge("a", value) for value in range(500)]) for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert client.counts == Counts(pushed=4_000, accepted=4_000)
    assert sum(len(r.samples) for r in server.received) == 4_000


def test_timer_and_decorator_feed_seconds_also_when_the_block_raises() -> None:
    with ScriptedServer().running() as server:
        with Client(server.url, labels={"host": "h"}) as client:

            @client.timed("call", kind="sync")
            def double(x: int) -> int:
                """Return twice the number."""
                return 2 * x

            @client.timed("call", kind="async")
            async def later(x: int) -> int:
                return x

            assert (double(2), double.__doc__, asyncio.run(later(3))) == (4, "Return twice the number.", 3)
            with pytest.raises(KeyError), client.timer("block"):
                raise KeyError
        samples = [s for r in server.received for s in r.samples]
    assert [(s["series"], s["unit"], s.get("labels")) for s in samples] == [
        ("call", "s", {"host": "h", "kind": "sync"}),
        ("call", "s", {"host": "h", "kind": "async"}),
        ("block", "s", {"host": "h"}),
    ]
    assert all(0 <= s["value"] < 5 for s in samples)


def test_after_close_a_push_is_dropped_and_counted() -> None:
    client = Client("http://127.0.0.1:1")
    assert client.close()
    client.gauge("a", 1)
    assert client.counts == Counts(pushed=1, dropped=1)


PROGRAM = """
import os, sys
from dashboard.client import Client
client = Client(sys.argv[1], flush_s=60)
client.gauge("parent", 1)
if len(sys.argv) > 2 and os.fork() == 0:
    client.gauge("child", 1)
    sys.exit()
elif len(sys.argv) > 2:
    os.wait()
"""


@pytest.mark.parametrize(("more", "series"), [([], ["parent"]), (["fork"], ["child", "parent"])])
def test_a_program_that_just_ends_sends_what_it_has_and_a_fork_sends_only_its_own(
    more: list[str], series: list[str]
) -> None:
    with ScriptedServer().running() as server:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, server.url, *more],
            capture_output=True,
            text=True,
            timeout=scaled(90),
            cwd=ROOT,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert [s["series"] for r in server.received for s in r.samples] == series


def test_labels_that_are_no_mapping_are_refused_and_not_raised() -> None:
    with ScriptedServer().running() as server, Client(server.url, labels={"host": "h"}) as client:
        client.push("a", 1, labels="zz")  # type: ignore[arg-type]
        client.push("a", 1, labels=None)
        assert client.flush(10)
        assert (client.counts.accepted, client.counts.refused) == (1, 1)
