"""``dashboard backup`` and ``dashboard restore``: nothing that was answered before the backup began is missing."""

from __future__ import annotations

import itertools
import json
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.app.data_parts import LEFT_OUT, PARTS, not_covered
from dashboard.settings import Settings
from tests.support.deadline import scaled
from tests.support.nemesis import runs
from tests.support.rawsocket import RawSocket
from tests.support.server import ServerProcess, wait_until

FLAGS = (
    "--no-host-feeder",
    "--no-server-feeder",
    "--checkpoint-s",
    "1",
    "--chat-per-s",
    "1000",
    "--chat-burst",
    "1000",
)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "dashboard", *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=scaled(60), check=False)


def values_of(server: ServerProcess) -> list[float]:
    with RawSocket(server.port) as viewer:
        viewer.read_json()
        viewer.send_json(type="watch", id=1, selectors=["orders"], window_s=900, points=10_000)
        return [float(v) for series in viewer.read_json("snapshot")["series"] for v in series["v"]]


def texts_of(server: ServerProcess) -> list[str]:
    _, _, data = server.request("GET", "/api/v1/rooms/host/export?format=json")
    return [each["text"] for each in json.loads(data)]


def epochs_of(folder: Path) -> set[str]:
    """Return the epochs of the journal and of the checkpoints; after a restore they are the same."""
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as journal:
        found = {journal.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0]}
    with closing(sqlite3.connect(folder / "checkpoint.sqlite3")) as checkpoint:
        found |= {row[0] for row in checkpoint.execute("SELECT epoch FROM positions")}
    assert len(found) == 1
    return found


