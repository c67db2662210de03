"""An HTTP server that answers feeders as the test says, and records what they send."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.support.deadline import scaled


class Received(NamedTuple):
    """One request: its time of arrival (monotonic), its path, Idempotency-Key, Authorization and body."""

    at_s: float
    key: str
    authorization: str
    path: str
    body: bytes

    @property
    def samples(self) -> list[dict[str, Any]]:
        """Return the samples of an array or of NDJSON lines."""
        if self.body.startswith(b"["):
            samples: list[dict[str, Any]] = json.loads(self.body)
            return samples
        return [json.loads(line) for line in self.body.splitlines() if line]


class ScriptedServer:
    """``script``: the next answers as (status, headers), then 202; a status of 0 closes the connection without an answer."""

    def __init__(self, *script: tuple[int, dict[str, str]]) -> None:
        self._script = list(script)
        self.received: list[Received] = []
        self.hold = threading.Event()  # answers wait for it
        self.hold.set()
        self.came = threading.Semaphore(0)  # one for each request
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                owner._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = handler.headers
        request = Received(
            time.monotonic(), headers["Idempotency-Key"], headers.get("Authorization", ""), handler.path, body
        )
        self.received.append(request)
        status, more = self._script.pop(0) if self._script else (202, {})
        self.came.release()
        self.hold.wait(scaled(30))
        if not status:
            return
        said = {"accepted": len(request.samples)} if status == 202 else {"code": "scripted", "error": "as told"}
        answer = "" if status == 204 else json.dumps(said)
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(answer)), **more}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer.encode())

    @contextmanager
    def running(self) -> Iterator[ScriptedServer]:
        """Serve within the block."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.hold.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()
