"""Configurations of docs/feeders.md and snippets of the page /feeders, run by the programs they are for.

Telegraf and the collector have no package here: their configurations are read, and what they would send with them is sent
(``test_recorded_senders.py`` has their own bytes).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from tests.integration.test_feeder_docs import ADDRESS, ROOT, blocks
from tests.support.deadline import scaled, wait_until
from tests.support.debian_peers import Alertmanager, Collectd, Prometheus, needs
from tests.support.redis_server import free_port
from tests.support.server import ServerProcess

RULES = (
    "groups: [{name: all, rules: [{alert: AlwaysOn, expr: vector(1), for: 7s, annotations: {summary: It is on}}]}]\n"
)
SCRAPE = """\
global: {scrape_interval: 1s, evaluation_interval: 1s}
scrape_configs: [{job_name: self, static_configs: [{targets: ['127.0.0.1:PORT']}]}]
"""
SDK = """
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
provider = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
provider.get_meter("m").create_counter("by_otel").add(1)
provider.shutdown()
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("guarded")
    server = ServerProcess(folder, "--login", "required", "--no-host-feeder", "--no-server-feeder").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def token(guarded: ServerProcess) -> str:
    return guarded.token("all", "--verb", "write", "--verb", "read")


def names(server: ServerProcess, token: str) -> set[str]:
    shown = f"?token={token}" if token else ""
    return {row["name"] for row in json.loads(server.request("GET", f"/api/v1/series{shown}")[2])["series"]}


def labels_of_items(server: ServerProcess, token: str, key: str) -> list[str]:
    status, _, body = server.request("GET", f"/api/v1/documents/{key}?token={token}")
    return [item["label"] for item in json.loads(body)["items"]] if status == 200 else []


def configuration(path: str, server: ServerProcess, token: str, folder: Path) -> str:
    """Return the page's configuration of the program that posts to ``path``, for this server."""
    (block,) = [block for block in blocks() if path in block.promises.get("posts", []) and block.language != "toml"]
    (folder / "token").write_text(token)
    text = block.text.replace(ADDRESS, server.url).replace(ADDRESS.removeprefix("http://"), f"127.0.0.1:{server.port}")
    return re.sub(r"/etc/\w+/dashboard-token", str(folder / "token"), text).replace('"TOKEN"', f'"{token}"')


class ThisAlertmanager(Alertmanager):
    """Alertmanager with the page's receivers."""

    def command(self) -> list[str]:
        command = super().command()
        (self.folder / "alertmanager.yml").write_text(
            "route: {receiver: dashboard, group_wait: 0s}\n" + self.url  # the receivers
        )
        return command


class ThisCollectd(Collectd):
    """collectd with the page's output."""

    def command(self) -> list[str]:
        command = super().command()
        file = self.folder / "collectd.conf"
        file.write_text(file.read_text().partition("LoadPlugin write_http")[0] + self.url)
        return command


@needs("prometheus", "prometheus-alertmanager", "collectd")
def test_the_page_s_configurations_feed_by_their_programs(guarded: ServerProcess, token: str, tmp_path: Path) -> None:
    prometheus = Prometheus(tmp_path / "prometheus")
    (tmp_path / "rules.yml").write_text(RULES)
    parts = [configuration(path, guarded, token, tmp_path) for path in ("/api/v1/write", "/api/v2/alerts")]
    prometheus.config = "\n".join(
        [SCRAPE.replace("PORT", str(prometheus.port)), *parts, f"rule_files: ['{tmp_path / 'rules.yml'}']"]
    )
    webhook = configuration("/api/v1/alertmanager", guarded, token, tmp_path)
    collectd = ThisCollectd(tmp_path / "collectd", configuration("/api/v1/collectd", guarded, token, tmp_path), token)
    with prometheus, collectd, ThisAlertmanager(tmp_path / "alertmanager", webhook, token) as alertmanager:
        assert isinstance(alertmanager, Alertmanager)
        alertmanager.fire("Door", "Door open")
        wait_until(lambda: {"up", "load_shortterm"} <= names(guarded, token), 40)
        wait_until(lambda: {"Door open", "It is on"} <= set(labels_of_items(guarded, token, "alerts")), 40)


def snippets(server: ServerProcess, token: str) -> dict[str, str]:
    """Return what the page shows for the series ``mine``, by way of feeding."""
    feed = {"series": "mine", "token": token, "origin": server.url, "host": "127.0.0.1"}
    code = (
        f"import {{ SNIPPETS }} from {json.dumps(str(ROOT / 'static/js/widgets/feed-snippets.js'))};"
        f"const feed = {json.dumps(feed)};"
        "console.log(JSON.stringify(Object.fromEntries(Object.entries(SNIPPETS).map(([way, of]) => [way, of(feed)]))));"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], capture_output=True, text=True, timeout=scaled(30), check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def run(program: list[str], text: str) -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("DASHBOARD_", "OTEL_"))} | {
        "PYTHONPATH": str(ROOT)
    }
    done = subprocess.run(
        [*program, text], capture_output=True, text=True, timeout=scaled(90), check=False, env=environ
    )
    assert done.returncode == 0, done.stderr


def write_as_telegraf(text: str) -> None:
    """Write with the addresses and the token of the configuration."""
    (output,) = tomllib.loads(text)["outputs"]["influxdb_v2"]
    (url,) = output["urls"]
    with InfluxDBClient(url, output["token"], org=output["organization"]) as client:
        client.write_api(SYNCHRONOUS).write(output["bucket"], record="by_telegraf value=1")


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize("login", ["", "required"])
def test_every_snippet_of_the_page_feeds(login: str, guarded: ServerProcess, token: str, tmp_path: Path) -> None:
    server, shown, port = guarded, token, free_port()
    if not login:
        (tmp_path / "sources.yaml").write_text(f"statsd: {{port: {port}}}\n")
        flags = ("--no-host-feeder", "--no-server-feeder", "--sources", str(tmp_path / "sources.yaml"))
        server, shown = ServerProcess(tmp_path / "open", *flags).start(), ""
    try:
        ways = snippets(server, shown)
        assert ways.keys() == {"curl", "Python", "Telegraf", "StatsD", "Prometheus", "OpenTelemetry"}
        run(["sh", "-c"], ways["curl"].replace("mine", "by_curl"))
        run([sys.executable, "-c"], ways["Python"].replace("mine", "by_python"))
        run(["sh", "-c"], f"{ways['OpenTelemetry']}\nexec {sys.executable} -c '{SDK}'")
        write_as_telegraf(ways["Telegraf"])
        assert yaml.safe_load(ways["Prometheus"])["remote_write"][0]["url"] == f"{server.url}/api/v1/write"
        wanted = {"by_curl", "by_python", "by_otel_total", "by_telegraf_value"}
        if not login:
            run(["sh", "-c"], ways["StatsD"].replace("mine", "by_statsd").replace("8125", str(port)))
            wanted.add("by_statsd")
        if shutil.which("prometheus"):
            prometheus = Prometheus(tmp_path / "prometheus")
            prometheus.config = SCRAPE.replace("PORT", str(prometheus.port)) + ways["Prometheus"]
            with prometheus:
                wait_until(lambda: {*wanted, "prometheus_build_info"} <= names(server, shown), 40)
        wait_until(lambda: wanted <= names(server, shown), 20, str(wanted))
    finally:
        if not login:
            server.close()
