#!/usr/bin/env python3
"""A feeder to copy: sends numbers to a dashboard server. Only Python's standard library; change ``read`` and run it.

    python3 feeder.py --url http://127.0.0.1:8888 --every 1

Values are collected and sent in batches by a thread of their own.  While the server is away they wait in a bounded
buffer (the oldest are dropped first, and counted); each batch carries an Idempotency-Key, so one that is sent again
because its answer was lost is stored once.  A token is taken from DASHBOARD_TOKEN.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import deque
from collections.abc import Iterator


class Feeder:
    """Sender of values. ``add`` may be called from any thread; ``close`` sends the waiting values for at most ``timeout_s``."""

    def __init__(self, url: str, *, flush_s: float = 1.0, batch: int = 1_000, buffer: int = 100_000) -> None:
        self.url = url.rstrip("/") + "/api/v1/samples"
        self.flush_s, self.batch, self.buffer = flush_s, batch, buffer
        self.dropped = self.refused = self.sent = 0
        self._waiting: deque[dict] = deque()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)
        self._thread.start()

    def add(self, series: str, value: float, *, unit: str = "", every_s: float = 0, **labels: str) -> None:
        """Add one value measured now; it is sent with the next batch."""
        sample = {"series": series, "value": value, "t": int(time.time() * 1000)}
        if labels:
            sample["labels"] = labels
        if unit:
            sample["unit"] = unit
        if every_s:
            sample["every_s"] = every_s
        with self._lock:
            if len(self._waiting) >= self.buffer:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(sample)

    def close(self, timeout_s: float = 10) -> None:
        """Send the waiting values, then end."""
        self._closing.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._closing.wait(self.flush_s):
            self._send_all()
        self._send_all()

    def _send_all(self) -> None:
        while True:
            with self._lock:
                batch = [self._waiting.popleft() for _ in range(min(self.batch, len(self._waiting)))]
            if not batch:
                return
            self._send(batch)

    def _send(self, batch: list[dict]) -> None:
        """Send a batch again and again until the server accepts it or refuses it for good."""
        body = json.dumps(batch).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        if token := os.environ.get("DASHBOARD_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        wait_s = 0.2
        while True:
            asked_s = 0.0
            try:
                urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=10).close()
                self.sent += len(batch)
                return
            except urllib.error.HTTPError as error:
                answer = error.read().decode("utf-8", "replace")
                if error.code not in (408, 429, 500, 502, 503, 504):
                    self._note_refusal(len(batch), answer)
                    return
                asked = error.headers.get("Retry-After") or ""
                asked_s = float(asked) if asked.isdecimal() else 0.0
            except OSError:
                pass  # the server is away: the batch waits here, new values in the buffer
            time.sleep(max(asked_s, wait_s * random.uniform(0.5, 1)))
            wait_s = min(30, wait_s * 2)

    def _note_refusal(self, count: int, answer: str) -> None:
        try:
            details = json.loads(answer)
            self.sent += details.get("accepted", 0)
            self.refused += count - details.get("accepted", 0)
            print("refused:", details.get("error", answer), flush=True)
        except ValueError:
            self.refused += count
            print("refused:", answer[:200], flush=True)


def read() -> Iterator[tuple[str, float, str, dict[str, str]]]:
    """Return the values to feed: (series, value, unit, labels). Put your own here."""
    yield "example_load", os.getloadavg()[0], "", {}
    disk = shutil.disk_usage("/")
    yield "example_disk_percent", 100 * disk.used / disk.total, "%", {"mount": "/"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DASHBOARD_URL", "http://127.0.0.1:8888"))
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two readings")
    parser.add_argument("--count", type=int, default=0, help="stop after so many readings; 0: never")
    options = parser.parse_args()
    feeder = Feeder(options.url, flush_s=min(1.0, options.every))
    beats = 0
    due = time.monotonic()
    try:
        while not options.count or beats < options.count:
            for series, value, unit, labels in read():
                feeder.add(series, value, unit=unit, every_s=options.every, **labels)
            beats += 1
            due += options.every
            if due <= time.monotonic():
                due = time.monotonic() + options.every  # readings that were missed are not made up for
            time.sleep(max(0.0, due - time.monotonic()))
    except KeyboardInterrupt:
        pass
    feeder.close()
    print(f"sent {feeder.sent}, refused {feeder.refused}, dropped {feeder.dropped}")


if __name__ == "__main__":
    main()
