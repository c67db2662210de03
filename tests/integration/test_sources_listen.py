"""Listeners for StatsD and Graphite, fed by common clients; the commands that read the file of sources; overload."""

from __future__ import annotations

import datetime
import pickle
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import statsd
from datadog.dogstatsd import DogStatsd

from tests.support.deadline import scaled
from tests.support.redis_server import free_port
from tests.support.server import ServerProcess, wait_until
from tests.support.sources import counted, latest, wait_for_value, wait_until_here, write_sources


class Listening:
    """Server with both listeners."""

    def __init__(self, folder: Path) -> None:
        self.statsd, self.graphite = free_port(), free_port()
        self.unix = str(folder / "statsd.sock")
        graphite = {"port": self.graphite, "max_connections": 3, "idle_s": 3}
        self.file = write_sources(
            folder, statsd={"port": self.statsd, "flush_s": 0.2, "unix_socket": self.unix}, graphite=graphite
        )
        flags = ("--no-host-feeder", "--no-server-feeder", "--sources", self.file)
        self.server = ServerProcess(folder / "server", *flags).start()

    def accounted(self, source: str) -> dict[str, int]:
        return {name: counted(self.server, name, source) for name in ("accepted", "refused", "dropped")}

    def wait_for_total(self, source: str, total: int) -> dict[str, int]:
        """Wait until this number of lines is accounted for, and no more; return the counts."""
        wait_until(lambda: sum(self.accounted(source).values()) >= total, 10, f"{total} of {source}")
        accounted = self.accounted(source)
        assert sum(accounted.values()) == total
        return accounted


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Listening]:
    made = Listening(tmp_path)
    wait_until_here(made.server, "statsd", "graphite")
    yield made
    if made.server.process is not None and made.server.process.poll() is None:
        assert made.server.stop() == 0
    assert made.server.complaints() == ""


def test_the_statsd_client_of_pypi_feeds_us(listening: Listening) -> None:
    client = statsd.StatsClient("127.0.0.1", listening.statsd, prefix="app")
    for milliseconds in range(1, 101):
        client.incr("hits", 2)
        client.timing("duration", milliseconds)
    client.timing("wait", datetime.timedelta(seconds=2))
    client.gauge("queue", 7)
    client.gauge("queue", -3, delta=True)
    with client.pipeline() as together:  # one datagram: no flush comes in between
        together.set("users", "ann")
        together.set("users", "bob")
        together.incr("batched")
        together.gauge("level", 1.5)
    client.close()
    assert listening.wait_for_total("statsd", 207) == {"accepted": 207, "refused": 0, "dropped": 0}
    server = listening.server
    wait_for_value(server, "app.queue", 4)
    wait_for_value(server, "app.users", 2)
    wait_for_value(server, "app.level", 1.5)
    wait_for_value(server, "app.wait_mean", 2000)
    assert latest(server, "app.duration_count")
    series = server.json("GET", "/api/v1/series?match=app.queue")[1]["series"][0]
    assert series["every_s"] == 0.2


def test_the_datadog_client_of_pypi_feeds_us(listening: Listening) -> None:
    client = DogStatsd(
        host="127.0.0.1",
        port=listening.statsd,
        disable_telemetry=True,
        disable_buffering=True,
        constant_tags=["env:test"],
    )
    for value in range(10):
        client.increment("shop.orders", tags=["shop:a"])
        client.histogram("shop.size", value)
        client.distribution("shop.spread", value, sample_rate=1)
    client.gauge("shop.level", 3.5)
    client.service_check("shop.door", client.WARNING, message="ajar")
    client.event("Deploy", "of version 2", alert_type="info")
    client.close_socket()
    assert listening.wait_for_total("statsd", 33) == {"accepted": 33, "refused": 0, "dropped": 0}
    wait_for_value(listening.server, 'shop.level{env="test"}', 3.5)
    assert latest(listening.server, "shop.size_max") == {'shop.size_max{env="test"}': 9}
    document = partial(listening.server.json, "GET", "/api/v1/documents/shop.door/env:test")
    wait_until(lambda: document()[1].get("text") == "ajar", 10, "the service check")


