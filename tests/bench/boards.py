"""Benches of boards that are edited and published: board_editing, board_operation, board_publish, board_index."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from playwright.sync_api import sync_playwright

from tests.bench.feed import Feeder, counting
from tests.bench.figure import Bar, Row, bench, middle
from tests.bench.processes import Bench, Server
from tests.bench.viewers import Viewers
from tests.support.ws_client import WebSocketClient

_BOARD = "wall"
_TILES = [
    {"id": f"t{n}", "kind": "line", "title": f"T{n}", "series": [f'fan{{n="{n}"}}'], "w": 4, "h": 3} for n in range(12)
]
#: Editors of one board, and the operations a second of each.
_EDITORS, _PER_S = 5, 10
#: Time for the last messages to arrive.
_SETTLE_S = 0.5


class Api:
    """Kept connection of the operator at the machine, or of the holder of a token."""

    def __init__(self, server: Server, token: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def ask(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """Send a request and return the answer; raises RuntimeError if it did not succeed."""
        self._connection.request(method, path, json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        read = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {read[:300]!r}")
        said: dict[str, Any] = json.loads(read) if read else {}
        return said

    def put(self, board: str = _BOARD, title: str = "Wall") -> None:
        """Publish the board."""
        self.ask("PUT", f"/api/v1/boards/{board}", {"title": title, "columns": 24, "rows": 12, "widgets": _TILES})

    def operate(self, number: int) -> None:
        """Set the title of a tile of the draft."""
        step = {"op": "set", "widget": f"t{number % len(_TILES)}", "field": "title", "value": f"N{number}"}
        path = f"/api/v1/boards/{_BOARD}/operations"
        self.ask("POST", path, {"key": f"k{number}", "operation": [step]})


def _session(port: int) -> str:
    """Return the session cookie that the editor's page gives to the operator at the machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/")
    return str(connection.getresponse().headers["Set-Cookie"]).partition(";")[0]


def _token(server: Server, name: str) -> str:
    """Create a token that may edit boards, as an administrator does at the machine."""
    data = str(server.log.parent / "data")
    command = [sys.executable, "-m", "dashboard", "token", "create", name, "--verb", "board", "--data", data]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]


class Sockets:
    """WebSocket clients in a thread of their own. ``seen`` has the time of each message of ``kind``, by client."""

    def __init__(self, port: int, count: int, request: dict[str, Any], kind: str) -> None:
        self._port, self._count, self._request, self._kind = port, count, request, kind
        self.seen: list[list[float]] = [[] for _ in range(count)]
        self._clients: list[WebSocketClient] = []
        self._answered = 0
        self._known = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(60)
        except BaseException:  # the thread would keep the bench from ending
            self.close()
            raise

    async def _open(self) -> None:
        edits = self._request["type"] == "edit_board"
        cookie = _session(self._port) if edits else ""
        for number in range(self._count):
            self._known.clear()
            taking = self._taking(number)
            client = await WebSocketClient.connect(self._port, taking, lambda _: None, timeout_s=10, cookie=cookie)
            self._clients.append(client)
            if edits:
                await self._known.wait()
            client.send(**self._request, **({"page": f"p{number}"} if edits else {}))
        until = time.monotonic() + 30
        while self._answered < self._count:
            if time.monotonic() > until:
                raise TimeoutError(f"{self._answered} of {self._count} clients got an answer")
            await asyncio.sleep(0.05)

    def _taking(self, number: int) -> Any:
        def take(message: dict[str, Any]) -> None:
            if message["type"] == "authenticated":
                self._known.set()
            elif message["type"] == self._kind:
                self.seen[number].append(time.monotonic())
            elif message["type"] in ("editing", "snapshot"):
                self._answered += 1

        return take

    def close(self) -> None:
        """Close the sockets, and end the thread."""
        self._loop.call_soon_threadsafe(lambda: [client.drop() for client in self._clients])
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


class Editors:
    """Five editors who see each other's operations; within a ``with`` block each of them sends 10 operations a second.

    ``number``: the operations that were sent."""

    def __init__(self, bench: Bench, server: Server) -> None:
        self._apis = [Api(server, _token(server, f"editor {n}")) for n in range(_EDITORS)]
        bench.take(Sockets(server.port, _EDITORS, {"type": "edit_board", "board": _BOARD}, "board_operation"))
        self.number = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Editors:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.wait(max(0, due - time.monotonic())):
            self._apis[self.number % _EDITORS].operate(self.number)
            self.number += 1
            due += 1 / (_EDITORS * _PER_S)


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


class Edited:
    """Server with viewers of the board, a feeder, and editors that are asked to work or not; ``cpu_us`` is read afterwards."""

    def __init__(self, bench: Bench, count: int) -> None:
        self._server = bench.server()
        Api(self._server).put()
        self._viewers = Viewers(bench, self._server.port, json.dumps({"type": "watch", "id": 1, "board": _BOARD}))
        self._viewers.open(count)
        self._editors = Editors(bench, self._server)
        self.cpu_us = self.frames = self.operations = 0.0

    @contextmanager
    def fed(self, *, edited: bool) -> Iterator[None]:
        """Feed the server while the block runs, and edit the draft if ``edited``; then read what that took."""
        self._viewers.report()
        cpu_s, before = self._server.cpu_s(), self._editors.number
        with Feeder(self._server.port, counting("fan", 3), 10), self._editors if edited else nullcontext():
            yield
        time.sleep(_SETTLE_S)
        self.cpu_us = (self._server.cpu_s() - cpu_s) * 1e6
        self.frames, self.operations = self._viewers.report()["frames"], self._editors.number - before


