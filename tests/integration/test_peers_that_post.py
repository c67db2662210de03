"""Debian's Prometheus, Alertmanager and collectd post to a server that requires tokens."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.client import Client
from tests.support.deadline import scaled, within
from tests.support.debian_peers import Alertmanager, Collectd, NodeExporter, Prometheus, needs
from tests.support.pulse import seconds_since
from tests.support.server import ServerProcess, wait_until

pytestmark = needs("prometheus", "prometheus-node-exporter", "prometheus-alertmanager", "collectd")

CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
scrape_configs: [{{job_name: node, static_configs: [{{targets: ["127.0.0.1:{node}"]}}]}}]
remote_write:
  - url: http://127.0.0.1:{port}/api/v1/write
    authorization: {{credentials: {token}}}
    queue_config: {{batch_send_deadline: 1s, max_shards: 1}}
    metadata_config: {{send_interval: 1s}}
    write_relabel_configs: [{{source_labels: [__name__], regex: "up|node_load1|node_forks_total", action: keep}}]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
      authorization: {{credentials: {token}}}
rule_files: ["{folder}/rules.yml"]
"""
#: It fires when the addresses of those to tell are known to Prometheus, which takes it 5 s.
RULES = """\
groups:
  - name: all
    rules: [{alert: AlwaysOn, expr: vector(1), for: 7s, labels: {severity: warning}, annotations: {summary: It is on}}]
"""


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path / "server", "--login", "required", "--no-host-feeder", "--no-server-feeder").start()
    yield server
    server.close()


def rows(server: ServerProcess, token: str, name: str) -> list[dict[str, object]]:
    shown = f"&token={token}" if token else ""
    body = server.request("GET", f"/api/v1/series?match={name}{shown}")[2]
    found: list[dict[str, object]] = json.loads(body)["series"]
    return found


def items(server: ServerProcess, token: str, key: str) -> list[dict[str, object]]:
    status, _, body = server.request("GET", f"/api/v1/documents/{key}{'?token=' + token if token else ''}")
    found: list[dict[str, object]] = json.loads(body)["items"] if status == 200 else []
    return found


def times_of(server: ServerProcess, token: str, name: str) -> list[int]:
    """Return the times, in milliseconds, of all samples of the only series with this name."""
    with Client(server.url, token) as client:
        snapshot = next(iter(client.follow([name], window_s=900)))
    return [point.t_ms for point in snapshot.points]


def longest_gap_s(times: list[int]) -> float:
    """Return the longest time between two neighbours."""
    return max(b - a for a, b in zip(times, times[1:], strict=False)) / 1000


def prometheus(folder: Path, server: ServerProcess, token: str, node: int) -> Prometheus:
    (folder / "rules.yml").write_text(RULES)
    return Prometheus(folder / "prometheus", CONFIG.format(port=server.port, token=token, node=node, folder=folder))


def test_prometheus_writes_over_a_kill_without_a_hole_tells_of_kinds_alerts_and_ends(
    guarded: ServerProcess, tmp_path: Path
) -> None:
    token = guarded.token("prometheus", "--verb", "write", "--verb", "read")
    with NodeExporter(tmp_path / "node") as node, prometheus(tmp_path, guarded, token, node.port):
        wait_until(lambda: rows(guarded, token, "node_load1"), 20)
        wait_until(lambda: [row["kind"] for row in rows(guarded, token, "node_forks_total")] == ["counter"], 20)
        wait_until(lambda: items(guarded, token, "alerts"), 30)
        (alert,) = items(guarded, token, "alerts")
        assert (alert["label"], alert["state"]) == ("It is on", "warning")
        guarded.kill()
        time.sleep(scaled(2))  # so long nobody takes what Prometheus goes on scraping
        guarded.start()
        back_ms = time.time() * 1000
        wait_until(lambda: any(row["last"]["t"] > back_ms for row in rows(guarded, token, "up")), 20)  # type: ignore[index]
        times = times_of(guarded, token, "up")
        assert len(times) > 5
        within(longest_gap_s(times), 2.5, "from one of its scrapes to the next")
        node.close()
        wait_until(lambda: [row["freshness"] for row in rows(guarded, token, "node_load1")] == ["dead"], 20)
        assert [row["last"]["value"] for row in rows(guarded, token, "up")] == [0]  # type: ignore[index]


def test_prometheus_with_a_wrong_token_is_refused_in_its_own_terms(guarded: ServerProcess, tmp_path: Path) -> None:
    reader = guarded.token("reader", "--verb", "read")
    with NodeExporter(tmp_path / "node") as node, prometheus(tmp_path, guarded, "dsh_wrong", node.port):
        log = tmp_path / "prometheus" / "log"
        wait_until(lambda: re.search("non-recoverable error.*401 Unauthorized", log.read_text()), 20)
    assert rows(guarded, reader, "up") == []


