"""Prometheus and Alertmanager, as Debian has them, posting to a server that wants tokens."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.client import Client
from tests.support.debian_peers import Alertmanager, Collectd, NodeExporter, Prometheus, needs
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
        time.sleep(2)  # so long nobody takes what Prometheus goes on scraping
        guarded.start()
        back_ms = time.time() * 1000
        wait_until(lambda: any(row["last"]["t"] > back_ms for row in rows(guarded, token, "up")), 20)  # type: ignore[index]
        with Client(guarded.url, token) as client:
            snapshot = next(iter(client.follow(["up"], window_s=900)))
        times = [point.t_ms for point in snapshot.points]
        assert len(times) > 5
        assert max(b - a for a, b in zip(times, times[1:], strict=False)) < 1_500
        node.close()
        wait_until(lambda: [row["freshness"] for row in rows(guarded, token, "node_load1")] == ["dead"], 20)
        assert [row["last"]["value"] for row in rows(guarded, token, "up")] == [0]  # type: ignore[index]


def test_prometheus_with_a_wrong_token_is_refused_in_its_own_terms(guarded: ServerProcess, tmp_path: Path) -> None:
    reader = guarded.token("reader", "--verb", "read")
    with NodeExporter(tmp_path / "node") as node, prometheus(tmp_path, guarded, "dsh_wrong", node.port):
        log = tmp_path / "prometheus" / "log"
        wait_until(lambda: re.search("non-recoverable error.*401 Unauthorized", log.read_text()), 20)
    assert rows(guarded, reader, "up") == []


def test_alertmanager_posts_to_the_webhook(server: ServerProcess, tmp_path: Path) -> None:
    with Alertmanager(tmp_path / "alertmanager", f"{server.url}/api/v1/alertmanager") as alertmanager:
        alert = [{"labels": {"alertname": "Door", "severity": "critical"}, "annotations": {"summary": "Door open"}}]
        request = urllib.request.Request(
            f"http://127.0.0.1:{alertmanager.port}/api/v2/alerts",
            json.dumps(alert).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        wait_until(lambda: items(server, "", "alerts"), 20)
        assert [(item["label"], item["state"]) for item in items(server, "", "alerts")] == [("Door open", "critical")]


def test_collectd_posts_with_its_interval(server: ServerProcess, tmp_path: Path) -> None:
    with Collectd(tmp_path / "collectd", f"{server.url}/api/v1/collectd"):
        wait_until(lambda: rows(server, "", "load_shortterm") and rows(server, "", "memory"), 20)
    (series,) = rows(server, "", "load_shortterm")
    assert (series["labels"], series["every_s"]) == ({"host": "lab"}, 1)
