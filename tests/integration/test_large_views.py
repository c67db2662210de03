"""A view of many series: its snapshot is built in pieces while values arrive; no value is missed or doubled."""

from __future__ import annotations

import threading

from tests.support.deadline import scaled
from tests.support.rawsocket import RawSocket
from tests.support.server import ServerProcess

SERIES = 700
ROUNDS = 40


def feed(server: ServerProcess) -> None:
    for number in range(ROUNDS):
        batch = [{"series": "big", "labels": {"n": str(n)}, "value": number} for n in range(SERIES)]
        assert server.json("POST", "/api/v1/samples", batch)[0] == 202


def follow(server: ServerProcess, found: list[dict[int, list[float]]], started: threading.Event) -> None:
    with RawSocket(server.port, timeout_s=30) as viewer:
        viewer.read_json()
        started.wait(scaled(10))
        viewer.send_json(type="watch", id=1, selectors=["big"], rate_hz=30)
        snapshot = viewer.read_json()
        assert (snapshot["type"], snapshot["id"]) == ("snapshot", 1)
        values = {s["sid"]: s["v"] for s in snapshot["series"]}
        while not values or min(len(v) for v in values.values()) < ROUNDS or len(values) < SERIES:
            message = viewer.read_json("frame")
            for definition in message.get("series", []):
                values.setdefault(definition["sid"], [])
            for sid, _, more in message.get("points", []):
                values[sid] += more
    found.append(values)


def test_viewers_that_come_while_700_series_are_fed_get_every_value_once(server: ServerProcess) -> None:
    server.json("POST", "/api/v1/samples", [{"series": "warm", "value": 1}])
    found: list[dict[int, list[float]]] = []
    started = [threading.Event() for _ in range(6)]
    viewers = [threading.Thread(target=follow, args=(server, found, event)) for event in started]
    feeder = threading.Thread(target=feed, args=(server,))
    for thread in [*viewers, feeder]:
        thread.start()
    for event in started:
        event.set()
        server.json("GET", "/healthz")
    for thread in [*viewers, feeder]:
        thread.join(scaled(60))
    assert len(found) == len(viewers)
    expected = [float(n) for n in range(ROUNDS)]
    for values in found:
        assert len(values) == SERIES
        assert all(v == expected for v in values.values())


def test_a_large_view_can_be_left_and_watched_again_at_once(server: ServerProcess) -> None:
    feed_once = [{"series": "big", "labels": {"n": str(n)}, "value": n} for n in range(SERIES)]
    server.json("POST", "/api/v1/samples", feed_once)
    with RawSocket(server.port, timeout_s=20) as viewer:
        viewer.read_json()
        for number in range(5):
            viewer.send_json(type="watch", id=number, selectors=["big"])
        viewer.send_json(type="watch", id="other", selectors=["big"], window_s=60)
        seen = []
        while "other" not in seen:
            message = viewer.read_json("snapshot")
            assert len(message["series"]) == SERIES
            seen.append(message["id"])
        assert seen == [0, 1, 2, 3, 4, "other"]
        viewer.send_json(type="unwatch", id="u", view=message["view"])
        assert viewer.read_json("unwatched")["id"] == "u"
