"""A real redis-server in its own process, on a free port, in a temporary folder; ended by its process id."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.deadline import DeadlinePassed, scaled


def free_port(below: int = 65_536) -> int:
    """Return a port that no process listens on."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < below:
            return port


class RedisServer:
    """Redis server. ``options``: lines of redis.conf. May be killed, frozen and started again on the same port and folder."""

    def __init__(self, folder: Path, *options: str, port: int = 0, sentinel: bool = False) -> None:
        self.folder = folder
        self.options = options
        self.port = port or free_port()
        self.sentinel = sentinel
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> RedisServer:
        """Start the server; return when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            "protected-mode no",
            *(() if self.sentinel else ("save ''",)),
            f"port {self.port}",
            f"dir {self.folder}",
            *self.options,
        ]
        config = self.folder / "redis.conf"
        config.write_text("\n".join(lines) + "\n")
        with (self.folder / "redis.log").open("a") as log:
            command = ["redis-server", str(config), *(("--sentinel",) if self.sentinel else ())]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until_s = time.monotonic() + scaled(30)
        while not self._answers():
            late = time.monotonic() > until_s
            if late or self.process.poll() is not None:
                log_end = (self.folder / "redis.log").read_text()[-2000:]
                raise (DeadlinePassed if late else AssertionError)(f"redis-server did not start\n{log_end}")
            time.sleep(0.02)
        return self

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.exceptions.AuthenticationError:
            return True
        except (redis.exceptions.RedisError, OSError):
            return False

    def client(self, **options: object) -> redis.Redis:
        """Return a plain client."""
        return redis.Redis(port=self.port, socket_timeout=10, retry=Retry(NoBackoff(), 0), **options)  # type: ignore[arg-type]

    def signal(self, number: signal.Signals) -> None:
        """Send SIGSTOP, SIGCONT or another signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill the server with SIGKILL; its folder stays."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(scaled(10))

    def empty(self) -> None:
        """Remove its data; call this while it does not run."""
        for path in (self.folder / "appendonlydir").glob("*"):
            path.unlink()
        for path in self.folder.glob("*.rdb"):
            path.unlink()

    def close(self) -> None:
        """End the server in any state."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
