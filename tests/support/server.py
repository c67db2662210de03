"""A real server in its own process, on a free port, in a temporary folder; ended by its process id."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.support.deadline import scaled, timeouts_as_deadlines, wait_until


class ServerProcess:
    """Process of the server. ``start`` returns when the server prints its address; it may be started again.

    ``module``: program to run instead of the dashboard itself (tests/mutants), with ``environ`` added to its environment.
    """

    def __init__(
        self,
        folder: Path,
        *flags: str,
        port: int = 0,
        module: str = "dashboard",
        environ: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.flags = flags
        self.port = port
        self.module = module
        self.environ = environ or {}
        self.process: subprocess.Popen[str] | None = None
        self.killed = False
        self.log = folder / "server.log"

    def start(self) -> ServerProcess:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            self.module,
            "serve",
            "--port",
            str(self.port),
            "--data",
            str(self.folder / "data"),
        ]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")} | self.environ
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*command, *self.flags], stdout=subprocess.PIPE, stderr=log, text=True, env=environ
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        while line and not line.startswith("Dashboard at "):  # before it, without an administrator, a link
            line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if not found:
            self.process.wait(scaled(10))
            raise AssertionError(f"the server did not start: {line!r}\n{self.log.read_text()}")
        self.port = int(found[1])
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def kill(self) -> None:
        """Kill the server with SIGKILL."""
        assert self.process is not None
        self.killed = True
        self.process.send_signal(signal.SIGKILL)
        self._reap()

    def stop(self, timeout_s: float = 15) -> int:
        """Stop the server with SIGTERM; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self._reap(timeout_s)

    def _reap(self, timeout_s: float = 15) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        with timeouts_as_deadlines("the server's end"):
            code = self.process.wait(scaled(timeout_s))
        self.process.stdout.close()
        return code

    def close(self) -> None:
        """End the server in any state."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self._reap()

    def command(self, *arguments: str, said: str = "") -> str:
        """Run ``dashboard …`` on this server's store, with ``said`` as its input; return its output."""
        line = [sys.executable, "-m", "dashboard", *arguments, "--data", str(self.folder / "data")]
        done = subprocess.run(line, input=said, capture_output=True, text=True, timeout=scaled(30), check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def token(self, name: str, *options: str) -> str:
        """Make a token by ``command``; return it once the running server knows it."""
        text = self.command("token", "create", name, *options)
        wait_until(lambda: self.request("GET", f"/api/v1/me?token={text}")[0] == 200, 20, "the token to be known")
        return text

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        port: int = 0,
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one HTTP request; return status, headers in lower case, and body. ``port``: a worker's own port instead of the server's."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=scaled(30))
        try:
            with timeouts_as_deadlines(f"the answer to {method} {path}"):
                connection.request(method, path, body, headers or {})
                answer = connection.getresponse()
                return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, value: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Send JSON; return the answer's JSON."""
        body = None if value is None else json.dumps(value)
        status, _, data = self.request(method, path, body, headers)
        return status, json.loads(data) if data else None

    def post(self, series: str, value: float, **more: Any) -> None:
        """Feed one value; it must be accepted. The next one has a later time, because of two in one millisecond only the last is kept."""
        status, answer = self.json("POST", "/api/v1/samples", {"series": series, "value": value, **more})
        assert status == 202, answer
        time.sleep(0.001)  # a millisecond of the server's clock

    def complaints(self) -> str:
        """Return the server's log records of level warning or above, except those about killed processes."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        if self.killed:
            lines = [line for line in lines if "is gone: nothing heard" not in line]
        return "\n".join(line for line in lines if " WARNING " in line or " ERROR " in line or "Traceback" in line)

    def rss_kib(self) -> int:
        """Return the resident memory in KiB."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]

    def cpu_s(self) -> float:
        """Return the processor time used so far, in seconds."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
