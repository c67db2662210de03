"""Processes of a bench run: each pinned to a core, asked by lines, measured from outside, ended by its process id."""

from __future__ import annotations

import json
import os
import re
import resource
import select
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.pulse import waited_for_core_s
from tests.support.redis_server import RedisServer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
_CORES = sorted(os.sched_getaffinity(0))
#: What is measured runs here, what loads it there.
SERVER_CORE, LOAD_CORE = _CORES[0], _CORES[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Pin the children that are started in this block to ``core``."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_file_limit() -> None:
    """Allow as many open files as this user may have; children inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def rss_kib_of(pid: int) -> int:
    """Return the resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def is_readable(fd: int, timeout_s: float) -> bool:
    """Return whether there is something to read within the time; uses ``poll``, which takes descriptors beyond 1,023, too."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))


class Child:
    """Process that prints lines on its stdout and may be sent lines on its stdin."""

    def __init__(self, command: Sequence[str], core: int, log: Path, cwd: Path = ROOT) -> None:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
        self.log = log
        self._said = b""
        with log.open("ab") as stderr, on_core(core):
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, cwd=cwd, env=environ
            )
        self.pid = self._process.pid

    def line(self, timeout_s: float = 30) -> str:
        """Return the next line of its output; raises TimeoutError, or RuntimeError with its log if it has ended."""
        assert self._process.stdout is not None
        fd, until = self._process.stdout.fileno(), time.monotonic() + timeout_s
        while b"\n" not in self._said:
            if not is_readable(fd, max(0, until - time.monotonic())):
                raise TimeoutError(f"{self._process.args} said nothing for {timeout_s} s\n{self.errors()[-2000:]}")
            some = os.read(fd, 65_536)
            if not some:
                raise RuntimeError(f"{self._process.args} ended\n{self.errors()[-2000:]}")
            self._said += some
        line, self._said = self._said.split(b"\n", 1)
        return line.decode()

    def tell(self, order: str) -> None:
        """Send it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(order.encode() + b"\n")
        self._process.stdin.flush()

    def ask(self, order: str, timeout_s: float = 60) -> dict[str, Any]:
        """Send it a line and return its answer, one line of JSON."""
        self.tell(order)
        answer: dict[str, Any] = json.loads(self.line(timeout_s))
        return answer

    def cpu_s(self) -> float:
        """Return the user and system time of all its threads: utime + stime of /proc/PID/stat, but in nanoseconds.

        The clock id of a process's CPU clock is made as clock_getcpuclockid(3) makes it.
        """
        return time.clock_gettime((~self.pid << 3) | 2)

    def waited_s(self) -> float:
        """Return how long its main thread waited for a core that others used; the longer, the less the measured times
        can be trusted."""
        return waited_for_core_s(self.pid)

    def rss_kib(self) -> int:
        """Return its resident memory."""
        return rss_kib_of(self.pid)

    def errors(self) -> str:
        """Return its output on stderr."""
        return self.log.read_text(errors="replace")

    def close(self) -> None:
        """End it and wait for its end."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


class Server(Child):
    """The server under test, as a user starts it."""

    def __init__(self, folder: Path, *flags: str, core: int = SERVER_CORE) -> None:
        feeders = ("--no-host-feeder", "--no-server-feeder")
        where = ("--port", "0", "--data", str(folder / "data"))
        command = [sys.executable, "-m", "dashboard", "serve", *feeders, *where, *flags]
        super().__init__(command, core, folder / "server.log")
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.line())
        assert found is not None, self.errors()
        self.port = int(found[1])

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def connections(self) -> int:
        """Return the number of open WebSockets."""
        return int(json.loads(self._get("/metrics/websocket"))["activeConnections"])

    def frames_skipped(self) -> int:
        """Return the number of frames that were not sent because a viewer had not drained."""
        found = re.search(r"^dashboard_frames_skipped_total (\S+)", self._get("/metrics"), re.MULTILINE)
        assert found is not None
        return int(float(found[1]))


class Peer(Child):
    """One of the programs in ``peers.py``, on the server's core."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.bench.peers", *arguments]
        super().__init__(command, SERVER_CORE, folder / f"{arguments[0]}.log")
        self.port = int(json.loads(self.line()).get("port", 0))


class Bench(ExitStack):
    """The temporary folder and the processes of one figure; at the end of the block they are ended, the last started first."""

    def __init__(self, *, short: bool) -> None:
        super().__init__()
        self.short = short
        self.folder = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="dashboard-bench-")))
        self._count = 0

    def take(self, child: Any) -> Any:
        """Own a process, or anything else that has ``close``."""
        self.callback(child.close)
        return child

    def logs(self) -> str:
        """Return the end of each process' output on stderr."""
        logs = (log.read_text(errors="replace").strip() for log in sorted(self.folder.rglob("*.log")))
        return "\n".join(text[-1_000:] for text in logs if text)

    def _place(self) -> Path:
        self._count += 1
        place = self.folder / str(self._count)
        place.mkdir()
        return place

    def server(self, *flags: str, core: int = SERVER_CORE) -> Server:
        """Start a new server with an empty data folder."""
        server: Server = self.take(Server(self._place(), *flags, core=core))
        return server

    def redis(self, *, core: int = SERVER_CORE) -> RedisServer:
        """Start a new Redis that stores nothing on the disk."""
        with on_core(core):
            store: RedisServer = self.take(RedisServer(self._place()).start())
        return store

    def peer(self, *arguments: str) -> Peer:
        """Start a new peer."""
        peer: Peer = self.take(Peer(self._place(), *arguments))
        return peer

    def pick(self, short: float, full: float) -> float:
        """Return one of two sizes."""
        return short if self.short else full
