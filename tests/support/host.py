"""Speed of this host: how many times slower it is than the machine that the times in the tests were set on.

``python -m tests.support.host`` measures and prints the factor. ``scripts/test`` does so once and passes the factor to
every pytest by the environment; a pytest that is started alone measures by itself. The measured work is a fixed part of
what the product does: JSON in and out, a table of series, bytes over the loopback. Its cost is CPU time of this
process, the least of many repeats: a busy neighbour does not make a host slow.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

import msgspec

#: The environment variable that holds the factor of this run.
FACTOR = "TESTS_HOST_FACTOR"
#: A slower host than this fails timing tests: they would no longer say anything.
MOST = 3.0
#: CPU seconds of each part on the machine that the times in the tests were set on. It is gone: these are the figures of a
#: host of November 2026 (0.19, 3.0 and 1.3 ms when quiet), divided by the ratio of what ``scripts/bench fanout`` said of the
#: same peers on both: a frame of ``write_message`` 18 us and 38 us, of a bare send loop 5.0 us and 9.4 us.
REFERENCE_S = {"json": 0.0001, "table": 0.0016, "loopback": 0.0007}
_REPEATS = 150


class _Sample(msgspec.Struct):
    series: str
    labels: dict[str, str]
    value: float
    t: int


_BATCH = msgspec.json.encode(
    [_Sample("orders", {"shop": f"s{n:03}"}, n / 8, 1_700_000_000_000 + n) for n in range(500)]
)
_decode = msgspec.json.Decoder(list[_Sample]).decode


def _json() -> None:
    """Decode and encode a batch of samples."""
    msgspec.json.encode(_decode(_BATCH))


def _table() -> None:
    """Append samples to rings by series, and read each series' last value."""
    table: dict[str, list[tuple[int, float]]] = {}
    for number in range(8_000):
        ring = table.setdefault(f'orders{{shop="s{number % 50:03}"}}', [])
        ring.append((number, number / 8))
        if len(ring) > 40:
            del ring[:20]
    sum(ring[-1][1] for ring in table.values())


def _loopback() -> None:
    """Send frames to a socket of this process and read them."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as one, listener.accept()[0] as other:
        for _ in range(150):
            one.sendall(_BATCH[:200])
            other.recv(4_096)


_PARTS: dict[str, Callable[[], None]] = {"json": _json, "table": _table, "loopback": _loopback}


def measure(repeats: int = _REPEATS) -> dict[str, float]:
    """Return the CPU seconds of each part: the least of the repeats."""
    cost = dict.fromkeys(_PARTS, float("inf"))
    for _ in range(repeats):
        for name, work in _PARTS.items():
            began_s = time.process_time()
            work()
            cost[name] = min(cost[name], time.process_time() - began_s)
    return cost


def factor_of(cost: dict[str, float]) -> float:
    """Return how many times slower the host is, 1 to ``MOST``: the mean over the parts."""
    slower = sum(cost[name] / REFERENCE_S[name] for name in REFERENCE_S) / len(REFERENCE_S)
    return round(min(MOST, max(1.0, slower)), 2)


def factor() -> float:
    """Return this run's factor; measure the host if that has not been done, for this process and its children."""
    if FACTOR not in os.environ:
        os.environ[FACTOR] = str(factor_of(measure()))
    return float(os.environ[FACTOR])


if __name__ == "__main__":
    print(factor_of(measure()))
