"""Viewers that do not read are skipped, caught up by one frame, or dropped; the other viewers do not notice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deadline import scaled, within
from tests.support.pulse import seconds_since
from tests.support.rawsocket import RawSocket
from tests.support.server import ServerProcess, wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    flags = (
        "--no-host-feeder",
        "--no-server-feeder",
        "--stalled-s",
        f"{scaled(2):g}",
        "--heartbeat-s",
        "1",
        "--dead-s",
        "30",
    )
    process = ServerProcess(tmp_path, *flags).start()
    yield process
    process.close()
    assert process.complaints() == ""


def watch(server: ServerProcess, *selectors: str) -> RawSocket:
    viewer = RawSocket(server.port, timeout_s=20)
    viewer.read_json()
    viewer.send_json(type="watch", id=1, selectors=list(selectors), rate_hz=30)
    viewer.read_json("snapshot")
    return viewer


def skipped(server: ServerProcess) -> float:
    text = server.request("GET", "/metrics")[2].decode()
    return float(
        next(line for line in text.splitlines() if line.startswith("dashboard_frames_skipped_total")).split()[1]
    )


def fill(server: ServerProcess, until_skipped: float) -> int:
    """Write large documents until the stalled viewer's buffers are full; return the number of the last."""
    number = 0
    while skipped(server) < until_skipped:
        number += 1
        server.post("small", number)
        body = json.dumps({"number": number, "pad": "x" * 60_000})
        assert server.request("PUT", "/api/v1/documents/large", body)[0] == 202
        assert number < 2_000, "its buffers never filled"
    return number


def test_a_viewer_that_pauses_gets_one_catch_up_with_all_it_missed(server: ServerProcess) -> None:
    with watch(server, "large", "small") as slow, watch(server, "small") as quick:
        rss = server.rss_kib()
        last = fill(server, 1)
        assert server.rss_kib() - rss < 24_576  # the journal keeps 8 MiB of entries in memory; no queue comes to it
        slow.send_json(type="ping", id="still here")
        frames, values, number = 0, [], 0
        while number < last or len(values) < last:
            message = slow.read_json()
            assert message["type"] in ("frame", "pong")
            if message["type"] == "frame":
                frames += 1
                values += [v for row in message.get("points", []) for v in row[2]]
                number = max([number, *(d["body"]["number"] for d in message.get("documents", []))])
        assert values == [float(n) for n in range(1, last + 1)]
        assert frames < last
        got: list[float] = []
        while len(got) < last:
            got += [v for row in quick.read_json("frame")["points"] for v in row[2]]
        assert got == values


def test_a_viewer_that_never_reads_is_dropped_and_the_rest_goes_on(server: ServerProcess) -> None:
    with watch(server, "large") as stalled, watch(server, "small") as quick:
        fill(server, 1)
        began = time.monotonic()
        counted = 'dashboard_connections_closed_total{code="4002"} 1.0'
        wait_until(lambda: counted in server.request("GET", "/metrics")[2].decode(), 10)
        within(seconds_since(began), 6, "a viewer that never reads is dropped")
        server.post("small", -1)
        got: list[float] = []
        while -1 not in got:
            got += [v for row in quick.read_json("frame")["points"] for v in row[2]]
        assert stalled.socket.fileno() >= 0


def test_answers_that_are_not_read_are_bounded(server: ServerProcess) -> None:
    body = json.dumps({"pad": "x" * 60_000})
    for n in range(30):
        server.request("PUT", f"/api/v1/documents/d{n}", body)
    with RawSocket(server.port, timeout_s=20) as greedy:
        greedy.read_json()
        rss = server.rss_kib()
        for n in range(55):
            greedy.send_json(type="watch", id=n, selectors=['{__name__=~"d.*"}'], window_s=n + 1)
        counted = 'dashboard_connections_closed_total{code="4002"} 1.0'
        wait_until(lambda: counted in server.request("GET", "/metrics")[2].decode(), 10)
        assert server.rss_kib() - rss < 65_536
