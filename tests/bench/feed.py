"""Feeders of the benches: they post samples over one kept connection, at a fixed rate or as fast as possible."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

Rows = list[dict[str, Any]]


class Poster:
    """Connection that posts bodies to ``/api/v1/samples``, one at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, body: bytes) -> None:
        """Send one body and read the whole answer; raises RuntimeError if it is not 202."""
        head = f"POST /api/v1/samples HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._socket.sendall(head.encode() + body)
        answer = b""
        while b"\r\n\r\n" not in answer or len(answer) < _whole(answer):
            some = self._socket.recv(65_536)
            if not some:
                raise RuntimeError("the server hung up on the feeder")
            answer += some
        if not answer.startswith(b"HTTP/1.1 202"):
            raise RuntimeError(f"not accepted: {answer[:500]!r}")

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def _whole(answer: bytes) -> int:
    """Return the whole length of an answer, headers included."""
    head = answer[: answer.index(b"\r\n\r\n") + 4]
    length = head.lower().split(b"content-length:")[1].split(b"\r\n")[0]
    return len(head) + int(length)


class Feeder:
    """Feeder that posts what ``rows(number)`` returns, about ``per_s`` times a second, in a thread, within a ``with``
    block.

    ``jitter`` 1: at random times (half to one and a half of the period); 0: on a grid.
    """

    def __init__(
        self, port: int, rows: Callable[[int], Rows], per_s: float, *, first: int = 1, jitter: float = 0
    ) -> None:
        self._port, self._rows, self._period_s, self._jitter = port, rows, 1 / per_s, jitter
        self.number = first
        self.answered_ms: list[float] = []
        self._failed: BaseException | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Feeder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        try:
            poster = Poster(self._port)
            due = time.monotonic()
            while not self._stopping.wait(max(0, due - time.monotonic())):
                began = time.monotonic()
                poster.post(json.dumps(self._rows(self.number), separators=(",", ":")).encode())
                self.answered_ms.append((time.monotonic() - began) * 1000)
                self.number += 1
                due += self._period_s * (1 + self._jitter * (random.random() - 0.5))
            poster.close()
        except Exception as error:
            self._failed = error


def now_ms() -> int:
    """Return the wall time in milliseconds."""
    return int(time.time() * 1000)


def counting(name: str, series: int) -> Callable[[int], Rows]:
    """Return rows of ``series`` series whose value is the number of the post and whose time is now."""

    def rows(number: int) -> Rows:
        t = now_ms()
        return [{"series": name, "labels": {"n": str(n)}, "value": number, "t": t} for n in range(series)]

    return rows


def measuring(name: str, series: int) -> Callable[[int], Rows]:
    """Return rows of ``series`` series with values as instruments give them."""

    def rows(number: int) -> Rows:
        t = now_ms()
        return [
            {"series": name, "labels": {"n": str(n)}, "value": round(random.gauss(50, 10), 2), "t": t}
            for n in range(series)
        ]

    return rows
