"""Benches of viewers that do nothing, stop reading, connect, or reconnect: idle, stalled, connect, resume."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.feed import Feeder, Poster, counting, measuring
from tests.bench.figure import Bar, Row, bench, calmest, middle
from tests.bench.processes import Bench, Peer, Server
from tests.bench.viewers import Viewers, watch


def _kib_per_viewer(bench: Bench, server: Server | Peer, text: str, count: int) -> float:
    """Return the resident memory of ``server`` that each of ``count`` viewers adds, after some viewers have come and gone."""
    early = Viewers(bench, server.port, text)
    early.open(100)
    early.close()
    time.sleep(0.5)
    before = server.rss_kib()
    viewers = Viewers(bench, server.port, text)
    viewers.open(count)
    time.sleep(bench.pick(1, 12))  # in the full form long enough for a heartbeat
    ready = viewers.report()["ready"]
    if ready != count:
        raise RuntimeError(f"only {ready} of {count} viewers are still there")
    return (server.rss_kib() - before) / count


@bench
def idle(bench: Bench) -> Iterator[Row]:
    """Measure 2,000 viewers that have sent one watch of a series that gets no data."""
    ours, peer = [], []
    for _ in range(int(bench.pick(2, 3))):
        server = bench.server()
        poster = bench.take(Poster(server.port))
        poster.post(b'[{"series":"quiet","value":1}]')
        poster.close()
        ours.append(_kib_per_viewer(bench, server, watch("quiet"), 2000))
        peer.append(_kib_per_viewer(bench, bench.peer("tornado"), "{}", 2000))
    value = middle(ours)
    yield Row("RSS per idle viewer", value, "KiB", {"tornado WebSocketHandler": middle(peer)}, (Bar("KiB", value, 20),))


class _Phase:
    """Result of some seconds: the delays of the viewers that read, and the server's memory."""

    def __init__(self, server: Server, viewers: Viewers, seconds: float) -> None:
        viewers.report()
        self.peak_kib = server.rss_kib()
        waited_s = server.waited_s(), viewers.waited_s()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.1)
            self.peak_kib = max(self.peak_kib, server.rss_kib())
        self.report = viewers.report()
        self.waited = max(server.waited_s() - waited_s[0], viewers.waited_s() - waited_s[1]) / seconds
        self.p99 = float(self.report["late"]["p99"])


def _until_skipped(server: Server, most_s: float = 20) -> None:
    """Return when the server has begun to skip stalled viewers: all buffers between are full then."""
    before, until = server.frames_skipped(), time.monotonic() + most_s
    while server.frames_skipped() < before + 100:
        if time.monotonic() > until:
            raise RuntimeError(f"no viewer has stalled in {most_s} s")
        time.sleep(0.2)


def _until_given_up(server: Server, left: int, most_s: float = 30) -> None:
    """Return when the server holds only ``left`` connections, or after ``most_s``."""
    until = time.monotonic() + most_s
    while server.connections() > left and time.monotonic() < until:
        time.sleep(0.25)


@bench
def stalled(bench: Bench) -> Iterator[Row]:
    """Measure 1,000 viewers of 200 series at 10 Hz, of whom 100 stop reading, as over an Ethernet with small buffers."""
    reading, stopping = 900, 100
    rounds, seconds, stalled_after_s = int(bench.pick(2, 3)), bench.pick(1.5, 4), bench.pick(6, 10)
    server = bench.server("--stalled-s", str(stalled_after_s))
    viewers = Viewers(bench, server.port, watch("dense", rate_hz=10, window_s=1))
    viewers.open(reading)
    without, having, grown, waits = [], [], [], []
    given_up_s = 0.0
    with Feeder(server.port, measuring("dense", 200), 10):
        for number in range(rounds):
            viewers.open(stopping, kind=1)
            time.sleep(1)
            quiet = calmest(bench, lambda: _Phase(server, viewers, seconds))
            viewers.ask("drop")
            viewers.open(stopping, kind=1)  # the kernel has not yet given these connections large buffers
            viewers.ask("stall")
            _until_skipped(server)
            stalled_s = time.monotonic()
            loud = calmest(bench, lambda: _Phase(server, viewers, seconds))
            without.append(quiet.p99)
            having.append(loud.p99)
            grown.append((loud.peak_kib - quiet.peak_kib) / 1024)
            waits += [quiet.waited, loud.waited]
            if number == rounds - 1:
                _until_given_up(server, reading)
                given_up_s = time.monotonic() - stalled_s
            viewers.ask("drop")
            time.sleep(0.5)
    ratio = middle(after / before for before, after in zip(without, having, strict=True))
    tracebacks = server.errors().count("Traceback")
    yield Row(
        "lateness p99 of 900 viewers while 100 are stalled",
        middle(having),
        "ms",
        {"without stalled ones": middle(without)},
        (Bar("x without stalled ones", ratio, 1.1),),
        {"given_up_after_s": given_up_s, "client_busy": quiet.report["busy"], "waited_for_core": middle(waits)},
    )
    yield Row("server RSS added by 100 stalled viewers", max(grown), "MiB", bars=(Bar("MiB", max(grown), 20),))
    yield Row(
        "tracebacks in the server's log",
        tracebacks,
        "",
        bars=(
            Bar("tracebacks", tracebacks, 0),
            Bar("s from the first skipped frame until they are given up", given_up_s, stalled_after_s + 10),
        ),
    )


