"""Benches of sending the same frame to many viewers: fanout, fanout_5000, values."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tests.bench.feed import Feeder, counting, measuring
from tests.bench.figure import Bar, Row, bench, calmest, middle
from tests.bench.processes import Bench, Peer, Server
from tests.bench.socketio import SocketIo
from tests.bench.viewers import Viewers, watch

#: Time for the last frames to arrive.
_SETTLE_S = 0.3


class Fed:
    """Result of feeding a server for a while: its CPU, and what its viewers received."""

    def __init__(self, server: Server, viewers: Viewers, feeder: Feeder, seconds: float) -> None:
        viewers.report()
        began, cpu_s = time.monotonic(), server.cpu_s()
        waited_s = server.waited_s(), viewers.waited_s()
        first = feeder.number
        with feeder:
            time.sleep(seconds)
        self.posts = feeder.number - first
        time.sleep(_SETTLE_S)
        self.cpu_s = server.cpu_s() - cpu_s
        self.seconds = time.monotonic() - began
        self.waited = max(server.waited_s() - waited_s[0], viewers.waited_s() - waited_s[1]) / self.seconds
        self.report: dict[str, Any] = viewers.report()

    @property
    def us_per_frame(self) -> float:
        """Return the server's CPU per delivered frame, in µs."""
        return self.cpu_s * 1e6 / max(1, self.report["frames"])


def told(peer: Peer, viewers: Viewers, seconds: float, rate_hz: float, length: int) -> tuple[float, dict[str, Any]]:
    """Let a peer send frames of ``length`` bytes for a while; return its CPU per frame in µs, and what its viewers received."""
    viewers.report()
    cpu_s = peer.cpu_s()
    peer.ask(f"go {seconds} {rate_hz} {length}", seconds * 20 + 30)
    time.sleep(_SETTLE_S)
    cpu_s = peer.cpu_s() - cpu_s
    report = viewers.report()
    return cpu_s * 1e6 / max(1, report["frames"]), report


def bare_viewers(bench: Bench, count: int) -> tuple[Peer, Viewers]:
    """Start the bare send loop and its ``count`` readers."""
    bare = bench.peer("bare")
    readers = Viewers(bench, bare.port, mode="raw")
    bare.tell(f"accept {count}")
    readers.open(count)
    bare.line()
    return bare, readers


@bench
def fanout(bench: Bench) -> Iterator[Row]:
    """Measure 1,000 viewers of one view, with one frame of about 200 bytes a tick.

    Taking the values in is taken off, measured in the same rounds on a server with one viewer: the peers take nothing in.
    """
    count, rate_hz = 1000, 20
    rounds, seconds = int(bench.pick(2, 5)), bench.pick(1, 4)
    server, alone, tornado = bench.server(), bench.server(), bench.peer("tornado")
    ours = Viewers(bench, server.port, watch("fan", rate_hz=rate_hz))
    single = Viewers(bench, alone.port, watch("fan", rate_hz=rate_hz))
    book = Viewers(bench, tornado.port, "{}")
    bare, raw = bare_viewers(bench, count)
    for viewers, number in ((ours, count), (single, 1), (book, count)):
        viewers.open(number)

    def feed(to: Server, viewers: Viewers, some_s: float) -> Fed:
        return Fed(to, viewers, Feeder(to.port, counting("fan", 3), rate_hz), some_s)

    warm = feed(server, ours, 0.5)
    length = round(warm.report["bytes"] / warm.report["frames"]) - 4
    whole, feeding, floor, peer = [], [], [], []
    for _ in range(rounds):
        fed = feed(server, ours, seconds)
        whole.append(fed.us_per_frame)
        cost, report = told(bare, raw, seconds, rate_hz, length)
        floor.append(cost)
        peer.append(told(tornado, book, seconds, rate_hz, length)[0])
        feeding.append(feed(alone, single, seconds).us_per_frame / count)
    value, low, high = middle(whole) - middle(feeding), middle(floor), middle(peer)
    yield Row(
        "server CPU per delivered frame, 1,000 viewers",
        value,
        "us",
        {"bare send loop": low, "tornado write_message": high},
        (Bar("x bare send loop", value / low, 1.6), Bar("x tornado write_message", value / high, 1 / 3)),
        {
            "frame_bytes": length,
            "with_feeding_us": middle(whole),
            "with_feeding_x_bare": middle(whole) / low,
            "with_feeding_x_tornado": middle(whole) / high,
            "client_busy": fed.report["busy"],
            "client_busy_on_bare": report["busy"],
            "waited_for_core": fed.waited,
        },
    )


