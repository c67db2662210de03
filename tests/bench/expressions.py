"""Benches of expressions: live_sum, live_boards; query_range and topk, beside a real Prometheus 3 if the variable
PROMETHEUS names its program."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.bench.feed import Feeder, Rows, now_ms
from tests.bench.figure import Bar, Row, bench
from tests.bench.processes import SERVER_CORE, Bench, Server, on_core
from tests.bench.viewers import Viewers, watch
from tests.promql.judge import Prometheus
from tests.support.write_request import encode, snappy

_LIVE = "sum by (host) (rate(x_total[1m]))"
_WRITE = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def _hosts(number: int) -> Rows:
    """Return 1,000 counters of 100 hosts."""
    t = now_ms()
    return [
        {
            "series": "x_total",
            "labels": {"host": f"h{n % 100}", "n": str(n)},
            "value": float(number * (n % 7 + 1)),
            "t": t,
        }
        for n in range(1_000)
    ]


def _share(server: Server, seconds: float) -> float:
    """Return the server's share of a core, while it is fed at 1 Hz."""
    began, cpu = time.monotonic(), server.cpu_s()
    time.sleep(seconds)
    return (server.cpu_s() - cpu) / (time.monotonic() - began)


@bench
def live_sum(bench: Bench) -> Iterator[Row]:
    """Measure a live sum of rates over 1,000 series at 1 Hz for 100 viewers, beside the same server without a viewer;
    and 50 windows of it."""
    seconds = bench.pick(8, 30)
    server = bench.server()
    with Feeder(server.port, _hosts, 1):
        time.sleep(seconds / 2)
        without = _share(server, seconds)
        one = Viewers(bench, server.port, watch(_LIVE, rate_hz=1, window_s=300))
        one.open(100)
        time.sleep(3)
        with_one = _share(server, seconds)
        for n in range(49):
            more = Viewers(bench, server.port, watch(_LIVE, rate_hz=1, window_s=301 + n))
            more.open(1)
        time.sleep(3)
        with_fifty = _share(server, seconds)
    cost, all_costs = with_one - without, with_fifty - without
    yield Row(
        "live sum of 1,000 rates, 100 viewers: share of a core",
        cost,
        "cores",
        {"ingest alone": without},
        (Bar("share of a core", cost, 0.05),),
    )
    yield Row(
        "the same on 50 more windows",
        all_costs,
        "cores",
        {"one window": cost},
        (Bar("times the cost of one", all_costs / cost, 1.5),),
    )


def _remote_write(url: str, rows: list[tuple[dict[str, str], list[tuple[float, int]]]]) -> None:
    for start in range(0, len(rows), 200):
        body = snappy(encode(rows[start : start + 200]))
        urlopen(Request(url, body, _WRITE)).close()


def _counters(count: int, seconds: int, now_s: int) -> list[tuple[dict[str, str], list[tuple[float, int]]]]:
    return [
        (
            {"__name__": "x_total", "host": f"h{n % 100}", "n": str(n)},
            [(float(second * (n % 7 + 1)), (now_s - seconds + second) * 1_000) for second in range(seconds + 1)],
        )
        for n in range(count)
    ]


def _cpu_ms(cpu_s: Callable[[], float], base: str, route: str, fields: dict[str, str], rounds: int) -> float:
    """Return the CPU time of a query: the mean over some rounds after a first one."""
    request = Request(f"{base}/api/v1/{route}", urlencode(fields).encode())
    urlopen(request).read()
    began = cpu_s()
    for _ in range(rounds):
        urlopen(request).read()
    return (cpu_s() - began) / rounds * 1_000


def _beside(
    bench: Bench, what: str, count: int, seconds: int, times: float, query: Callable[[int], tuple[str, dict[str, str]]]
) -> Iterator[Row]:
    rounds, now_s = int(bench.pick(5, 20)), int(time.time())
    rows = _counters(count, seconds, now_s)
    route, fields = query(now_s)
    server = bench.server("--max-series", str(2 * count))
    _remote_write(f"http://127.0.0.1:{server.port}/api/v1/write", rows)
    time.sleep(2)
    ours = _cpu_ms(server.cpu_s, f"http://127.0.0.1:{server.port}/prometheus", route, fields, rounds)
    beside, bars = dict[str, float](), tuple[Bar, ...]()
    if path := os.environ.get("PROMETHEUS"):
        with on_core(SERVER_CORE), Prometheus(path) as judge:
            _remote_write(f"{judge.base}/api/v1/write", rows)
            clock = (~judge.process.pid << 3) | 2
            theirs = _cpu_ms(lambda: time.clock_gettime(clock), judge.base, route, fields, rounds)
        beside, bars = {"Prometheus 3": theirs}, (Bar("times Prometheus 3", ours / theirs, times),)
    yield Row(what, ours, "ms", beside, bars)


@bench
def query_range(bench: Bench) -> Iterator[Row]:
    """Measure the CPU of ``query_range`` of a sum of rates, 1,000 series x 300 steps, as JSON, beside Prometheus 3."""

    def query(now_s: int) -> tuple[str, dict[str, str]]:
        span = {"start": str(now_s - 299), "end": str(now_s), "step": "1"}
        return "query_range", {"query": "sum by (host) (rate(x_total[5m]))", **span}

    yield from _beside(bench, "query_range, 1,000 series x 300 steps: CPU", 1_000, 650, 2, query)


@bench
def topk(bench: Bench) -> Iterator[Row]:
    """Measure the CPU of an instant topk of rates over 10,000 series, beside Prometheus 3."""

    def query(now_s: int) -> tuple[str, dict[str, str]]:
        return "query", {"query": "topk(10, rate(x_total[1m]))", "time": str(now_s)}

    yield from _beside(bench, "topk(10, rate(x[1m])) of 10,000 series: CPU", 10_000, 90, 3, query)
