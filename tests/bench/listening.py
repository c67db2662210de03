"""Benches of the listener and of overload: statsd_udp, overload."""

from __future__ import annotations

import re
import sys
import time
import urllib.request
from collections.abc import Iterator

from tests.bench.datagrams import METRICS
from tests.bench.feed import Feeder, counting
from tests.bench.figure import Bar, Row, bench, calmest
from tests.bench.processes import LOAD_CORE, Bench, Child, Server
from tests.bench.viewers import Viewers, watch
from tests.support.redis_server import free_port

#: What one core must take, metrics a second; and what must come through without loss.
_LEAST_PER_S, _LOSSLESS_PER_S = 200_000, 100_000
_VIEWERS, _RATE_HZ = 100, 10


class _Statsd:
    """Server that listens for StatsD, and its sender."""

    def __init__(self, bench: Bench) -> None:
        port = free_port()
        self.posts = 1  # the next of the values that screens watch
        file = bench.folder / f"sources-{port}.yaml"
        file.write_text(f"statsd: {{port: {port}}}\n")
        self.server: Server = bench.server("--sources", str(file))
        command = [sys.executable, "-m", "tests.bench.datagrams", str(port)]
        self.sender: Child = bench.take(Child(command, LOAD_CORE, bench.folder / f"sender-{port}.log"))
        self._until_it_listens()

    def send(self, seconds: float, metrics_per_s: float) -> int:
        """Send metrics for a while; return their number."""
        return int(self.sender.ask(f"send {seconds} {metrics_per_s / METRICS}", seconds + 30)["sent"]) * METRICS

    def counts(self) -> dict[str, int]:
        """Return the accepted and the refused metrics and the datagrams that the kernel dropped, once all that was sent
        is accounted for."""
        before: dict[str, int] = {}
        while True:
            time.sleep(1.2)  # more than a flush, when drops are counted
            text = self._metrics()
            found = {
                name: sum(int(float(value)) for value in re.findall(rf"^dashboard_source_{name}\S* (\S+)$", text, re.M))
                for name in ("accepted_total", "refused_total", "dropped_total")
            }
            if found == before:
                return found
            before = found

    def _metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/metrics", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def _until_it_listens(self) -> None:
        until = time.monotonic() + 10
        while 'dashboard_source_here{source="statsd"} 1.0' not in self._metrics():
            if time.monotonic() > until:
                raise RuntimeError("the server does not listen")
            time.sleep(0.05)


def _unaccounted(counts: dict[str, int], sent: int) -> int:
    return abs(counts["accepted_total"] + counts["refused_total"] + counts["dropped_total"] * METRICS - sent)


@bench
def statsd_udp(bench: Bench) -> Iterator[Row]:
    """Measure StatsD over UDP: 50 metrics a datagram, 200 names of six types, from a sender process to a server process
    that stores them."""
    rounds, seconds = int(bench.pick(2, 3)), bench.pick(2, 5)
    statsd = _Statsd(bench)
    statsd.send(1, _LOSSLESS_PER_S)  # makes the series
    before = statsd.counts()
    cpu_s, sent = 0.0, 0
    for _ in range(rounds):
        cpu_s -= statsd.server.cpu_s()
        sent += statsd.send(seconds, _LOSSLESS_PER_S)
        cpu_s += statsd.server.cpu_s()
    after = statsd.counts()
    lossless = {name: after[name] - before[name] for name in after}
    per_cpu_s = sent / cpu_s
    yield Row(
        "server CPU per StatsD metric over UDP",
        cpu_s * 1e6 / sent,
        "us",
        bars=(
            Bar("us per metric (200,000 a second on one core)", cpu_s * 1e6 / sent, 1e6 / _LEAST_PER_S),
            Bar("datagrams dropped at 100,000 metrics a second", lossless["dropped_total"], 0),
            Bar("metrics unaccounted for", _unaccounted(lossless, sent), 0),
        ),
        notes={"metrics_per_cpu_s": per_cpu_s, "sent_per_s": sent / seconds / rounds},
    )
    waited_s = statsd.server.waited_s()
    flooded = sum(statsd.send(seconds, 2 * _LEAST_PER_S) for _ in range(rounds))
    waited_s = statsd.server.waited_s() - waited_s
    counts = statsd.counts()
    flood = {name: counts[name] - after[name] for name in counts}
    taken = flood["accepted_total"] / seconds / rounds
    yield Row(
        "metrics taken a second when 400,000 come",
        taken,
        "/s",
        bars=(
            Bar("of 200,000 not taken", max(0, _LEAST_PER_S - taken), 0),
            Bar("metrics unaccounted for", _unaccounted(flood, flooded), 0),
        ),
        notes={
            "sent_per_s": flooded / seconds / rounds,
            "kernel_dropped": flood["dropped_total"] * METRICS,
            "waited_for_core": waited_s / seconds / rounds,
        },
    )


class _Flood:
    """Result of an overload while screens watch: what the screens received, and what became of all that was sent."""

    def __init__(self, statsd: _Statsd, screens: Viewers, seconds: float) -> None:
        before = statsd.counts()
        with Feeder(statsd.server.port, counting("pulse", 1), _RATE_HZ, first=statsd.posts, jitter=1) as feeder:
            time.sleep(1)
            screens.report()
            waited_s = statsd.server.waited_s(), screens.waited_s()
            self.sent = statsd.send(seconds, 10 * _LEAST_PER_S)
            self.report = screens.report()
            self.waited = max(statsd.server.waited_s() - waited_s[0], screens.waited_s() - waited_s[1]) / seconds
        statsd.posts = feeder.number
        self.answered_ms = sorted(feeder.answered_ms)
        after = statsd.counts()
        self.counts = {name: after[name] - before[name] for name in after}


@bench
def overload(bench: Bench) -> Iterator[Row]:
    """Measure ten times more StatsD than must be taken (as near as one core can send it) while 100 screens watch other values."""
    rounds, seconds = 2, bench.pick(3, 30)
    statsd = _Statsd(bench)
    screens = Viewers(bench, statsd.server.port, watch("pulse", rate_hz=_RATE_HZ), check=True)
    screens.open(_VIEWERS)
    floods: list[_Flood] = []

    def once() -> _Flood:
        floods.append(_Flood(statsd, screens, seconds))
        return floods[-1]

    flood = max((calmest(bench, once) for _ in range(rounds)), key=lambda each: each.report["late"]["p99"])
    report, counts = flood.report, flood.counts
    unaccounted = sum(_unaccounted(each.counts, each.sent) for each in floods)
    wrong = sum(each.report[name] for each in floods for name in ("gaps", "duplicates", "errors"))
    yield Row(
        "lateness p99 of screens under 10 x overload",
        report["late"]["p99"],
        "ms",
        bars=(
            Bar("ms", report["late"]["p99"], 150),
            Bar("metrics unaccounted for", unaccounted, 0),
            Bar("gaps, duplicates, errors", wrong, 0),
        ),
        notes={
            "sent_per_s": flood.sent / seconds,
            "accepted_per_s": counts["accepted_total"] / seconds,
            "kernel_dropped": counts["dropped_total"] * METRICS,
            "age_p99_ms": report["age"]["p99"],
            "answered_202_p99_ms": flood.answered_ms[len(flood.answered_ms) * 99 // 100],
            "waited_for_core": flood.waited,
        },
    )
