"""A server that others can reach: over TLS, by a declared proxy, with its first administrator made by a link."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.deadline import scaled
from tests.support.redis_server import RedisServer, free_port
from tests.support.server import wait_until

SECRET = "a secret of more than thirty-two bytes"
PASSWORD = "correct horse battery"


class Public:
    """Server on all addresses of this machine; requests are sent to loopback only."""

    def __init__(self, port: int, link: str, context: ssl.SSLContext | None) -> None:
        self.port = port
        self.link = link
        self.context = context

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        """Send a request; return status, headers, and the body, decoded if it is JSON."""
        if self.context is not None:
            connection: Any = http.client.HTTPSConnection(
                "localhost", self.port, timeout=scaled(10), context=self.context
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=scaled(10))
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            text, found = answer.read(), {k.lower(): v for k, v in answer.getheaders()}
            return answer.status, found, json.loads(text) if "json" in found.get("content-type", "") else text.decode()
        finally:
            connection.close()


@contextmanager
def public(folder: Path, *flags: str, context: ssl.SSLContext | None = None) -> Iterator[Public]:
    port = free_port()
    command = [sys.executable, "-m", "dashboard", "serve", "--host", "0.0.0.0", "--port", str(port)]
    command += ["--data", str(folder / "data"), "--secret", SECRET, "--no-host-feeder", "--no-server-feeder", *flags]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        said = ""
        while "Dashboard at" not in said:
            line = process.stdout.readline()
            assert line, (folder / "log").read_text()
            said += line
        found = re.search(r"^  (\S+/first-admin\?code=\S+)$", said, re.MULTILINE)
        yield Public(port, found[1] if found else "", context)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(scaled(20)) == 0
        process.stdout.close()
    assert [line for line in (folder / "log").read_text().splitlines() if " INFO " not in line] == []


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(["openssl", "req", *made, *names], check=True, capture_output=True, timeout=scaled(90))
    return files


def test_over_tls_the_printed_link_makes_the_first_administrator_once(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    flags = ("--tls-certificate", str(certificate[0]), "--tls-key", str(certificate[1]), "--allowed-hosts", "localhost")
    context = ssl.create_default_context(cafile=str(certificate[0]))
    with public(tmp_path, *flags, context=context) as server:
        assert server.link.startswith(f"https://localhost:{server.port}/first-admin?code=")
        code = server.link.partition("code=")[2]
        assert server.ask("GET", "/", Accept="text/html")[0] == 302  # nobody is operator here, however near
        assert server.ask("POST", "/api/v1/samples/orders", 3)[0] == 401
        admin = {"code": code, "id": "ann", "name": "Ann", "password": PASSWORD}
        status, headers, session = server.ask("POST", "/api/v1/first-admin", admin)
        assert (status, session["user"]["role"]) == (200, "admin")
        cookie = headers["set-cookie"]
        assert cookie.startswith("__Host-session=")
        assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"))
        assert server.ask("POST", "/api/v1/first-admin", admin | {"id": "eve"})[0] == 401
        bearer = {"Authorization": f"Bearer {session['token']}"}
        assert server.ask("GET", "/api/v1/users", **bearer)[2]["users"][0]["id"] == "ann"
        assert server.ask("POST", "/api/v1/samples/orders", 3, **bearer)[0] == 202
    with public(tmp_path, *flags, context=context) as server:
        assert server.link == ""


def two_ready(folder: Path) -> set[int]:
    """Wait until both workers serve; return their process ids."""
    file = folder / "supervisor.json"
    told = json.loads(file.read_text())["workers"] if file.exists() else []
    ready = {each["pid"] for each in told if each["ready"]}
    return ready if len(ready) == 2 else set()


def test_several_workers_print_one_link_and_one_that_starts_again_prints_none(
    tmp_path: Path, shared_redis: RedisServer
) -> None:
    command = [sys.executable, "-m", "dashboard", "serve", "--host", "0.0.0.0", "--port", str(free_port())]
    command += ["--data", str(tmp_path), "--secret", SECRET, "--workers", "2", "--redis", shared_redis.url]
    command += ["--redis-prefix", "links", "--proxies", "127.0.0.1", "--allowed-hosts", "board.example"]
    log = tmp_path / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        said = ""
        while "Dashboard at" not in said or "first-admin" not in said:
            line = process.stdout.readline()
            assert line, log.read_text()
            said += line
        first = wait_until(lambda: two_ready(tmp_path), 20, "both serve")
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: two_ready(tmp_path) - first == two_ready(tmp_path) != set(), 20, "two others serve")
        process.send_signal(signal.SIGTERM)
        said += process.stdout.read()
        assert process.wait(scaled(20)) == 0
    assert said.count("first-admin") == 1
    assert "Traceback" not in log.read_text()


def test_behind_a_declared_proxy_its_word_counts_and_nobody_elses(tmp_path: Path) -> None:
    flags = ("--proxies", "127.0.0.1", "--allowed-hosts", "board.example", "--public-url", "https://board.example")
    with public(tmp_path, *flags) as server:
        assert server.link.startswith("https://board.example/first-admin?code=")
        forwarded = {"X_Forwarded_For": "203.0.113.7", "X_Forwarded_Proto": "https", "Host": "board.example"}
        code = server.link.partition("code=")[2]
        admin = {"code": code, "id": "ann", "password": PASSWORD}
        status, headers, session = server.ask("POST", "/api/v1/first-admin", admin, **forwarded)
        assert status == 200
        assert headers["set-cookie"].startswith("__Host-session=")
        bearer = {"Authorization": f"Bearer {session['token']}"}
        events = server.ask("GET", "/api/v1/audit", **bearer, **forwarded)[2]["events"]
        assert {event["address"] for event in events} == {"203.0.113.7"}


@pytest.mark.parametrize(
    ("flags", "missing"),
    [
        ((), "secret"),
        (("--secret", SECRET), "allowed_hosts"),
        (("--secret", SECRET, "--allowed-hosts", "x.example"), "tls_certificate"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_served(tmp_path: Path, flags: tuple[str, ...], missing: str) -> None:
    command = [sys.executable, "-m", "dashboard", "serve", "--host", "0.0.0.0", "--data", str(tmp_path)]
    done = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=scaled(90), check=False)
    assert done.returncode == 1
    assert missing in done.stderr
    assert SECRET not in done.stderr


def test_a_proxy_that_nobody_declared_makes_nobody_operator(server: Any) -> None:
    assert server.json("GET", "/api/v1/me")[1]["role"] == "operator"
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"):
        _, _, body = server.request("GET", "/api/v1/me", headers={header: "203.0.113.7"})
        assert json.loads(body)["role"] == "nobody", header
