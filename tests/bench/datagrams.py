"""Process that sends StatsD datagrams with 50 metrics each: ``python -m tests.bench.datagrams PORT``.

Told ``send SECONDS PER_S`` (datagrams a second; 0: as fast as it can), it answers with how many datagrams it sent.
"""

from __future__ import annotations

import json
import socket
import sys
import time

METRICS = 50
_TYPES = ("c", "g", "ms", "c|@0.5", "h|#env:prod,host:web-1", "d")
_TURN_S = 0.002


def datagrams() -> list[bytes]:
    """Return 100 different datagrams: 200 names, six types."""
    metrics = [f"app.req{i % 6}.{i % 200}:{i % 97 + 0.25}|{_TYPES[i % 6]}".encode() for i in range(100 * METRICS)]
    return [b"\n".join(metrics[start : start + METRICS]) for start in range(0, len(metrics), METRICS)]


def send(to: socket.socket, some: list[bytes], seconds: float, per_s: float) -> int:
    """Send datagrams on a grid of 2 ms, so that the bursts of a late sender stay short; return their number."""
    began, sent = time.monotonic(), 0
    while (elapsed := time.monotonic() - began) < seconds:
        owed = int(elapsed * per_s) - sent if per_s else len(some)
        for _ in range(owed):
            to.send(some[sent % len(some)])
            sent += 1
        if per_s:
            time.sleep(_TURN_S)
    return sent


def main() -> None:
    """Serve orders from stdin until stdin ends."""
    to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    to.connect(("127.0.0.1", int(sys.argv[1])))
    some = datagrams()
    for line in sys.stdin:
        _, seconds, per_s = line.split()
        began = time.monotonic()
        sent = send(to, some, float(seconds), float(per_s))
        print(json.dumps({"sent": sent, "seconds": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    main()