class _Cut:
    """Cut of all viewers, which then return; and their report after further values."""

    def __init__(self, server: Server, viewers: Viewers) -> None:
        viewers.report()
        waited_s = server.waited_s(), viewers.waited_s()
        self.answer = viewers.ask("cut")
        self.seconds = float(self.answer["seconds"])
        self.waited = max(server.waited_s() - waited_s[0], viewers.waited_s() - waited_s[1]) / self.seconds
        time.sleep(1)
        self.report = viewers.report()


@bench
def connect(bench: Bench) -> Iterator[Row]:
    """Measure 1,000 viewers that connect, watch one series and get its snapshot, beside a Tornado WebSocket that
    answers with a constant text."""
    count, rounds = 1000, int(bench.pick(3, 7))
    server, tornado = bench.server(), bench.peer("tornado")
    poster = bench.take(Poster(server.port))
    poster.post(b'[{"series":"quiet","value":1}]')

    def cpu_us(of: Server | Peer, text: str) -> float:
        cpu_s, viewers = of.cpu_s(), Viewers(bench, of.port, text)
        viewers.open(count)
        cpu_s = of.cpu_s() - cpu_s
        viewers.close()
        time.sleep(0.5)
        return cpu_s * 1e6 / count

    both = [(cpu_us(server, watch("quiet")), cpu_us(tornado, "{}")) for _ in range(rounds + 1)][1:]
    mine, floor = (middle(column) for column in zip(*both, strict=True))
    yield Row(
        "server CPU of a viewer's handshake and snapshot",
        mine,
        "us",
        {"tornado WebSocketHandler": floor},
        (Bar("x tornado WebSocketHandler", middle(ours / least for ours, least in both), 1.2),),
    )


@bench
def resume(bench: Bench) -> Iterator[Row]:
    """Measure 2,000 viewers, cut without a close frame, that return with their position while values are fed."""
    count, rounds = 2000, int(bench.pick(2, 5))
    server, tornado = bench.server(), bench.peer("tornado")
    ours = Viewers(bench, server.port, watch("fan", rate_hz=10), check=True)
    book = Viewers(bench, tornado.port, "{}")
    book.open(count)
    ours_s, book_s, waits = [], [], []
    wrong = dict.fromkeys(("gaps", "duplicates", "missing", "errors", "not_resumed"), 0)

    def once() -> _Cut:
        cut = _Cut(server, ours)
        wrong["not_resumed"] += count - cut.answer["resumed"] + cut.answer["failed"]
        for name in ("gaps", "duplicates", "missing", "errors"):
            wrong[name] += cut.report[name]
        return cut

    with Feeder(server.port, counting("fan", 3), 10):
        time.sleep(0.5)
        ours.open(count)
        time.sleep(1)
        for _ in range(rounds):
            cut = calmest(bench, once)
            ours_s.append(cut.seconds)
            waits.append(cut.waited)
            book_s.append(book.ask("cut")["seconds"])
    yield Row(
        "seconds from cutting 2,000 viewers to the last resumed",
        max(ours_s),
        "s",
        {"tornado, connected again": max(book_s)},
        (Bar("s", max(ours_s), 4), Bar("gaps, duplicates, missing values, not resumed", sum(wrong.values()), 0)),
        {"median": middle(ours_s), **wrong, "waited_for_core": middle(waits)},
    )