class Load:
    """Samples and messages, sent as fast as they are answered; ``samples`` and ``texts``: what was accepted."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.samples: list[int] = []
        self.texts: list[str] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._feed, self._talk)]
        for thread in self._threads:
            thread.start()

    def _post(self, path: str, body: str, kind: str) -> bool:
        request = urllib.request.Request(self.server.url + path, body.encode(), {"Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=scaled(5)) as answer:
                return answer.status in (200, 201, 202)
        except (OSError, urllib.error.URLError):
            return False

    def _feed(self) -> None:
        for value in itertools.count():
            if self._ended.is_set():
                return
            if self._post("/api/v1/samples/orders", str(value), "text/plain"):
                self.samples.append(value)

    def _talk(self) -> None:
        for number in itertools.count():
            if self._ended.is_set():
                return
            body = json.dumps({"roomId": "host", "text": f"m{number}"})
            if self._post("/api/message", body, "application/json"):
                self.texts.append(f"m{number}")

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(scaled(10))


@pytest.mark.parametrize("seed", range(runs(2, 10)))
def test_all_that_was_answered_before_a_backup_under_load_is_back_after_the_restore(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    server = ServerProcess(tmp_path, *FLAGS).start()
    data, file = str(tmp_path / "data"), tmp_path / "backup"
    server.command("token", "create", "canary")
    load = Load(server)
    try:
        wait_until(lambda: len(load.samples) > 50 and len(load.texts) > 20)
        time.sleep(chance.uniform(0, 1.5))  # before, within or after a checkpoint
        samples, texts = list(load.samples), list(load.texts)
        saving = subprocess.Popen([sys.executable, "-m", "dashboard", "backup", str(file), "--data", data])
        if seed % 2:  # the server dies while it is copied
            time.sleep(chance.uniform(0.5, 1.5))
            server.kill()
        assert saving.wait(scaled(60)) == 0
        load.end()
        assert server.stop() == 0 if not seed % 2 else True
        server.killed = True  # the process that the backup's journal tells of is gone
        done = command("restore", str(file), "--data", data)
        assert done.returncode == 0, done.stderr
        assert "gets a `gap` notice" in done.stdout
        server.start()
        kept, said = values_of(server), texts_of(server)
        assert [value for value in samples if value not in set(kept)] == []
        assert kept == sorted(set(kept)), "doubled or out of order"
        assert [text for text in texts if text not in said] == []
        assert len(said) == len(set(said))
        assert "canary" in server.command("token", "list")
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "data").rglob("*")}
        assert {n: oct(m) for n, m in modes.items() if m & 0o077} == {}
    finally:
        server.close()
        load.end()  # or it would try for as long as the tests run
    assert server.complaints() == ""


def test_every_file_of_a_running_server_is_in_the_backup_or_left_out_by_name(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, *FLAGS).start()
    try:
        server.post("orders", 1)
        known = {part.name for part in PARTS} | set(LEFT_OUT)
        known |= {f"{part.name}{suffix}" for part in PARTS if part.database for suffix in ("-wal", "-shm")}
        assert {each.name for each in (tmp_path / "data").iterdir()} - known == set()
        assert command("backup", str(tmp_path / "b"), "--data", str(tmp_path / "data")).returncode == 0
        done = command("restore", str(tmp_path / "b"), "--check")
        assert all(part.name in done.stdout for part in PARTS)
    finally:
        server.close()


def test_a_backup_that_is_killed_leaves_no_half_file_and_the_next_one_works(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, *FLAGS).start()
    file, data = tmp_path / "backup", str(tmp_path / "data")
    chance = random.Random(1)
    try:
        for start in range(0, 40_000, 10_000):  # some megabytes of history
            batch = [{"series": f"s{i}", "value": i} for i in range(start // 10, start // 10 + 1_000)]
            assert server.json("POST", "/api/v1/samples", batch)[0] == 202
        for _ in range(6):
            saving = subprocess.Popen([sys.executable, "-m", "dashboard", "backup", str(file), "--data", data])
            time.sleep(chance.uniform(0.3, 1.5))
            saving.send_signal(signal.SIGKILL)
            saving.wait(scaled(10))
            if file.exists():
                assert command("restore", str(file), "--check").returncode == 0
                file.unlink()
        assert command("backup", str(file), "--data", data).returncode == 0
        assert [each.name for each in tmp_path.iterdir() if "partial" in each.name] == []
        refused = command("restore", str(file), "--data", data)
        assert (refused.returncode, "another dashboard server is using" in refused.stderr) == (1, True)
        server.post("orders", 1)
    finally:
        server.close()


def test_screens_that_saw_what_came_after_the_backup_are_told(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, *FLAGS).start()
    file, data = tmp_path / "backup", str(tmp_path / "data")
    try:
        for value in range(3):
            server.post("orders", value)
            server.json("POST", "/api/message", {"roomId": "host", "text": f"kept {value}"})
        assert command("backup", str(file), "--data", data).returncode == 0
        server.post("orders", 99)
        server.json("POST", "/api/message", {"roomId": "host", "text": "lost"})
        with RawSocket(server.port) as viewer:
            viewer.read_json()
            viewer.send_json(type="watch", id=1, selectors=["orders"], rate_hz=20)
            position = viewer.read_json("snapshot")["position"]
        assert server.stop() == 0
        before = epochs_of(tmp_path / "data")
        assert command("restore", str(file), "--data", data).returncode == 0
        assert before.isdisjoint(epochs_of(tmp_path / "data"))
        server.start()
        for value in range(10):  # the journal has overtaken what the screen had seen
            server.post("orders", value)
            server.json("POST", "/api/message", {"roomId": "host", "text": f"new {value}"})
        with RawSocket(server.port) as viewer:
            viewer.read_json()
            viewer.send_json(type="watch", id=2, selectors=["orders"], rate_hz=20, since=position)
            assert viewer.read_json()["type"] == "gap"
        assert texts_of(server) == [*(f"kept {n}" for n in range(3)), *(f"new {n}" for n in range(10))]
        _, told = server.json("GET", "/api/v1/rooms/host/messages?limit=50")
        assert (
            min(int(each["messageId"].rpartition(".")[2]) for each in told["messages"] if "new" in each["text"]) > 1_000
        )
    finally:
        server.close()


def test_the_commands_say_what_they_do_not_cover() -> None:
    assert not_covered(Settings()) == []
    elsewhere = Settings(redis="redis://x", store="postgresql://u:hidden@h/d", secret="s" * 40)
    told = " ".join(not_covered(elsewhere))
    assert all(word in told for word in ("Redis", "pg_dump", "secret is a setting"))
    assert "hidden" not in told
    assert "memory only" in not_covered(Settings(journal="memory"))[0]