def test_prometheus_keeps_what_is_too_much_and_sends_it_later(guarded: ServerProcess, tmp_path: Path) -> None:
    token, reader = guarded.token("slow", "--per-s", "8"), guarded.token("reader", "--verb", "read")
    with NodeExporter(tmp_path / "node") as node, prometheus(tmp_path, guarded, token, node.port):
        wait_until(lambda: rows(guarded, reader, "up"), 20)
        log = tmp_path / "prometheus" / "log"
        enough_s = time.monotonic() + 4
        retries = "Failed to send batch, retrying.*503"
        spend(guarded, token, lambda: time.monotonic() > enough_s and re.search(retries, log.read_text()))
        late_ms = time.time() * 1000
        wait_until(lambda: any(row["last"]["t"] > late_ms for row in rows(guarded, reader, "up")), 30)  # type: ignore[index]
    times = times_of(guarded, reader, "up")
    assert len(times) > 4  # those that were too much, and those before and after
    within(longest_gap_s(times), 2.5, "from one of its scrapes to the next")


def spend(server: ServerProcess, token: str, until: Callable[[], object]) -> None:
    """Use up what a token may send, until ``until`` is true."""
    began_s = time.monotonic()
    while not until():
        within(seconds_since(began_s), 30, "its owner notices it")
        status = server.request("POST", "/write", "filler value=1", {"Authorization": f"Bearer {token}"})[0]
        assert status in (204, 503)


@pytest.fixture
def alerting(guarded: ServerProcess, tmp_path: Path) -> Callable[[str], Alertmanager]:
    return lambda token: Alertmanager(tmp_path / "alertmanager", f"{guarded.url}/api/v1/alertmanager", token)


Alerting = Callable[[str], Alertmanager]


def test_alertmanager_posts_to_the_webhook(guarded: ServerProcess, alerting: Alerting) -> None:
    token = guarded.token("alerts", "--verb", "write", "--verb", "read")
    with alerting(token) as alertmanager:
        alertmanager.fire("Door", "Door open")
        wait_until(lambda: items(guarded, token, "alerts"), 20)
    assert [(item["label"], item["state"]) for item in items(guarded, token, "alerts")] == [("Door open", "critical")]


def test_alertmanager_with_a_wrong_token_is_refused_in_its_own_terms(
    guarded: ServerProcess, alerting: Alerting
) -> None:
    with alerting("dsh_wrong") as alertmanager:
        alertmanager.fire("Door", "Door open")
        wait_until(lambda: "unexpected status code 401" in (alertmanager.folder / "log").read_text(), 20)
    assert items(guarded, guarded.token("reader", "--verb", "read"), "alerts") == []


def test_alertmanager_keeps_an_alert_that_is_too_much_and_over_a_kill(
    guarded: ServerProcess, alerting: Alerting
) -> None:
    token = guarded.token("alerts", "--per-s", "4", "--verb", "write", "--verb", "read")
    with alerting(token) as alertmanager:
        filler = {"Authorization": f"Bearer {token}"}
        while guarded.request("POST", "/write", "filler value=1", filler)[0] == 204:
            pass
        alertmanager.fire("Door", "Door open")
        log = alertmanager.folder / "log"
        spend(guarded, token, lambda: "unexpected status code 503" in log.read_text())
        wait_until(lambda: len(items(guarded, token, "alerts")) == 1, 30)
        guarded.kill()
        alertmanager.fire("Window", "Window open")
        wait_until(lambda: "connection refused" in log.read_text(), 20)
        guarded.start()
        wait_until(lambda: len(items(guarded, token, "alerts")) == 2, 30)


def test_collectd_posts_with_its_interval_and_again_after_a_kill(guarded: ServerProcess, tmp_path: Path) -> None:
    token = guarded.token("collectd", "--verb", "write", "--verb", "read")
    with Collectd(tmp_path / "collectd", f"{guarded.url}/api/v1/collectd", token):
        wait_until(lambda: rows(guarded, token, "load_shortterm") and rows(guarded, token, "memory"), 20)
        guarded.kill()  # collectd keeps nothing that it could not post
        guarded.start()
        back_ms = time.time() * 1000
        wait_until(lambda: any(row["last"]["t"] > back_ms for row in rows(guarded, token, "load_shortterm")), 20)  # type: ignore[index]
    (series,) = rows(guarded, token, "load_shortterm")
    assert (series["labels"], series["every_s"]) == ({"host": "lab"}, 1)


def test_collectd_with_a_wrong_token_is_refused_in_its_own_terms(guarded: ServerProcess, tmp_path: Path) -> None:
    log = tmp_path / "collectd" / "log"
    with Collectd(tmp_path / "collectd", f"{guarded.url}/api/v1/collectd", "dsh_wrong"):
        wait_until(lambda: re.search("write_http plugin.*401", log.read_text()), 20, "a refusal in its log")
    assert rows(guarded, guarded.token("reader", "--verb", "read"), "load_shortterm") == []
