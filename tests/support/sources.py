"""Helpers for tests of sources: a file of sources, a server's counters of a source, and targets that answer as the test says."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.deadline import scaled
from tests.support.server import ServerProcess, wait_until

Answer = Callable[[bytes], bytes | None]


def write_sources(folder: Path, **sources: Any) -> str:
    """Write a file of sources as JSON, which is valid YAML; return its path."""
    file = folder / "sources.yaml"
    file.write_text(json.dumps(sources))
    return str(file)


def counted(server: ServerProcess, name: str, source: str, reason: str = "", *, port: int = 0) -> int:
    """Return ``dashboard_source_NAME`` of a source, over all reasons or for one."""
    rows = _rows(server, name, source, port)
    return sum(int(float(value)) for labels, value in rows if not reason or f'reason="{reason}"' in labels)


def reasons(server: ServerProcess, name: str, source: str) -> set[str]:
    """Return the reasons for which anything is counted, from one request."""
    rows = [labels for labels, value in _rows(server, name, source, 0) if float(value)]
    return {found[1] for labels in rows if (found := re.search(r'reason="([^"]+)"', labels))}


def _rows(server: ServerProcess, name: str, source: str, port: int) -> list[tuple[str, str]]:
    text = server.request("GET", "/metrics", port=port)[2].decode()
    pattern = rf'^dashboard_source_{name}(?:_total)?{{([^}}]*source="{re.escape(source)}"[^}}]*)}} (\S+)$'
    return re.findall(pattern, text, re.MULTILINE)


def latest(server: ServerProcess, selector: str) -> dict[str, float]:
    """Return the last value of each series that the selector matches."""
    found = server.json("GET", f"/api/v1/series?match={selector}")[1]["series"]
    return {each["series"]: each["last"]["value"] for each in found if each["last"]}


def wait_for_value(server: ServerProcess, series: str, value: float | None = None, timeout_s: float = 10) -> float:
    """Wait until the series has this value, or any value."""
    name = series.partition("{")[0]

    def look() -> list[float]:
        found = latest(server, name).get(series)
        return [] if found is None or (value is not None and found != value) else [found]

    return float(wait_until(look, timeout_s, f"{series} = {value}")[0])


def wait_until_here(server: ServerProcess, *sources: str) -> None:
    """Wait until the server runs the sources and they work."""
    for source in sources:
        wait_until(lambda source=source: counted(server, "here", source) and not counted(server, "failing", source))


class Target:
    """HTTP target. ``answer`` returns the raw bytes of each answer; None: no answer, for ever."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.asked_s: list[float] = []  # when (monotonic)
        self._held: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/metrics"

    def __enter__(self) -> Target:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(scaled(10))
        for each in self._held:
            each.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            request = b""
            while b"\r\n\r\n" not in request:
                some = connection.recv(65_536)
                if not some:
                    break
                request += some
            self.requests.append(request)
            self.asked_s.append(time.monotonic())
            answer = self.answer(request)
            if answer is None:
                self._held.append(connection)
                return
            connection.sendall(answer)
        except OSError:
            pass  # it has hung up on us: too much
        connection.close()


def page(body: bytes | str, status: str = "200 OK", *headers: str) -> bytes:
    """Return an answer with a length."""
    raw = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", "Content-Type: text/plain; version=0.0.4", *headers]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode() + raw
