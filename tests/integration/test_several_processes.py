"""Processes that share one Redis: what is posted to one shows on the others; each follows what its screens need."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from dashboard.domain.partition import partition_of
from dashboard.rfc6455.frames import Opcode
from tests.support.rawsocket import RawSocket, close_code
from tests.support.redis_server import RedisServer
from tests.support.screens import Screen
from tests.support.server import ServerProcess, wait_until

Start = Callable[..., ServerProcess]
EVERYTHING = '{__name__=~".+"}'


@pytest.fixture
def start(tmp_path: Path, shared_redis: RedisServer) -> Iterator[Start]:
    """Return a function that starts processes with a journal of this test's own."""
    with ExitStack() as stack:

        def one(name: str, *flags: str) -> ServerProcess:
            common = ("--no-host-feeder", "--no-server-feeder", "--redis", shared_redis.url)
            server = ServerProcess(tmp_path / name, *common, "--redis-prefix", tmp_path.name, *flags).start()
            stack.callback(server.close)
            return server

        yield one


def metric(server: ServerProcess, name: str) -> float:
    text = server.request("GET", "/metrics")[2].decode()
    found = re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])


class Viewer:
    """A screen on a raw socket."""

    def __init__(self, server: ServerProcess, *selectors: str, since: str = "") -> None:
        self.socket = RawSocket(server.port)
        self.screen = Screen()
        self.socket.read_json("welcome")
        more = {"since": since} if since else {}
        self.socket.send_json(type="watch", id=1, selectors=list(selectors), window_s=60, rate_hz=20, **more)

    def take(self, until: Callable[[Screen], Any]) -> Screen:
        while not until(self.screen):
            _, opcode, payload = self.socket.read_frame()
            if opcode == Opcode.PING:
                self.socket.send_frame(Opcode.PONG, payload)
            else:
                assert opcode == Opcode.TEXT, f"closed with {close_code(payload)}"
                self.screen.take(payload)
        return self.screen

    def close(self) -> None:
        self.socket.__exit__()


def latest(name: str, value: float) -> Callable[[Screen], bool]:
    return lambda screen: bool(screen.samples.get(name)) and screen.samples[name][-1][1] == value


def test_what_is_posted_to_one_shows_on_the_other_and_a_screen_that_moves_misses_nothing(start: Start) -> None:
    one, other = start("one"), start("other")
    viewer = Viewer(other, "orders")
    for value in range(1, 6):
        one.post("orders", value)
    screen = viewer.take(latest("orders", 5))
    viewer.close()
    one.post("orders", 6)
    one.post("orders", 7)
    moved = Viewer(one, "orders", since=screen.position)
    moved.screen = screen
    moved.take(latest("orders", 7))
    moved.close()
    assert [value for _, value in screen.samples["orders"]] == [1, 2, 3, 4, 5, 6, 7]
    assert screen.gaps == []


def test_a_screen_that_is_ahead_of_the_process_it_comes_to_is_answered_when_that_has_caught_up(start: Start) -> None:
    """The screen comes at once after the post, so the other process may not have received the entry yet."""
    one, other = start("one"), start("other")
    slow = Viewer(other, "orders")  # keeps a view of its own rate there
    slow.take(lambda screen: screen.position)
    viewer = Viewer(one, "orders")
    for value in range(1, 30):
        one.post("orders", value)
        screen = viewer.take(latest("orders", value))
        viewer.close()
        one, other = other, one
        viewer = Viewer(one, "orders", since=screen.position)
        viewer.screen = screen
    viewer.close()
    slow.close()
    assert [value for _, value in screen.samples["orders"]] == list(range(1, 30))
    assert screen.gaps == []


def names_in_different_partitions(count: int, partitions: int) -> list[str]:
    found: dict[str, str] = {}
    for number in range(1_000):
        found.setdefault(partition_of(f"m{number}", partitions), f"m{number}")
    assert len(found) >= count
    return list(found.values())[:count]


def test_processes_with_disjoint_boards_each_read_only_their_part(start: Start) -> None:
    left, right, unseen = names_in_different_partitions(3, 4)
    one, other = start("one", "--partitions", "4"), start("other", "--partitions", "4")
    viewers = [Viewer(one, left), Viewer(other, right)]
    for value in range(1, 11):
        for name in (left, right, unseen):
            one.post(name, value)
    for viewer, name in zip(viewers, (left, right), strict=True):
        screen = viewer.take(latest(name, 10))
        assert [v for _, v in screen.samples[name]] == list(range(1, 11))
    for server in (one, other):
        assert metric(server, "dashboard_partitions") == 1
        assert metric(server, "dashboard_series") == 1
        assert metric(server, "dashboard_journal_seq") == 10
    everything = Viewer(other, EVERYTHING)  # needs all parts: they are followed from now on
    screen = everything.take(lambda s: all(latest(name, 10)(s) for name in (left, right, unseen)))
    assert set(screen.samples) == {left, right, unseen}
    assert metric(other, "dashboard_partitions") == 4
    for value in (11, 12):
        for name in (left, right, unseen):
            one.post(name, value)
    everything.take(lambda s: all(latest(name, 12)(s) for name in (left, right, unseen)))
    everything.close()
    moved = Viewer(one, EVERYTHING, since=screen.position)
    moved.screen = screen
    one.post(unseen, 13)
    moved.take(latest(unseen, 13))
    assert [v for _, v in screen.samples[unseen]] == list(range(1, 14))
    assert screen.gaps == []
    for viewer in (*viewers, moved):
        viewer.close()


