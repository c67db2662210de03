"""docs/protocol.md over a real socket: the answer to each message."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deadline import within
from tests.support.rawsocket import RawSocket, frame
from tests.support.server import ServerProcess


@pytest.fixture
def viewer(server: ServerProcess) -> Iterator[RawSocket]:
    with RawSocket(server.port) as socket:
        assert socket.read_json()["type"] == "welcome"
        yield socket


def test_welcome_tells_version_time_and_limits(server: ServerProcess) -> None:
    with RawSocket(server.port) as socket:
        welcome = socket.read_json()
        assert (welcome["type"], welcome["protocol"]) == ("welcome", 1)
        within(abs(time.time() - welcome["now"] / 1000), 2, "the clocks agree")
        assert welcome["limits"]["max_message_bytes"] == 65_536


def test_errors_carry_the_id_and_the_connection_lives_on(viewer: RawSocket) -> None:
    cases = [
        ({"type": "dance", "id": 7}, "unknown_type"),
        ({"type": "watch", "id": "x"}, "invalid"),
        ({"type": "watch", "id": 1, "selectors": ["a{"]}, "invalid"),
        ({"type": "watch", "id": 1, "selectors": ['a{x=~"("}']}, "invalid"),
        ({"type": "watch", "id": 1, "selectors": [3]}, "invalid_message"),
        ({"type": "watch", "id": 1, "selectors": ["a"], "rate_hz": 31}, "invalid_message"),
        ({"type": "watch", "id": 1, "selectors": ["a"], "window_s": 0}, "invalid_message"),
        ({"type": "watch", "id": 1, "selectors": ["a"], "board": "host"}, "invalid"),
        ({"type": "watch", "id": 1, "board": "none"}, "not_found"),
        ({"type": "watch", "id": 1, "selectors": ["a"], "since": "yesterday"}, "invalid"),
        ({"type": "unwatch", "id": 2, "view": "v0"}, "invalid"),
        ({"type": "unwatch", "id": 3}, "invalid_message"),
    ]
    for message, code in cases:
        viewer.send_json(**message)
        error = viewer.read_json()
        assert (error["type"], error["code"], error["id"]) == ("error", code, message["id"]), message
        assert error["message"]
    for text in (
        b"{",
        b"[]",
        b'"x"',
        b"{}",
        b'{"type":1}',
        b'{"type":"ping","x":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"\x00",
    ):
        viewer.send_frame(1, text)
        assert viewer.read_json()["type"] in ("error", "pong"), text
    viewer.send_json(type="ping", id="last", future="field")
    assert viewer.read_json("pong")["id"] == "last"


def test_a_lone_surrogate_gets_an_error_and_the_connection_lives_on(viewer: RawSocket) -> None:
    viewer.send_frame(1, b'{"type":"watch","id":1,"selectors":["{a=\\"\\ud800\\"}"]}')
    assert viewer.read_json()["type"] == "error"
    viewer.send_json(type="ping", id=1)
    assert viewer.read_json()["type"] == "pong"


def test_a_snapshot_then_frames_hold_every_value(server: ServerProcess, viewer: RawSocket) -> None:
    for value in (1, 2):
        server.post("orders", value, labels={"shop": "a"}, unit="EUR", every_s=5)
    viewer.send_json(type="watch", id=5, selectors=['orders{shop=~"a|b"}'], window_s=60, rate_hz=20, later="ignored")
    snapshot = viewer.read_json()
    assert (snapshot["type"], snapshot["id"], snapshot["window_s"], snapshot["rate_hz"]) == ("snapshot", 5, 60, 20)
    (series,) = snapshot["series"]
    assert (series["series"], series["unit"], series["every_s"], series["v"]) == ('orders{shop="a"}', "EUR", 5, [1, 2])
    for value in (3, 4, 5):
        server.post("orders", value, labels={"shop": "a"})
    got: list[float] = []
    while len(got) < 3:
        message = viewer.read_json("frame")
        assert message["view"] == snapshot["view"]
        assert message["position"] > snapshot["position"] or len(message["position"]) > len(snapshot["position"])
        for sid, _, values in message["points"]:
            assert sid == series["sid"]
            got += values
    assert got == [3, 4, 5]


def test_a_new_series_that_matches_joins_while_the_view_runs(server: ServerProcess, viewer: RawSocket) -> None:
    viewer.send_json(type="watch", id=1, selectors=["orders"])
    assert viewer.read_json()["series"] == []
    server.post("other", 1)
    server.post("orders", 7, labels={"shop": "new"})
    message = viewer.read_json("frame")
    (definition,) = message["series"]
    assert definition["series"] == 'orders{shop="new"}'
    assert message["points"] == [[definition["sid"], message["points"][0][1], [7]]]


def test_documents_come_in_snapshots_and_frames(server: ServerProcess, viewer: RawSocket) -> None:
    server.json("PUT", "/api/v1/documents/note", {"text": "one"})
    viewer.send_json(type="watch", id=1, selectors=["note"])
    assert viewer.read_json()["documents"][0]["body"] == {"text": "one"}
    server.json("PUT", "/api/v1/documents/note", {"text": "two"})
    assert viewer.read_json("frame")["documents"][0]["body"] == {"text": "two"}
    server.request("DELETE", "/api/v1/documents/note")
    assert viewer.read_json("frame")["gone_documents"] == ["note"]


def test_a_board_is_watched_by_name_and_comes_along(viewer: RawSocket) -> None:
    viewer.send_json(type="watch", id=1, board="host")
    snapshot = viewer.read_json()
    assert snapshot["board"]["title"] == "Host"
    assert snapshot["rate_hz"] == 10


def test_unwatch_stops_the_frames(server: ServerProcess, viewer: RawSocket) -> None:
    viewer.send_json(type="watch", id=1, selectors=["orders"])
    view = viewer.read_json()["view"]
    viewer.send_json(type="unwatch", id=2, view=view)
    answer = viewer.read_json()
    assert (answer["type"], answer["id"], answer["view"]) == ("unwatched", 2, view)
    server.post("orders", 1)
    viewer.send_json(type="ping", id=3)
    assert viewer.read_json()["type"] == "pong"


def test_since_brings_only_what_was_missed(server: ServerProcess, viewer: RawSocket) -> None:
    server.post("orders", 1)
    viewer.send_json(type="watch", id=1, selectors=["orders"])
    position = viewer.read_json()["position"]
    for value in (2, 3):
        server.post("orders", value)
    with RawSocket(server.port) as other:
        other.read_json()
        other.send_json(type="watch", id=9, selectors=["orders"], since=position)
        message = other.read_json()
        assert (message["type"], message["id"]) == ("frame", 9)
        got = [v for row in message.get("points", []) for v in row[2]]
        while got != [2, 3]:
            got += [v for row in other.read_json("frame")["points"] for v in row[2]]


@pytest.mark.parametrize(("since", "reason"), [("0123456789abcdef.1", "epoch"), ("{epoch}.999999", "ahead")])
def test_a_position_that_cannot_be_continued_gets_gap_and_a_snapshot(
    server: ServerProcess, viewer: RawSocket, since: str, reason: str
) -> None:
    server.post("orders", 1)
    viewer.send_json(type="watch", id=1, selectors=["orders"])
    epoch = viewer.read_json()["position"].split(".")[0]
    viewer.send_json(type="watch", id=2, selectors=["orders"], since=since.replace("{epoch}", epoch))
    gap = viewer.read_json()
    assert (gap["type"], gap["id"], gap["reason"]) == ("gap", 2, reason)
    snapshot = viewer.read_json()
    assert (snapshot["type"], snapshot["id"], snapshot["series"][0]["v"]) == ("snapshot", 2, [1])


def test_a_fast_series_arrives_whole_up_to_fifty_points_a_tick_and_beyond_that_keeps_its_spikes(
    server: ServerProcess, viewer: RawSocket
) -> None:
    viewer.send_json(type="watch", id=1, selectors=["fast"], rate_hz=1)
    viewer.read_json()
    now = int(time.time() * 1000)
    values = [float(i % 7) for i in range(400)]
    values[123], values[301] = 1e6, -1e6
    server.json("POST", "/api/v1/samples", [{"series": "fast", "value": v, "t": now + i} for i, v in enumerate(values)])
    ((_, times, got, of),) = viewer.read_json("frame")["points"]
    assert of == 400
    assert len(got) <= 50
    assert (got[0], got[-1], max(got), min(got)) == (values[0], values[-1], 1e6, -1e6)
    assert times == sorted(times)
    server.json(
        "POST", "/api/v1/samples", [{"series": "fast", "value": v, "t": now + 500 + i} for i, v in enumerate(range(50))]
    )
    ((_, _, whole),) = viewer.read_json("frame")["points"]
    assert whole == list(range(50))


def test_wide_windows_come_as_buckets_that_agree_with_the_values(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--no-host-feeder", "--no-server-feeder", "--raw-window-s", "60").start()
    try:
        now = int(time.time() * 1000)
        samples = [(now - 3_000_000 + i * 1_000, float(i % 97)) for i in range(3_000)]
        for start in range(0, 3_000, 1_000):
            batch = [{"series": "s", "value": v, "t": t} for t, v in samples[start : start + 1_000]]
            assert server.json("POST", "/api/v1/samples", batch)[0] == 202
        with RawSocket(server.port) as viewer:
            viewer.read_json()
            for window_s, step in ((6_000, 10_000), (30_000, 60_000)):
                viewer.send_json(type="watch", id=1, selectors=["s"], window_s=window_s)
                snapshot = viewer.read_json("snapshot")
                assert snapshot["step_ms"] == step
                (series,) = snapshot["series"]
                expected: dict[int, list[float]] = {}
                for t, v in samples:
                    expected.setdefault(t - t % step, []).append(v)
                assert series["t"] == sorted(expected)
                assert series["min"] == [min(expected[t]) for t in series["t"]]
                assert series["max"] == [max(expected[t]) for t in series["t"]]
                assert series["mean"] == pytest.approx([sum(expected[t]) / len(expected[t]) for t in series["t"]])
                assert series["newest"] == list(max(samples, key=lambda sample: sample[0]))
                server.post("s", step, t=now)  # in place of what came at that time before
                (row,) = viewer.read_json("frame")["buckets"]
                assert row[4:] == [[step], [now, step]]
                samples = [*samples[:3_000], (now, float(step))]
    finally:
        server.close()


# --- limits, at N and N+1 ---


def test_a_message_may_have_its_limit_and_not_a_byte_more(viewer: RawSocket) -> None:
    body = b'{"type":"ping","pad":"' + b"x" * (65_536 - 24) + b'"}'
    assert len(body) == 65_536
    viewer.send_frame(1, body)
    assert viewer.read_json()["type"] == "pong"
    viewer.send_frame(1, body[:-1] + b" }")
    assert viewer.read_close() == 1009


@pytest.mark.parametrize(("fragments", "outcome"), [(1_024, "pong"), (1_025, "close")])
def test_a_message_may_have_1024_fragments(viewer: RawSocket, fragments: int, outcome: str) -> None:
    body = b'{"type":"ping"}'
    parts = [body[i : i + 1] for i in range(len(body))] + [b" "] * (fragments - len(body))
    data = b"".join(frame(1 if i == 0 else 0, p, fin=i == fragments - 1) for i, p in enumerate(parts))
    viewer.send_raw(data)
    if outcome == "pong":
        assert viewer.read_json()["type"] == "pong"
    else:
        assert viewer.read_close() == 1009


def test_sixty_messages_at_once_are_fine_and_a_flood_is_closed_with_4006(viewer: RawSocket) -> None:
    for _ in range(60):
        viewer.send_json(type="ping")
    for _ in range(60):
        assert viewer.read_json()["type"] == "pong"
    for _ in range(70):
        viewer.send_json(type="ping")
    assert viewer.read_close() == 4006


def test_128_views_are_fine_and_one_more_is_closed_with_4505(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--no-host-feeder", "--no-server-feeder", "--message-burst", "500").start()
    try:
        with RawSocket(server.port) as viewer:
            viewer.read_json()
            for i in range(128):
                viewer.send_json(type="watch", id=i, selectors=[f"s{i}"])
                assert viewer.read_json()["type"] == "snapshot"
            viewer.send_json(type="watch", id=5, selectors=["s5"])
            assert viewer.read_json()["type"] == "snapshot"
            viewer.send_json(type="watch", id=128, selectors=["s128"])
            assert viewer.read_json()["code"] == "too_many_subscriptions"
            assert viewer.read_close() == 4505
    finally:
        server.close()


def test_silence_instead_of_a_first_request_is_closed_with_4502(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--no-host-feeder", "--hello-s", "2").start()
    try:
        with RawSocket(server.port) as silent, RawSocket(server.port) as polite:
            polite.send_json(type="ping")
            assert silent.read_close() == 4502
            polite.send_json(type="ping", id=2)
            assert polite.read_json("pong")
    finally:
        server.close()


def test_one_connection_too_many_is_answered_503(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--no-host-feeder", "--max-connections", "2").start()
    try:
        with RawSocket(server.port) as one, RawSocket(server.port) as two:
            assert (one.status, two.status) == (101, 101)
            with RawSocket(server.port) as three:
                assert three.status == 503
                assert "retry-after" in three.headers
    finally:
        server.close()


def test_a_quiet_client_is_pinged_and_a_dead_one_closed_with_4004(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--no-host-feeder", "--heartbeat-s", "1", "--dead-s", "3").start()
    try:
        with RawSocket(server.port) as dead, RawSocket(server.port) as quiet:
            for socket in (dead, quiet):
                socket.send_json(type="ping")
            deadline = time.monotonic() + 5
            pings = 0
            while time.monotonic() < deadline and pings < 3:
                _, opcode, payload = quiet.read_frame()
                if opcode == 9:
                    pings += 1
                    quiet.send_frame(10, payload)
            assert dead.read_close() == 4004
            quiet.send_json(type="ping", id=1)
            assert json.dumps(quiet.read_json("pong"))
    finally:
        server.close()
