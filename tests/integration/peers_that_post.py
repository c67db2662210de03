"""Prometheus, Alertmanager and collectd posting to us. Not collected yet: its routes come with another branch; then it is called test_….py.

Prometheus writes to ``/api/v1/write`` and alerts at ``/api/v2/alerts``; Alertmanager to the webhook at ``/api/v1/alertmanager``,
collectd to ``/api/v1/collectd``.
"""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from tests.support.debian_peers import Alertmanager, Collectd, Prometheus, needs
from tests.support.server import ServerProcess, wait_until
from tests.support.sources import latest

pytestmark = needs("prometheus", "prometheus-alertmanager", "collectd")

CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
scrape_configs: [{{job_name: us, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
remote_write: [{{url: "http://127.0.0.1:{port}/api/v1/write"}}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]}}
rule_files: ["{folder}/rules.yml"]
"""
RULES = """\
groups: [{name: all, rules: [{alert: AlwaysOn, expr: vector(1), labels: {severity: warning}, annotations: {summary: It is on}}]}]
"""


def has_event(server: ServerProcess, title: str) -> bool:
    status, answer = server.json("GET", "/api/v1/documents/events")
    return status == 200 and any(title in json.dumps(item) for item in answer["items"])


def test_prometheus_writes_what_it_scrapes_and_alerts(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    config = CONFIG.format(port=server.port, folder=tmp_path)
    with Prometheus(tmp_path / "prometheus", config):
        instance = f'instance="127.0.0.1:{server.port}"'
        wait_until(lambda: latest(server, "up").get(f'up{{{instance},job="us"}}') == 1, 20)
        wait_until(lambda: latest(server, "dashboard_samples_accepted_total"), 20)
        wait_until(lambda: has_event(server, "It is on") or has_event(server, "AlwaysOn"), 30)
    assert not [code for code in latest(server, "prometheus_remote_storage_samples_failed_total").values() if code]


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
        wait_until(lambda: has_event(server, "Door"), 20)


def test_collectd_posts_with_its_interval(server: ServerProcess, tmp_path: Path) -> None:
    with Collectd(tmp_path / "collectd", f"{server.url}/api/v1/collectd"):
        wait_until(lambda: latest(server, "load_shortterm"), 20)
        wait_until(lambda: latest(server, "memory"), 20)
    (series,) = server.json("GET", "/api/v1/series?match=load_shortterm")[1]["series"]
    assert (series["labels"], series["every_s"]) == ({"host": "lab"}, 1)