def test_partitions_are_one_to_those_who_ask(start: Start) -> None:
    server = start("one", "--partitions", "8", "--max-series", "5")
    names = names_in_different_partitions(5, 8)
    samples = [{"series": name, "value": place} for place, name in enumerate(names)]
    assert server.json("POST", "/api/v1/samples", samples)[0] == 202
    status, answer = server.json("POST", "/api/v1/samples", [*samples, {"series": "one_more", "value": 1}])
    assert status == 400
    assert (answer["accepted"], [r["code"] for r in answer["refused"]]) == (5, ["series_limit"])
    assert [r["index"] for r in answer["refused"]] == [5]
    assert [s["series"] for s in server.json("GET", "/api/v1/series")[1]["series"]] == sorted(names)
    assert server.json("PUT", "/api/v1/documents/note", {"text": "hello"})[0] == 202
    assert server.json("GET", "/api/v1/documents/note") == (200, {"text": "hello"})
    assert server.request("DELETE", "/api/v1/documents/note")[0] == 204
    wait_until(lambda: server.request("GET", "/api/v1/documents/note")[0] == 404)


def test_a_document_that_was_answered_is_there_on_the_other_however_soon(start: Start) -> None:
    one, other = start("one"), start("other")
    for number in range(30):
        path = f"/api/v1/documents/note{number}"
        assert one.json("PUT", path, number)[0] == 202
        if number % 2:
            assert other.json("GET", path) == (200, number)
        assert other.request("DELETE", path)[0] == 204
    assert other.request("DELETE", "/api/v1/documents/none")[0] == 404
    wait_until(lambda: one.json("GET", "/api/v1/documents/note29")[0] == 404)


def test_each_knows_the_others_and_that_one_has_left(start: Start) -> None:
    one, other = start("one", "--node-name", "a"), start("other", "--node-name", "b")

    def nodes(server: ServerProcess) -> int:
        return int(server.json("GET", "/metrics/websocket")[1]["nodes"])

    wait_until(lambda: nodes(one) == nodes(other) == 2)
    assert other.stop() == 0
    wait_until(lambda: nodes(one) == 1, 3)  # it said good-bye: nobody waits for it to fall silent


def test_history_is_shared_by_way_of_the_checkpoint(start: Start) -> None:
    one = start("one", "--journal-window-s", "10", "--checkpoint-s", "1")
    one.post("old", 1, t=None)
    wait_until(lambda: metric(one, "dashboard_checkpoints_total") >= 2, 15)
    assert one.stop() == 0
    other = start("other")
    (series,) = other.json("GET", "/api/v1/series?match=old")[1]["series"]
    assert series["last"]["value"] == 1


def test_events_that_come_to_several_processes_at_once_are_all_kept_in_one_order(start: Start) -> None:
    servers = [start(f"p{n}", "--partitions", "3") for n in range(3)]

    def tell(number: int) -> int:
        body = json.dumps({"what": f"e{number}"})
        return servers[number % 3].request("POST", "/events/", body)[0]

    with ThreadPoolExecutor(9) as pool:
        assert set(pool.map(tell, range(90))) == {200}

    def items(server: ServerProcess) -> list[str]:
        status, answer = server.json("GET", "/api/v1/documents/events")
        return [item["label"] for item in answer["items"]] if status == 200 else []

    for server in servers:
        wait_until(lambda server=server: len(items(server)) == 90, 10)
    assert set(items(servers[0])) == {f"e{number}" for number in range(90)}
    assert items(servers[0]) == items(servers[1]) == items(servers[2])


def test_an_expression_has_the_same_values_on_every_process_and_a_screen_resumes_on_another(start: Start) -> None:
    first, second = start("one"), start("two")
    expression, stop = "sum by (shop) (rate(orders_total[10s]))", Event()

    def feed() -> None:
        value = 0
        while not stop.wait(0.4):
            value += 1
            for shop in ("a", "b"):
                first.post("orders_total", value * 1.5, labels={"shop": shop})

    with ThreadPoolExecutor() as pool:
        feeding = pool.submit(feed)
        try:
            one, two = Viewer(first, expression), Viewer(second, expression)
            for viewer in (one, two):
                viewer.take(lambda screen: len(values_of(screen)) >= 12)
            screen = one.screen
            one.close()
            left_at = max(t for _, t in values_of(screen))
            moved = Viewer(second, expression, since=screen.position)
            moved.screen = screen
            for viewer in (moved, two):
                viewer.take(lambda screen: max(t for _, t in values_of(screen)) >= left_at + 4_000)
                viewer.close()
        finally:
            stop.set()
        feeding.result()
    held, other = values_of(moved.screen), values_of(two.screen)
    settled = {key: value for key, value in held.items() if key[1] <= left_at + 2_000}
    assert len(settled) >= 12
    assert {key: other.get(key) for key in settled} == settled
    assert moved.screen.gaps == []


def values_of(screen: Screen) -> dict[tuple[str, int], float]:
    """Return the values of a screen by series and time."""
    return {(series, t): value for series, points in screen.samples.items() for t, value in points}