@bench
def board_editing(bench: Bench) -> Iterator[Row]:
    """Measure 1,000 viewers of a board, while five editors change its draft, each 10 times a second, and while nobody edits.

    Two servers are fed at the same time, one with 1,000 viewers and one with one viewer, and five people edit on one of
    them in turn. So the machine always does the same work, and what feeding and editing take can be taken off: the other
    server does it in the other half of the round, perhaps with a few more operations, which are counted off, too.
    """
    many, one = Edited(bench, 1000), Edited(bench, 1)
    rounds, seconds = int(bench.pick(4, 12)), bench.pick(2, 4)
    with_, without = [], []
    for _ in range(rounds):
        with many.fed(edited=True), one.fed(edited=False):
            time.sleep(seconds)
        edited_us, frames, fed_us, operations = many.cpu_us, many.frames, one.cpu_us, many.operations
        with many.fed(edited=False), one.fed(edited=True):
            time.sleep(seconds)
        without.append((many.cpu_us - fed_us) / max(1, many.frames))
        per_operation = (one.cpu_us - fed_us) / max(1, one.operations)
        with_.append((edited_us - fed_us - per_operation * operations) / max(1, frames))
    value, floor = middle(with_), middle(without)
    yield Row(
        "CPU per viewer's frame while 5 people edit",
        value,
        "us",
        {"without editing": floor},
        (Bar("x without", value / floor, 1.1),),
        {"CPU of an operation, us": per_operation},
    )


@bench
def board_operation(bench: Bench) -> Iterator[Row]:
    """Measure an operation, from before its request to the screens of four other editors."""
    server = bench.server()
    api, number = Api(server), int(bench.pick(100, 400))
    api.put()
    others = bench.take(Sockets(server.port, 4, {"type": "edit_board", "board": _BOARD}, "board_operation"))
    began, answered, due = [], [], time.monotonic()
    for each in range(number):
        time.sleep(max(0, due - time.monotonic()))
        due += 0.05
        began.append(time.monotonic())
        api.operate(each)
        answered.append((time.monotonic() - began[-1]) * 1000)
    time.sleep(_SETTLE_S)
    late = [(at - start) * 1000 for seen in others.seen for at, start in zip(seen, began, strict=False)]
    missing = 4 * number - len(late)
    yield Row(
        "operation -> other editors, p99",
        _p99(late),
        "ms",
        {"answer to its author p99": _p99(answered)},
        (Bar("ms", _p99(late), 60), Bar("missing", missing, 0)),
        {"p50": middle(late)},
    )


@bench
def board_publish(bench: Bench) -> Iterator[Row]:
    """Measure a publication, from before its request to 1,000 screens of the board."""
    server = bench.server("--max-user-connections", "2000")
    api, count = Api(server), 1000
    api.put()
    screens = bench.take(Sockets(server.port, count, {"type": "watch", "id": 1, "board": _BOARD}, "board_changed"))
    worst, answered, missing = [], [], 0
    for number in range(int(bench.pick(3, 10))):
        for seen in screens.seen:
            seen.clear()
        began = time.monotonic()
        api.put(title=f"Wall {number}")
        answered.append((time.monotonic() - began) * 1000)
        time.sleep(2)
        late = [(seen[0] - began) * 1000 for seen in screens.seen if seen]
        missing += count - len(late)
        worst.append(_p99(late))
    yield Row(
        "publication -> 1,000 screens, p99",
        middle(worst),
        "ms",
        {"answer to its author": middle(answered)},
        (Bar("ms", middle(worst), 1000), Bar("missing", missing, 0)),
    )


@bench
def board_index(bench: Bench) -> Iterator[Row]:
    """Measure ``/boards`` with 300 boards in Chromium, without a cache: the time until the first card is painted, and
    the bytes.

    The page itself takes the time: to ask for it from outside takes Playwright longer than the picture.
    """
    server = bench.server()
    api = Api(server)
    for number in range(300):
        api.put(f"board-{number}", f"Board {number}")
    shown, sent, empty = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        for _ in range(int(bench.pick(3, 7))):
            for path, first, found in (("/login", "h1, .card", empty), ("/boards", ".card", shown)):
                page = browser.new_page()
                page.add_init_script(_PAINTED.replace("FIRST", first))
                page.goto(f"http://127.0.0.1:{server.port}{path}", wait_until="commit")
                page.wait_for_selector(first)
                found.append(page.evaluate("window.painted"))
                if path == "/boards":
                    sent.append(page.evaluate(_SENT))
                page.close()
        browser.close()
    yield Row(
        "/boards with 300 boards: first picture",
        middle(shown),
        "ms",
        {"a page without boards": middle(empty)},
        (Bar("ms", middle(shown), 500), Bar("kB", middle(sent) / 1000, 200)),
    )


#: Milliseconds from the navigation until the next frame after the content is there.
_PAINTED = """window.painted = new Promise((done) => {
    const look = () => {
        if (!document.querySelector("FIRST")) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0));
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { childList: true, subtree: true });
});"""
#: Bytes of the page and everything that it has loaded.
_SENT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, entry) => sum + entry.transferSize, 0)"""
