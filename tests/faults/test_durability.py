"""Accepted means kept: what was answered 202 is there after kill -9, SIGTERM, a locked or full disk."""

from __future__ import annotations

import json
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.deadline import scaled, within
from tests.support.nemesis import runs
from tests.support.program import program
from tests.support.pulse import seconds_since
from tests.support.rawsocket import RawSocket
from tests.support.server import ServerProcess, wait_until

FEEDER = Path(__file__).resolve().parents[2] / "scripts" / "feeders" / "feeder.py"


def quiet_server(folder: Path, *flags: str) -> ServerProcess:
    return ServerProcess(folder, "--no-host-feeder", "--no-server-feeder", *flags)


def values_of(server: ServerProcess, selector: str, window_s: int = 900) -> list[float]:
    with RawSocket(server.port) as viewer:
        viewer.read_json()
        viewer.send_json(type="watch", id=1, selectors=[selector], window_s=window_s, points=10_000)
        series = viewer.read_json("snapshot")["series"]
        return [float(v) for s in series for v in s["v"]]


@pytest.mark.parametrize("seed", range(runs(3, 20)))
def test_kill_9_at_any_moment_loses_nothing_that_was_answered_202(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    server = quiet_server(tmp_path, "--checkpoint-s", "1").start()
    acked: list[int] = []

    def feed(first: int) -> None:
        for value in range(first, first + 100_000):
            request = urllib.request.Request(f"{server.url}/api/v1/samples/orders", str(value).encode())
            try:
                with urllib.request.urlopen(request, timeout=scaled(5)) as answer:
                    assert answer.status == 202
                acked.append(value)
            except (OSError, urllib.error.URLError):
                return

    try:
        for round_ in range(3):
            feeder = threading.Thread(target=feed, args=(round_ * 100_000,))
            feeder.start()
            before = len(acked)
            wait_until(lambda n=before: len(acked) > n + 20)
            time.sleep(chance.uniform(0, 0.4))  # the moment of the blow, not a wait for something
            server.kill()
            feeder.join(scaled(10))
            server.start()
            kept = values_of(server, "orders")
            missing = [v for v in acked if v not in set(kept)]
            assert missing == [], f"seed {seed}: {len(missing)} acked samples lost"
            assert kept == sorted(set(kept)), "doubled or out of order"
    finally:
        server.close()


def test_a_restart_brings_charts_back_with_their_whole_history(tmp_path: Path) -> None:
    server = quiet_server(tmp_path, "--raw-window-s", "120").start()
    try:
        now = int(time.time() * 1000)
        for start in range(0, 7_200, 1_000):
            batch = [
                {"series": "s", "value": i, "t": now - 7_200_000 + i * 1_000, "unit": "ms"}
                for i in range(start, min(7_200, start + 1_000))
            ]
            assert server.json("POST", "/api/v1/samples", batch)[0] == 202
        server.json("PUT", "/api/v1/documents/note", {"text": "kept"})

        def history() -> object:
            with RawSocket(server.port) as viewer:
                viewer.read_json()
                told = []
                for window_s in (100, 10_000, 100_000):
                    viewer.send_json(type="watch", id=1, selectors=["s", "note"], window_s=window_s)
                    snapshot = viewer.read_json("snapshot")
                    told.append(
                        [{k: v for k, v in s.items() if k != "t" or window_s > 100} for s in snapshot["series"]]
                    )
                    told.append(snapshot["documents"])
                return told[2:]

        before = history()
        assert server.stop() == 0
        server.start()
        assert history() == before
        server.kill()
        server.start()
        assert history() == before
    finally:
        server.close()
    assert server.complaints() == ""


def test_a_viewer_resumes_over_a_restart_without_gap_or_double(tmp_path: Path) -> None:
    server = quiet_server(tmp_path).start()
    try:
        server.post("orders", 1)
        with RawSocket(server.port) as viewer:
            viewer.read_json()
            viewer.send_json(type="watch", id=1, selectors=["orders"], rate_hz=20)
            viewer.read_json("snapshot")
            server.post("orders", 2)
            frame = viewer.read_json("frame")
            assert frame["points"][0][2] == [2]
        server.post("orders", 3)
        server.kill()
        server.start()
        server.post("orders", 4)
        with RawSocket(server.port) as viewer:
            viewer.read_json()
            viewer.send_json(type="watch", id=2, selectors=["orders"], rate_hz=20, since=frame["position"])
            answer = viewer.read_json()
            assert answer["type"] == "frame"
            got = [v for row in answer.get("points", []) for v in row[2]]
            while got != [3, 4]:
                assert len(got) < 2
                got += [v for row in viewer.read_json("frame")["points"] for v in row[2]]
    finally:
        server.close()


def test_sigterm_sends_viewers_away_with_4001_stores_all_and_exits_0_within_10_s(tmp_path: Path) -> None:
    server = quiet_server(tmp_path).start()
    try:
        viewers = [RawSocket(server.port) for _ in range(50)]
        for viewer in viewers:
            viewer.send_json(type="watch", id=1, selectors=["orders"])
            viewer.read_json("snapshot")
        server.post("orders", 1)
        began = time.monotonic()
        assert server.stop(timeout_s=12) == 0
        within(seconds_since(began), 10, "the server stops")
        assert {viewer.read_close() for viewer in viewers} == {4001}
        for viewer in viewers:
            viewer.socket.close()
        server.start()
        assert values_of(server, "orders") == [1]
    finally:
        server.close()
    assert server.complaints() == ""


def test_a_stop_is_not_held_up_by_clients_that_do_not_read_or_do_not_finish(tmp_path: Path) -> None:
    server = quiet_server(tmp_path).start()
    try:
        with RawSocket(server.port) as frozen, RawSocket(server.port) as dribbling:
            frozen.send_json(type="watch", id=1, selectors=["orders"])
            dribbling.send_raw(b"\x81")
            half = socket.create_connection(("127.0.0.1", server.port))
            half.sendall(b"POST /api/v1/samples HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n[")
            began = time.monotonic()
            assert server.stop(timeout_s=12) == 0
            within(seconds_since(began), 10, "the server stops")
            half.close()
    finally:
        server.close()


def test_a_locked_database_answers_503_readers_go_on_and_it_recovers(tmp_path: Path) -> None:
    server = quiet_server(tmp_path).start()
    try:
        server.post("orders", 1)
        lock = sqlite3.connect(tmp_path / "data" / "journal.sqlite3", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        status, headers, body = server.request("POST", "/api/v1/samples/orders", "2")
        assert (status, json.loads(body)["code"]) == (503, "unavailable")
        assert "retry-after" in headers
        within(seconds_since(began), 8, "a post is refused")
        status, answer = server.json("GET", "/readyz")
        assert (status, "cannot store" in answer["checks"]["journal"]) == (503, True)
        assert values_of(server, "orders") == [1]
        lock.execute("ROLLBACK")
        lock.close()
        assert server.request("POST", "/api/v1/samples/orders", "3")[0] == 202
        assert server.json("GET", "/readyz")[0] == 200
        assert values_of(server, "orders") == [1, 3]
    finally:
        server.close()


def test_two_servers_on_one_folder_is_refused_with_a_clear_line(tmp_path: Path) -> None:
    server = quiet_server(tmp_path).start()
    try:
        command = [sys.executable, "-m", "dashboard", "serve", "--port", "0", "--data", str(tmp_path / "data")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=scaled(90))
        assert done.returncode == 1
        assert "another dashboard server is using this folder" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        server.close()


def test_the_feeder_to_copy_loses_and_doubles_nothing_over_kill_9(tmp_path: Path) -> None:
    server = quiet_server(tmp_path).start()
    try:
        command = [sys.executable, str(FEEDER), "--url", server.url, "--every", "0.05", "--count", "80"]
        with program(command, stdout=subprocess.PIPE, text=True) as feeder:
            wait_until(lambda: len(values_of(server, "example_load")) > 10)
            server.kill()
            server.start()
            wait_until(
                lambda: len(values_of(server, "example_load")) > 30, 60, "the feeder is back: it pauses up to 30 s"
            )
            server.kill()
            server.start()
            told, _ = feeder.communicate(timeout=scaled(60))
        assert told.strip() == "sent 160, refused 0, dropped 0"
        assert len(values_of(server, "example_load")) == 80
        assert len(values_of(server, "example_disk_percent")) == 80
    finally:
        server.close()