@bench
def fanout_5000(bench: Bench) -> Iterator[Row]:
    """Measure 5,000 viewers at 8 frames a second on one process; they connect while frames are sent."""
    count, rate_hz = 5000, 8
    rounds, seconds = int(bench.pick(2, 5)), bench.pick(1.2, 4)
    bare, raw = bare_viewers(bench, count)
    server = bench.server()
    ours = Viewers(bench, server.port, watch("fan", rate_hz=rate_hz))
    ours.open(100)
    with Feeder(server.port, counting("fan", 3), rate_hz):
        connecting_s = ours.open(count - 100)
        time.sleep(_SETTLE_S)
        coming = ours.report()["late"]
    yield Row(
        "seconds until all of 5,000 are connected",
        connecting_s,
        "s",
        bars=(Bar("s", connecting_s, 10),),
        notes={"late_p50_ms_meanwhile": coming["p50"], "late_p99_ms_meanwhile": coming["p99"]},
    )
    late, floor, stretches = [], [], []
    for _ in range(rounds):
        fed = calmest(bench, lambda: Fed(server, ours, Feeder(server.port, counting("fan", 3), rate_hz), seconds))
        stretches.append(fed)
        late.append(fed.report["late"]["p99"])
        floor.append(told(bare, raw, seconds, rate_hz, 227)[1]["late"]["p99"])
    yield Row(
        "frame lateness p99, 5,000 viewers at 8 Hz",
        middle(late),
        "ms",
        {"bare send loop": middle(floor)},
        (Bar("ms", middle(late), 150),),
        {
            "p50": middle(fed.report["late"]["p50"] for fed in stretches),
            "max": max(fed.report["late"]["max"] for fed in stretches),
            "frames_per_viewer_s": middle(fed.report["frames"] / seconds / count for fed in stretches),
            "server_cores": middle(fed.cpu_s / fed.seconds for fed in stretches),
            "waited_for_core": middle(fed.waited for fed in stretches),
            "client_busy": middle(fed.report["busy"] for fed in stretches),
        },
    )


@bench
def values(bench: Bench) -> Iterator[Row]:
    """Measure 1,000 viewers of 200 series, each at 10 Hz: 2,000,000 values a second on screens."""
    count, series, rate_hz = 1000, 200, 10
    rounds, seconds = int(bench.pick(2, 5)), bench.pick(1.2, 5)
    server = bench.server()
    ours = Viewers(bench, server.port, watch("dense", rate_hz=rate_hz, window_s=5))
    ours.open(count)
    socketio = SocketIo.start(bench)
    cores, per_value, peer_per_value, seen = [], [], [], []
    busy = 0.0

    def feed() -> Fed:
        return Fed(server, ours, Feeder(server.port, measuring("dense", series), rate_hz), seconds)

    feed()
    for _ in range(rounds):
        fed = feed()
        shown = fed.posts * series * count
        cores.append(fed.cpu_s / seconds)
        seen.append(shown / seconds)
        per_value.append(fed.cpu_s * 1e9 / shown)
        busy = fed.report["busy"]
        if socketio is not None:
            peer_per_value.append(socketio.ns_per_value(seconds))
    yield Row(
        "server cores for 2,000,000 values/s on screens",
        middle(cores),
        "cores",
        bars=(Bar("cores", middle(cores), 0.25),),
        notes={
            "values_on_screens_per_s": middle(seen),
            "frames_per_viewer_s": fed.report["frames"] / seconds / count,
            "client_busy": busy,
            "waited_for_core": fed.waited,
        },
    )
    beside = {"Socket.IO, a message a value": middle(peer_per_value)} if peer_per_value else {}
    said = {} if socketio is not None else {"socketio": f"not measured: {SocketIo.why_not}"}
    yield Row("server CPU per value on a screen", middle(per_value), "ns", beside, notes=said)
