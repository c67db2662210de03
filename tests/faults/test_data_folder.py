"""The data folder of a running server: closed to others, and missed when it is gone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.deadline import scaled, within
from tests.support.pulse import seconds_since
from tests.support.server import ServerProcess, wait_until


def quiet_server(folder: Path, *flags: str) -> ServerProcess:
    return ServerProcess(folder, "--no-host-feeder", "--no-server-feeder", *flags)


def modes_of(folder: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.rglob("*"))}


def command(*arguments: str, cwd: Path, said: str = "") -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "dashboard", *arguments]
    return subprocess.run(line, input=said, capture_output=True, text=True, timeout=scaled(60), cwd=cwd, check=False)


def has_checkpoint(file: Path) -> bool:
    """Return whether the server has stored one. Reading makes no file."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return bool(database.execute("SELECT count(*) FROM positions").fetchone()[0])
    except sqlite3.OperationalError:
        return False  # it is not there yet, or has no table yet


def test_nobody_else_may_read_what_a_server_keeps(tmp_path: Path) -> None:
    before = os.umask(0)
    server = quiet_server(tmp_path, "--checkpoint-s", "1")
    try:
        server.start()
        server.post("orders", 1)
        server.command("user", "add", "ann", "--password-stdin", said="correct horse battery\n")
        wait_until(lambda: has_checkpoint(server.folder / "data" / "checkpoint.sqlite3"))
        modes = modes_of(server.folder / "data")
    finally:
        os.umask(before)
        server.close()
    assert modes.pop("data") == 0o700
    assert {"journal.sqlite3", "journal.sqlite3-wal", "people.sqlite3", "secret", "journal.lock"} <= modes.keys()
    assert {name: oct(mode) for name, mode in modes.items() if mode != 0o600} == {}


def test_a_data_folder_that_is_deleted_is_noticed_within_10_s(tmp_path: Path) -> None:
    server = quiet_server(tmp_path).start()
    try:
        server.post("orders", 1)
        (tmp_path / "data").rename(tmp_path / "moved")
        began = time.monotonic()
        wait_until(lambda: server.request("POST", "/api/v1/samples/orders", "2")[0] == 503)
        within(seconds_since(began), 10, "the server notices it")
        status, told = server.json("GET", "/readyz")
        assert (status, "was removed while the server runs" in told["checks"]["data"]) == (503, True)
        assert server.json("POST", "/api/message", {"roomId": "host", "text": "x"})[0] == 503
        assert server.request("GET", "/healthz")[0] == 200
        (tmp_path / "moved").rename(tmp_path / "data")
        wait_until(lambda: server.request("POST", "/api/v1/samples/orders", "3")[0] == 202)
        (tmp_path / "data").rename(tmp_path / "moved")
        shutil.rmtree(tmp_path / "moved")  # where the server makes no file meanwhile
        wait_until(lambda: server.request("GET", "/readyz")[0] == 503)
        assert server.stop() == 0
    finally:
        server.close()


def test_commands_in_another_folder_do_not_make_a_new_one(tmp_path: Path) -> None:
    add = ("user", "add", "ann", "--password-stdin", "--data", "fresh")
    refused = command(*add, cwd=tmp_path, said="correct horse battery\n")
    assert (refused.returncode, list(tmp_path.iterdir())) == (1, [])
    assert "fresh is not a server's data folder" in refused.stderr
    made = command(*add, "--new", cwd=tmp_path, said="correct horse battery\n")
    assert (made.returncode, made.stdout) == (0, "ann is viewer\n")
    assert f"Data folder: {tmp_path / 'fresh'}" in made.stderr
    assert command("user", "list", "--data", "fresh", cwd=tmp_path).stdout.startswith("ann ")


@pytest.mark.parametrize("harm", ["emptied", "zeroed", "removed", "torn", "garbage"])
def test_a_server_whose_users_are_damaged_does_not_start_without_them(tmp_path: Path, harm: str) -> None:
    server = quiet_server(tmp_path).start()
    server.command("user", "add", "ann", "--password-stdin", said="correct horse battery\n")
    assert server.stop() == 0
    people = tmp_path / "data" / "people.sqlite3"
    size = people.stat().st_size
    if harm == "removed":
        people.unlink()
    elif harm == "torn":
        with people.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xa5" * (size - 4096 - 8192))
    else:
        people.write_bytes({"emptied": b"", "zeroed": bytes(size), "garbage": b"no database " * 1_000}[harm])
    done = command("serve", "--port", "0", "--data", str(tmp_path / "data"), cwd=tmp_path)
    assert done.returncode == 1
    assert "people.sqlite3" in done.stderr
    assert "dashboard restore FILE" in done.stderr
    assert "Traceback" not in done.stderr


def test_garbage_in_the_secret_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(os.urandom(64))
    done = command("serve", "--port", "0", "--data", str(tmp_path), cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "secret is damaged; delete it" in done.stderr


def test_a_full_disk_at_the_start_is_said(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", str(disk)]
    if os.getuid() or subprocess.run(line, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        (disk / "filler").write_bytes(bytes(180 << 10))
        for fill in (0, 76 << 10):
            with (disk / "filler").open("ab") as file:
                file.write(bytes(fill))
            done = command("serve", "--port", "0", "--data", str(disk / "data"), cwd=tmp_path)
            assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
            assert "full" in done.stderr or "No space left" in done.stderr
            shutil.rmtree(disk / "data", ignore_errors=True)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
