"""A whole installation for fault tests: Redis, optionally a proxy before it, and the server with its workers. All are real processes."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.deadline import scaled
from tests.support.redis_proxy import RedisProxy
from tests.support.redis_server import RedisServer
from tests.support.server import ServerProcess, wait_until

ROOT = Path(__file__).resolve().parents[2]
#: Every write is on the disk before it is answered.
DURABLE = ("appendonly yes", "appendfsync always")
PARTITION = "metrics.0"


#: Below what the system gives to outgoing connections, which else might sit on a port while its server is down.
_FIRST_PORT, _LAST_PORT = 15_000, 30_000


def free_ports(count: int) -> int:
    """Return the first of ``count`` consecutive ports that are free and stay free."""
    while True:
        first = random.randrange(_FIRST_PORT, _LAST_PORT)
        held: list[socket.socket] = []
        try:
            for port in range(first, first + count):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for each in held:
                each.close()
        return first


class Cluster:
    """Context manager of an installation. ``proxied``: the server reaches Redis through ``proxy``. ``build``: name of a
    broken build (tests/mutants)."""

    def __init__(
        self,
        folder: Path,
        *flags: str,
        workers: int = 2,
        redis_options: tuple[str, ...] = DURABLE,
        proxied: bool = False,
        password: str = "",
        build: str = "",
    ) -> None:
        self.workers = workers
        options = (*redis_options, f"requirepass {password}") if password else redis_options
        self._first_port = free_ports(workers + 2)
        self.redis = RedisServer(folder / "redis", *options, port=self._first_port)
        self.password = password
        self.proxy = RedisProxy(self.redis.port) if proxied else None
        self.direct_port = self._first_port + 2
        self._flags = flags
        self._build = build
        self._folder = folder
        self.server: ServerProcess

    def __enter__(self) -> Cluster:
        self.redis.start()
        try:
            if self.proxy is not None:
                self.proxy.start()
            self.server = self._make_server()
            self.server.start()
        except BaseException:
            self.close()
            raise
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        """Wait until all workers serve, on their own ports too."""
        wait_until(lambda: len(self.ready_pids()) == self.workers, 30, "all workers ready")
        for port in self.direct_ports:
            wait_until(lambda port=port: _listens(port), 10, "the direct ports")

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        if hasattr(self, "server"):
            orphans = [each["pid"] for each in self.status().get("workers", [])]
            self.server.close()
            for pid in orphans:  # of a supervisor that was killed; stopped ones would stay for ever
                _kill(pid)
        if self.proxy is not None:
            self.proxy.close()
        self.redis.close()

    def _make_server(self) -> ServerProcess:
        secret = f":{self.password}@" if self.password else ""
        port = self.proxy.port if self.proxy is not None else self.redis.port
        flags = [
            "--workers",
            str(self.workers),
            "--redis",
            f"redis://{secret}127.0.0.1:{port}/0",
            "--direct-port",
            str(self.direct_port),
            "--no-host-feeder",
            "--no-server-feeder",
            *self._flags,
        ]
        module = "tests.mutants.launch" if self._build else "dashboard"
        environ = {"BROKEN_BUILD": self._build} if self._build else {}
        shared = self._first_port + 1
        return ServerProcess(self._folder / "server", *flags, port=shared, module=module, environ=environ)

    # --- addresses ---

    @property
    def port(self) -> int:
        """The port that all workers share."""
        return self.server.port

    @property
    def direct_ports(self) -> list[int]:
        """The workers' own ports, in the order of their numbers."""
        return [self.direct_port + number for number in range(self.workers)]

    # --- workers ---

    def status(self) -> dict[str, Any]:
        """The supervisor's status file; empty if there is none."""
        try:
            status: dict[str, Any] = json.loads((self.server.folder / "data" / "supervisor.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return status

    def pids(self) -> dict[int, int]:
        """Process ids by worker number."""
        return {each["number"]: each["pid"] for each in self.status().get("workers", [])}

    def ready_pids(self) -> dict[int, int]:
        """Process ids, by worker number, of the workers that serve."""
        workers = [each for each in self.status().get("workers", []) if each["ready"] and not has_ended(each["pid"])]
        return {each["number"]: each["pid"] for each in workers}

    def ordered_pids(self) -> list[int]:
        """Process ids in the order of ``direct_ports``."""
        return [pid for _, pid in sorted(self.ready_pids().items())]

    def signal_worker(self, number: int, what: signal.Signals) -> int:
        """Send a signal to a worker; return its process id."""
        pid = self.ready_pids()[number]
        os.kill(pid, what)
        return pid

    def wait_replaced(self, number: int, pid: int, timeout_s: float = 20) -> int:
        """Wait until another worker serves in the place of the process ``pid``; return its process id."""
        return int(
            wait_until(
                lambda: (now := self.ready_pids().get(number)) is not None and now != pid and now,
                timeout_s,
                f"another worker {number} in place of {pid}",
            )
        )

    def reload(self, timeout_s: float = 60) -> str:
        """Run ``dashboard reload``; return its output."""
        command = [sys.executable, "-m", "dashboard", "reload", "--data", str(self.server.folder / "data")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=scaled(timeout_s), cwd=ROOT, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def metric(self, port: int, name: str) -> float:
        """Return the sum of a metric over its labels, of the worker at this port."""
        text = self.server.request("GET", "/metrics", port=port)[2].decode()
        found = re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        return sum(float(each) for each in found)

    # --- Redis ---

    def key(self, name: str) -> str:
        """Return the name of a Redis key of the samples' partition (``log``, ``head``, ``requests``)."""
        return f"{{dashboard:{PARTITION}}}:{name}"

    def redis_client(self) -> Any:
        """Return a client that reaches Redis directly, not through the proxy."""
        return self.redis.client(password=self.password or None)


def has_ended(pid: int) -> bool:
    """Return whether the process has ended, even if its parent has not collected it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=scaled(1)).close()
    except OSError:
        return False
    return True


def _kill(pid: int) -> None:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"dashboard" in command or b"tests.mutants" in command:
            os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
