"""Peers that the server is compared with, each a process: ``python -m tests.bench.peers
bare|tornado|handler|decode|history``.

bare     holds accepted sockets and sends the same bytes in a loop ``for s in sockets: s.send(data)``
tornado  a WebSocket server as its documentation shows it: ``write_message`` in a loop
handler  a Tornado handler that answers a POST
decode   msgspec's typed decode of the bodies that the server is fed
history  a replica that is fed six hours of samples (``memory.py``)
Each answers orders on its stdin with a line of JSON: accept COUNT; go SECONDS RATE BYTES; decode TIMES; measure.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler


def say(**values: float) -> None:
    """Answer an order."""
    print(json.dumps(values), flush=True)


def frame_text(length: int) -> bytes:
    """Return a frame as the server sends it now, ``length`` bytes long."""
    head = f'{{"type":"frame","view":"v0123456789abcdef","as_of":{int(time.time() * 1000)},"position":"0","points":"'
    return head.encode().ljust(length - 2, b"x") + b'"}'


def websocket_frame(payload: bytes) -> bytes:
    """Return an unmasked frame with this text (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return bytes((0x81, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x81, 127)) + size.to_bytes(8, "big") + payload


def orders() -> Iterator[list[str]]:
    """Yield the lines of stdin, split into words, until stdin ends."""
    for line in sys.stdin:
        yield line.split()


def bare() -> None:
    """Run the lower bound in this language: a loop of ``send``."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    sockets: list[socket.socket] = []
    say(port=listening.getsockname()[1])
    for order, *numbers in orders():
        if order == "accept":
            for _ in range(int(numbers[0])):
                accepted, _ = listening.accept()
                accepted.setblocking(False)
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets.append(accepted)
            say(sockets=len(sockets))
            continue
        seconds, rate_hz, length = float(numbers[0]), float(numbers[1]), int(numbers[2])
        due, ticks = time.monotonic(), round(seconds * rate_hz)
        for _ in range(ticks):
            time.sleep(max(0, due - time.monotonic()))
            due += 1 / rate_hz
            data = websocket_frame(frame_text(length))
            for s in sockets:
                s.send(data)
        say(ticks=ticks)


class Viewer(WebSocketHandler):
    """WebSocket of a viewer that answers each message with a snapshot."""

    def initialize(self, viewers: set[Viewer]) -> None:
        self.viewers = viewers

    def open(self, *args: str, **kwargs: str) -> None:
        self.viewers.add(self)

    def on_message(self, message: str | bytes) -> None:
        self.write_message('{"type":"snapshot"}')

    def on_close(self) -> None:
        self.viewers.discard(self)


async def tornado() -> None:
    """Run a WebSocket server as Tornado's documentation shows it."""
    viewers: set[Viewer] = set()
    sockets = bind_sockets(0, "127.0.0.1", backlog=4096)
    from tornado.httpserver import HTTPServer

    HTTPServer(Application([("/ws", Viewer, {"viewers": viewers})])).add_sockets(sockets)
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop.add_reader(0, lambda: lines.put_nowait(sys.stdin.readline()))
    say(port=sockets[0].getsockname()[1])
    while line := await lines.get():
        _, seconds, rate_hz, length = line.split()
        due, ticks = loop.time(), round(float(seconds) * float(rate_hz))
        for _ in range(ticks):
            await asyncio.sleep(max(0, due - loop.time()))
            due += 1 / float(rate_hz)
            text = frame_text(int(length)).decode()
            for viewer in viewers:
                viewer.write_message(text)
        say(ticks=ticks)


class Sample(msgspec.Struct):
    """Sample as msgspec decodes it."""

    series: str
    labels: dict[str, str]
    value: float
    t: int


class Taker(RequestHandler):
    """Handler that answers a POST as the server does, and ignores its body."""

    def post(self) -> None:
        self.set_status(202)
        self.finish('{"accepted":1}')


async def handler() -> None:
    """Run a Tornado handler that takes a POST: the lower bound of a handler."""
    from tornado.httpserver import HTTPServer

    sockets = bind_sockets(0, "127.0.0.1", backlog=4096)
    HTTPServer(Application([("/api/v1/samples", Taker)])).add_sockets(sockets)
    say(port=sockets[0].getsockname()[1])
    await asyncio.Event().wait()


def decode(file: Path) -> None:
    """Run the lower bound of accepting samples: decode bodies, one a line of ``file``, to values."""
    bodies = file.read_bytes().splitlines()
    decoder = msgspec.json.Decoder(list[Sample])
    say(port=0)
    for _, times in orders():
        began = time.process_time()
        for number in range(int(times)):
            decoder.decode(bodies[number % len(bodies)])
        say(cpu_s=time.process_time() - began)


def main() -> None:
    """Become the named peer."""
    name, *rest = sys.argv[1:]
    if name == "bare":
        bare()
    elif name == "decode":
        decode(Path(rest[0]))
    elif name == "handler":
        asyncio.run(handler())
    elif name == "history":
        from tests.bench.memory import measure

        say(port=0)
        for _ in orders():
            say(**measure(*map(int, rest)))
    else:
        asyncio.run(tornado())


if __name__ == "__main__":
    main()