def test_what_is_refused_is_counted_and_the_rest_of_its_datagram_is_taken(listening: Listening) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", listening.statsd))
        sender.send(b"good:1|c\nbad\nworse:x|g\nalso.good:2|g\n\xff\xfe:1|c")
    assert listening.wait_for_total("statsd", 5) == {"accepted": 2, "refused": 3, "dropped": 0}
    wait_for_value(listening.server, "also.good", 2)


def test_statsd_is_taken_by_tcp_and_by_a_unix_socket(listening: Listening) -> None:
    with socket.create_connection(("127.0.0.1", listening.statsd)) as stream:
        stream.sendall(b"by.tcp:1|c\nby.tc")
        stream.sendall(b"p:2|c\nbad\n" + b"many:1|c\n" * 20_000)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(listening.unix)
        sender.send(b"by.unix:7|g|#env:test\nby.unix:-7|g|#env:test")
    assert listening.wait_for_total("statsd", 20_005) == {"accepted": 20_004, "refused": 1, "dropped": 0}
    wait_for_value(listening.server, 'by.unix{env="test"}', -7)
    assert latest(listening.server, "by.tcp_count")


def test_graphite_is_taken_by_udp_and_a_pickle_is_named_with_its_cure(listening: Listening) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", listening.graphite))
        for number in range(100):
            sender.send(b"by.udp.%d 1 -1\nby.udp.last %d -1\n" % (number, number))
    payload = pickle.dumps([("a.b", (int(time.time()), 1.5))], protocol=2)
    lines(listening.graphite, struct.pack("!L", len(payload)) + payload)
    assert listening.wait_for_total("graphite", 201) == {"accepted": 200, "refused": 1, "dropped": 0}
    wait_for_value(listening.server, "by.udp.last", 99)
    feeders = listening.server.json("GET", "/api/v1/feeders")[1]["feeders"]
    reason = next(each for each in feeders if each["name"] == "graphite")["refusals"][0]["reason"]
    assert "pickle" in reason
    assert "DESTINATION_PROTOCOL = line" in reason
    assert "DESTINATION_PROTOCOL = line" in listening.server.log.read_text()


def test_a_source_brings_so_many_series_and_the_tap_shows_how_many(tmp_path: Path) -> None:
    port = free_port()
    file = write_sources(tmp_path, graphite={"port": port, "max_series": 2})
    flags = ("--no-host-feeder", "--no-server-feeder", "--sources", file)
    server = ServerProcess(tmp_path / "server", *flags).start()
    wait_until_here(server, "graphite")
    with socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendall(b"a 1 -1\nb 2 -1\n")
        wait_for_value(server, "b", 2)
        sender.sendall(b"c 3 -1\nb 4 -1\n")
        wait_for_value(server, "b", 4)
    assert not latest(server, "c")
    (feeder,) = server.json("GET", "/api/v1/feeders")[1]["feeders"]
    assert (feeder["name"], feeder["series"], feeder["max_series"]) == ("graphite", 2, 2)
    assert (feeder["accepted"], feeder["refused"]) == (3, 1)
    reason = feeder["refusals"][0]["reason"]
    assert reason.startswith(
        "series: would be one more than the 2 series of the source graphite; give the source a larger"
    )
    assert counted(server, "series", "graphite") == 2
    assert server.stop() == 0


def test_a_flood_is_accounted_for_to_the_last_metric(listening: Listening) -> None:
    datagram = b"\n".join(b"m%d:1|c" % number for number in range(50))
    sent, until = 0, time.monotonic() + 1.5
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", listening.statsd))
        while time.monotonic() < until:
            for _ in range(200):
                sender.send(datagram)
            sent += 200 * 50

    def total() -> int:
        accounted = listening.accounted("statsd")
        return accounted["accepted"] + accounted["refused"] + accounted["dropped"] * 50

    wait_until(lambda: total() >= sent, 15, f"{sent} sent")
    assert total() == sent
    assert counted(listening.server, "dropped", "statsd") == counted(listening.server, "dropped", "statsd", "kernel")


