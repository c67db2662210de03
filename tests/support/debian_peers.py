"""Programs of Debian that feed the server or are scraped by it, each in its own process on a free loopback port."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.support.deadline import scaled
from tests.support.redis_server import free_port
from tests.support.server import wait_until


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip the test where a program is not installed (scripts/test installs them)."""
    missing = [name for name in programs if shutil.which(name, path=_PATH) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


class DebianPeer:
    """Process of a program. ``start`` returns when it listens on ``port``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> DebianPeer:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env={"PATH": _PATH}, cwd=self.folder
            )
        wait_until(self._listens, 20, f"{type(self).__name__}, see {self.folder / 'log'}")
        return self

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(scaled(10))
            self._process = None

    def __enter__(self) -> DebianPeer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


class Prometheus(DebianPeer):
    """Prometheus with the configuration ``config``; without one it scrapes nothing."""

    def __init__(self, folder: Path, config: str = "scrape_configs: []\n") -> None:
        super().__init__(folder)
        self.config = config

    def command(self) -> list[str]:
        file = self.folder / "prometheus.yml"
        file.write_text(self.config)
        return [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            "--rules.alert.resend-delay=1s",  # its first alerts come before it knows whom to tell
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]


class NodeExporter(DebianPeer):
    """Prometheus' node exporter: the numbers of this machine."""

    def command(self) -> list[str]:
        return ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{self.port}"]


class Alertmanager(DebianPeer):
    """Alertmanager that sends its alerts to the webhook ``url``, with a token."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        super().__init__(folder)
        self.url, self.token = url, token

    def command(self) -> list[str]:
        file = self.folder / "alertmanager.yml"
        file.write_text(
            "route: {receiver: us, group_wait: 0s, group_interval: 1s}\n"
            f"receivers: [{{name: us, webhook_configs: [{{url: '{self.url}', send_resolved: true,\n"
            f"  http_config: {{authorization: {{credentials: {self.token}}}}}}}]}}]\n"
        )
        return [
            "prometheus-alertmanager",
            f"--config.file={file}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        ]

    def fire(self, name: str, summary: str) -> None:
        """Begin an alert."""
        alert = [{"labels": {"alertname": name, "severity": "critical"}, "annotations": {"summary": summary}}]
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v2/alerts",
            json.dumps(alert).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=scaled(10)) as answer:
            assert answer.status == 200


class Collectd(DebianPeer):
    """collectd that posts this machine's load and memory to ``url`` every second, with a token as its password."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        super().__init__(folder)
        self.url, self.token = url, token

    def _listens(self) -> bool:
        return True  # to nobody

    def command(self) -> list[str]:
        file = self.folder / "collectd.conf"
        file.write_text(f"""\
Hostname "lab"
Interval 1
BaseDir "{self.folder}"
PIDFile "{self.folder / "pid"}"
LoadPlugin logfile
LoadPlugin load
LoadPlugin memory
LoadPlugin write_http
<Plugin logfile>
  File STDOUT
</Plugin>
<Plugin write_http>
  <Node "us">
    URL "{self.url}"
    User "collectd"
    Password "{self.token}"
    Format "JSON"
    BufferSize 1024
    LogHttpError true
  </Node>
</Plugin>
""")
        return ["collectd", "-f", "-C", str(file)]


class Mosquitto(DebianPeer):
    """MQTT broker; with ``user`` and ``password``, no other user may connect."""

    def __init__(self, folder: Path, user: str = "", password: str = "") -> None:
        super().__init__(folder)
        self.user, self.password = user, password

    def command(self) -> list[str]:
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "user root"]
        if self.user:
            passwords = self.folder / "passwords"
            passwords.write_text("")
            make = ["mosquitto_passwd", "-b", str(passwords), self.user, self.password]
            subprocess.run(make, check=True, timeout=scaled(10), capture_output=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        else:
            lines.append("allow_anonymous true")
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        return ["mosquitto", "-c", str(self.folder / "mosquitto.conf")]

    def publish(self, topic: str, payload: str, *more: str) -> None:
        """Publish a message by mosquitto_pub, at least once."""
        self._publish(topic, "-m", payload, *more)

    def publish_file(self, topic: str, file: Path) -> None:
        """Publish the content of a file."""
        self._publish(topic, "-f", str(file))

    def _publish(self, topic: str, *more: str) -> None:
        proof = ["-u", self.user, "-P", self.password] if self.user else []
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port), "-q", "1", "-t", topic]
        subprocess.run([*command, *proof, *more], check=True, timeout=scaled(10))
