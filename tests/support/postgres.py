"""A real PostgreSQL in its own process, on a free port, in a temporary folder; ended by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from tests.support.deadline import DeadlinePassed, scaled
from tests.support.redis_server import free_port

_USER = "postgres"


def _as_user(*command: str) -> list[str]:
    """Return the command; if root runs the tests, as another user's, because PostgreSQL refuses to run as root."""
    return ["runuser", "-u", _USER, "--", *command] if os.geteuid() == 0 else [*command]


def available() -> bool:
    """Return whether this machine has PostgreSQL and may run it."""
    return all(shutil.which(name) for name in ("initdb", "postgres", "psql"))


class PostgresServer:
    """PostgreSQL in a folder of its own (a test's folder belongs to root, and others cannot enter it). May be killed and started again."""

    def __init__(self, *options: str, port: int = 0) -> None:
        self.options = options
        self.port = port or free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> PostgresServer:
        """Start the server; return when it answers."""
        data = self.folder / "data"
        if not data.exists():
            if os.geteuid() == 0:
                shutil.chown(self.folder, _USER)
            made = ["initdb", "--pgdata", str(data), "--auth", "trust", "--username", _USER, "--no-sync"]
            subprocess.run(_as_user(*made), check=True, capture_output=True, timeout=scaled(120), cwd=self.folder)
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"]
        flags = [part for setting in (*settings, *self.options) for part in ("-c", setting)]
        with (self.folder / "postgres.log").open("a") as log:
            self.process = subprocess.Popen(
                _as_user("postgres", "-D", str(data), *flags), stdout=log, stderr=log, cwd=self.folder
            )
        until_s = time.monotonic() + scaled(60)
        while not self._answers():
            late = time.monotonic() > until_s
            if late or self.process.poll() is not None:
                log_end = (self.folder / "postgres.log").read_text()[-2000:]
                raise (DeadlinePassed if late else AssertionError)(f"PostgreSQL did not start\n{log_end}")
            time.sleep(0.05)
        return self

    def _answers(self) -> bool:
        command = ["pg_isready", "--host", "127.0.0.1", "--port", str(self.port), "--quiet"]
        return subprocess.run(command, timeout=scaled(10)).returncode == 0

    @property
    def pid(self) -> int:
        """Process id of the postmaster itself, not of runuser."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])

    def sql(self, text: str) -> str:
        """Run a statement by psql; return its output."""
        command = ["psql", "--no-psqlrc", "-qtA", "--set", "ON_ERROR_STOP=1", self.url, "--command", text]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=scaled(60)).stdout.strip()

    def kill(self) -> None:
        """Kill the postmaster with SIGKILL; return when it has ended."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """End the server in any state and remove its folder."""
        if self.process is not None and self.process.poll() is None:
            self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        assert self.process is not None
        postmaster = psutil.Process(self.pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        postmaster.send_signal(number)
        self.process.wait(scaled(30))
        alive = psutil.wait_procs(family, timeout=scaled(30))[1]  # they hold the shared memory that a new start wants
        assert alive == []