def test_what_came_before_the_stop_is_kept(listening: Listening) -> None:
    server = listening.server
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"last:5|g", ("127.0.0.1", listening.statsd))
    assert server.stop() == 0
    server.start()
    wait_for_value(server, "last", 5)


def lines(port: int, *pieces: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for piece in pieces:
            connection.sendall(piece)


def test_graphite_lines_are_taken_in_any_pieces(listening: Listening) -> None:
    now = int(time.time())
    whole = b"".join(b"web.%d;dc=north %d %d\n" % (number, number, now) for number in range(1000))
    lines(listening.graphite, *(whole[start : start + 777] for start in range(0, len(whole), 777)))
    lines(
        listening.graphite,
        b"bad line of words\n\n  \r\nnan.here nan -1\n",
        b"a" * 10_000,
        b"b\nlast.whole 4 N\nno.end 5 1",
    )
    assert listening.wait_for_total("graphite", 1005) == {"accepted": 1001, "refused": 4, "dropped": 0}
    reasons = [
        counted(listening.server, "refused", "graphite", code) for code in ("invalid", "not_finite", "incomplete")
    ]
    assert reasons == [2, 1, 1]
    assert latest(listening.server, "web.999") == {'web.999{dc="north"}': 999}
    wait_for_value(listening.server, "last.whole", 4)


def test_connections_are_bounded_in_number_and_idleness(listening: Listening) -> None:
    held = [socket.create_connection(("127.0.0.1", listening.graphite)) for _ in range(3)]
    wait_until(lambda: counted(listening.server, "received", "graphite") == 3)
    one_more = socket.create_connection(("127.0.0.1", listening.graphite))
    one_more.settimeout(scaled(10))
    assert one_more.recv(1) == b""
    for each in held:
        each.settimeout(scaled(10))
        assert each.recv(1) == b""  # after three seconds without a line
    for each in (*held, one_more):
        each.close()
    assert counted(listening.server, "failures", "graphite", "connections") == 1
    assert counted(listening.server, "failures", "graphite", "idle") == 3
    lines(listening.graphite, b"again 1 -1\n")
    wait_for_value(listening.server, "again", 1)


def command(name: str, file: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "dashboard", name, "--sources", str(file), "--data", str(file.parent / "data")]
    return subprocess.run([*line, "--port", "0"], capture_output=True, text=True, timeout=scaled(90), check=False)


def test_a_wrong_file_is_named_by_check_and_keeps_the_server_from_starting(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text("scrape:\n  - name: a\n    adress: http://h/m\n")
    for name in ("check", "serve"):
        done = command(name, file)
        assert done.returncode == 1
        assert f"{file}:3: scrape[0].adress: is not known here; there are name, url" in done.stderr


def test_check_says_what_will_be_done(tmp_path: Path) -> None:
    file = Path(write_sources(tmp_path, scrape=[{"name": "a", "url": "http://127.0.0.1:1/metrics"}], statsd={}))
    done = command("check", file)
    assert done.returncode == 0, done.stderr
    assert (
        "scrape a: http://127.0.0.1:1/metrics every 15 s\nstatsd: listens on UDP and TCP 127.0.0.1:8125" in done.stdout
    )


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM])
def test_a_port_that_is_taken_is_said_and_bound_once_it_is_free(tmp_path: Path, kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        file = write_sources(tmp_path, graphite={"port": holder.getsockname()[1]})
        flags = ("--no-host-feeder", "--no-server-feeder", "--sources", file)
        server = ServerProcess(tmp_path / "server", *flags).start()
        wait_until(lambda: counted(server, "failing", "graphite"))
    wait_until_here(server, "graphite")
    assert server.stop() == 0
    assert server.complaints().count("source graphite") == 1
