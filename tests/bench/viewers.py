"""Load client ``viewers.c``, compiled when a run begins, on the load's core. It reports its own share of the CPU."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.bench.processes import HERE, LOAD_CORE, Bench, Child


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="dashboard-bench-client-")


@lru_cache(maxsize=1)
def _program() -> str:
    """Compile the client; the program is kept as long as this process."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("the bench needs a C compiler (cc) for its load client")
    program = Path(_folder().name) / "viewers"
    subprocess.run([compiler, "-O2", "-o", str(program), str(HERE / "viewers.c")], check=True, timeout=60)
    return str(program)


class Viewers(Child):
    """Viewers of one server. ``mode``: ws, raw (no handshake) or socketio."""

    def __init__(self, bench: Bench, port: int, watch: str = "", *, mode: str = "ws", check: bool = False) -> None:
        path = "/socket.io/?EIO=4&transport=websocket" if mode == "socketio" else "/ws"
        command = [_program(), str(port), mode, path, watch, str(int(check))]
        super().__init__(command, LOAD_CORE, bench.folder / f"viewers-{port}.log")
        bench.take(self)
        self._reported_s = time.monotonic()

    def open(self, count: int, kind: int = 0, timeout_s: float = 60) -> float:
        """Connect ``count`` more viewers, each until its first answer; return the seconds that this took."""
        answer = self.ask(f"open {count} {kind}", timeout_s)
        if answer["failed"]:
            raise RuntimeError(f"{answer['failed']} of {count} viewers could not connect\n{self.errors()[-500:]}")
        return float(answer["seconds"])

    def report(self) -> dict[str, Any]:
        """Return what was received since the last report; ``busy`` is the client's own share of its core."""
        report = self.ask("report")
        now = time.monotonic()
        report["busy"] = report["cpu_s"] / (now - self._reported_s)
        self._reported_s = now
        return report


def watch(*selectors: str, rate_hz: float = 10, window_s: float = 60) -> str:
    """Return the watch request."""
    request = {"type": "watch", "id": 1, "selectors": selectors, "rate_hz": rate_hz, "window_s": window_s}
    return json.dumps(request, separators=(",", ":"))
