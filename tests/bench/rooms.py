"""Benches of Socket.IO: socketio (one room, one message, many clients), socketio_back (all clients are cut and reconnect)."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.fanout import bare_viewers, told
from tests.bench.figure import Bar, Row, bench, middle
from tests.bench.processes import Bench, Server
from tests.bench.socketio import NodeRoom
from tests.bench.viewers import Viewers

_FLAGS = ("--chat-per-s", "10000", "--chat-burst", "10000", "--max-user-connections", "5000", "--journal", "memory")
_ENTER = '420["auth",{"id":"guest@"}]\n421["room:join","host"]'
#: Length of a ``chat:message`` on the wire.
_EVENT_BYTES = 285
#: The presence notices of clients that came are sent by then.
_SETTLE_S = 2.0


class Talker:
    """Operator at the machine, who posts messages into the room by HTTP on one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def say(self, text: str) -> dict[str, Any]:
        body = json.dumps({"roomId": "host", "text": text})
        self._connection.request("POST", "/api/message", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        read = answer.read()
        if answer.status not in (200, 201, 202):
            raise RuntimeError(f"a message was answered {answer.status}: {read[:200]!r}")
        said: dict[str, Any] = json.loads(read)
        return said


def spoken(server: Server, viewers: Viewers, seconds: float, rate_hz: float) -> tuple[float, int, int]:
    """Return the server's CPU in µs while messages are posted, the number of messages, and the number of events that
    its clients got."""
    talker = Talker(server.port)
    viewers.report()
    cpu_s, due, count = server.cpu_s(), time.monotonic(), round(seconds * rate_hz)
    for _ in range(count):
        time.sleep(max(0, due - time.monotonic()))
        due += 1 / rate_hz
        talker.say("a message of the room")
    time.sleep(0.5)
    return (server.cpu_s() - cpu_s) * 1e6, count, int(viewers.report()["frames"])


@bench
def socketio(bench: Bench) -> Iterator[Row]:
    """Measure 1,000 clients of Socket.IO in one room, with a message to each: CPU per event.

    Storing a message is taken off, measured in the same rounds on a server with one client: the peers store nothing.
    """
    count, rate_hz = 1000, 10
    rounds, seconds = int(bench.pick(2, 5)), bench.pick(1, 4)
    server, alone = bench.server(*_FLAGS), bench.server(*_FLAGS)
    many = Viewers(bench, server.port, _ENTER, mode="socketio")
    one = Viewers(bench, alone.port, _ENTER, mode="socketio")
    many.open(count)
    one.open(1)
    bare, raw = bare_viewers(bench, count)
    node = NodeRoom.start(bench, count)
    time.sleep(_SETTLE_S)
    ours, whole, floor, peer, lost = [], [], [], [], 0
    for _ in range(rounds):
        storing_us, stored, _ = spoken(alone, one, seconds, rate_hz)
        all_us, written, got = spoken(server, many, seconds, rate_hz)
        lost += max(0, written * count - got)
        whole.append(all_us / max(1, got))
        ours.append((all_us - storing_us * written / stored) / max(1, got))
        floor.append(told(bare, raw, seconds, rate_hz, _EVENT_BYTES)[0])
        if node is not None:
            peer.append(node.us_per_event(seconds, rate_hz))
    value, low = middle(ours), middle(floor)
    bars = [Bar("x bare send loop", value / low, 1.6), Bar("events lost", lost, 0)]
    beside = {"bare send loop": low}
    if peer:
        beside["socket.io on Node"] = middle(peer)
        bars.append(Bar("x socket.io on Node", value / middle(peer), 1.0))
    yield Row(
        "CPU per event, 1,000 clients of one room", value, "µs", beside, tuple(bars), {"with_storing": middle(whole)}
    )


@bench
def socketio_back(bench: Bench) -> Iterator[Row]:
    """Measure 2,000 clients of Socket.IO that are cut at once and return into their room: seconds, and whether each has
    what it missed."""
    count = int(bench.pick(500, 2000))
    server = bench.server(*_FLAGS)
    viewers, talker = Viewers(bench, server.port, _ENTER, mode="socketio"), Talker(server.port)
    viewers.open(count)
    time.sleep(_SETTLE_S)
    took, missed = [], 0
    for number in range(int(bench.pick(1, 3))):
        talker.say(f"while away {number}")
        viewers.report()
        back = viewers.ask("cut", 60)
        took.append(float(back["seconds"]))
        missed += int(back["failed"]) + count - int(back["resumed"])
        time.sleep(_SETTLE_S)
        viewers.report()
        talker.say("all here")
        time.sleep(1)
        missed += max(0, count - int(viewers.report()["frames"]))
    yield Row(
        f"{count:,} clients of Socket.IO cut and back",
        max(took),
        "s",
        {},
        (Bar("s", max(took), 5), Bar("missing", missed, 0)),
    )
