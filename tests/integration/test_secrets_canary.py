"""Secrets planted everywhere appear in no log, page, metric, error or description, and not in the output of ``check``."""

from __future__ import annotations

import base64
import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.deadline import scaled
from tests.support.hook_receiver import HookReceiver
from tests.support.rawsocket import RawSocket
from tests.support.redis_server import RedisServer
from tests.support.server import ServerProcess, wait_until

PASSWORD = "canary-password-5rj"
NEW_PASSWORD = "canary-newpassword-8qk"
WRONG = "canary-wrongpassword-3xd"
SECRET = "canary-secret-of-the-server-2wq-0123456789"
HOOK_SECRET = "canary-secret-of-webhooks-7hv-0123456789"
REDIS = "canary-redis-9tz"
URL_TOKEN = "dsh_canary-token-in-url-4mn"
OIDC = "canary-oidc-secret-1ls"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis", f"requirepass {REDIS}").start()
    yield server
    server.close()


def settings_of(redis_url: str, hook: str) -> dict[str, str]:
    """Return the environment with the secrets: arguments are visible to all users of the machine."""
    return {
        "DASHBOARD_SECRET": SECRET,
        "DASHBOARD_WEBHOOK_SECRET": HOOK_SECRET,
        "DASHBOARD_WEBHOOKS": hook,
        "DASHBOARD_REDIS": redis_url,
        "DASHBOARD_LOG_LEVEL": "debug",
        "DASHBOARD_LOGIN": "required",
        "DASHBOARD_OIDC_CLIENT_SECRET": OIDC,
    }


class Looking:
    """Record of all that the server prints and sends, and the secrets that must not be in it."""

    def __init__(self) -> None:
        self.secrets = [PASSWORD, NEW_PASSWORD, WRONG, SECRET, HOOK_SECRET, REDIS, URL_TOKEN, OIDC]
        self.seen: dict[str, str] = {}

    def found(self) -> list[tuple[str, str]]:
        forms = {
            form: secret for secret in self.secrets for form in (secret, base64.b64encode(secret.encode()).decode())
        }
        return [(where, forms[form][:16]) for where, text in self.seen.items() for form in forms if form in text]


def _ask(server: ServerProcess, looking: Looking, method: str, path: str, body: Any = None, **headers: str) -> Any:
    text = None if body is None else json.dumps(body)
    status, given, data = server.request(method, path, text, headers)
    given.pop("set-cookie", None)
    looking.seen[f"{method} {path.partition('?')[0]} {status} {len(looking.seen)}"] = f"{given}\n{data.decode()}"
    return json.loads(data) if data[:1] in (b"{", b"[") else data.decode()


def _live(server: ServerProcess, looking: Looking) -> None:
    """Use every secret in the ways in which a server uses it, rightly and wrongly."""
    login = json.loads(
        server.request("POST", "/api/v1/login", json.dumps({"name": "ada", "password": PASSWORD}))[2]
    )  # its answer is the one that holds the token
    jwt = login["token"]
    ada = {"Authorization": f"Bearer {jwt}"}
    made = json.loads(server.request("POST", "/api/v1/tokens", json.dumps({"name": "probe"}), ada)[2])
    link = json.loads(server.request("POST", "/api/v1/links", json.dumps({"board": "host"}), ada)[2])
    looking.secrets += [jwt, made["token"], link["url"].rpartition("/")[2]]
    for method, path, body in (
        ("POST", "/api/v1/login", {"name": "ada", "password": WRONG}),
        ("POST", "/api/v1/login", {"name": "ada", "password": WRONG, "extra": WRONG}),
        ("POST", "/api/v1/login", {"name": {"x": WRONG}, "password": WRONG}),
        ("POST", "/api/v1/first-admin", {"code": URL_TOKEN, "id": "x", "password": WRONG}),
        ("GET", f"/api/v1/series?token={URL_TOKEN}", None),
        ("GET", f"/?auth_token={made['token']}", None),
        ("POST", f"/api/v1/samples/orders?token={made['token']}", None),
        ("GET", f"/share/{link['url'].rpartition('/')[2]}x", None),
        ("GET", f"/no/such/thing?token={URL_TOKEN}", None),
        ("GET", "/", None), ("GET", "/login", None), ("GET", "/healthz", None), ("GET", "/readyz", None),
        ("GET", "/api/openapi.json", None),
    ):  # fmt: skip
        _ask(server, looking, method, path, body)
    for header in (f"Bearer {URL_TOKEN}", f"Bearer {jwt}x", f"Basic {PASSWORD}", f"Digest {PASSWORD}", f"{PASSWORD}"):
        _ask(server, looking, "GET", "/api/v1/me", Authorization=header)
    users = [
        ("PATCH", "/api/v1/users/vera", {"password": NEW_PASSWORD, "name": "V"}),
        ("PATCH", "/api/v1/users/vera", {"password": WRONG, "role": "root"}),
        ("POST", "/api/v1/users", {"id": "vera", "password": NEW_PASSWORD}),
        ("PATCH", "/api/v1/me", {"password": NEW_PASSWORD, "old_password": WRONG}),
        ("POST", "/api/v1/notifications", {"title": "t", "user": "vera"}),
    ]
    pages = ("/", "/admin", "/profile", "/explore", "/metrics", "/metrics/websocket", "/api/v1/me", "/api/v1/users")
    more = ("/api/v1/tokens", "/api/v1/links", "/api/v1/audit?limit=500", "/api/v1/series", "/api/v1/rooms")
    for method, path, body in (*users, *(("GET", path, None) for path in (*pages, *more))):
        _ask(server, looking, method, path, body, **ada)
    with RawSocket(server.port) as socket:
        looking.seen["welcome"] = str(socket.read_json())
        socket.send_json(type="auth", id=1, userId="ada", token=jwt)
        looking.seen["authenticated"] = str(socket.read_json("authenticated"))
    with RawSocket(server.port) as socket:
        socket.send_json(type="auth", id=1, userId="ada", token=URL_TOKEN)
        looking.seen["bad token"] = str(socket.read_json("error"))
        assert socket.read_close() == 4500
    with RawSocket(server.port, path=f"/ws?token={URL_TOKEN}") as socket:
        assert socket.status == 401
        looking.seen["handshake"] = f"{socket.headers} {socket.buffer.decode()}"


def test_a_planted_secret_comes_out_nowhere(tmp_path: Path, redis: RedisServer) -> None:
    hook, looking = HookReceiver(500), Looking()
    url = redis.url.replace("redis://", f"redis://:{REDIS}@")
    environ = settings_of(url, hook.url)
    server = ServerProcess(tmp_path / "server", "--no-host-feeder", "--no-server-feeder", environ=environ)
    try:
        for name, role in (("ada", "admin"), ("vera", "viewer")):
            server.command("user", "add", name, "--role", role, "--password-stdin", "--new", said=f"{PASSWORD}\n")
        server.start()
        _live(server, looking)
        wait_until(lambda: len(hook.posted) > 1, 15, "the webhook to come a second time")
        looking.seen["webhook"] = str(hook.posted)
        redis.kill()  # what is said of a Redis that is away
        wait_until(lambda: server.request("GET", "/readyz")[0] == 503, 15, "the loss to be noticed")
        _ask(server, looking, "GET", "/readyz")
        _ask(server, looking, "GET", "/metrics", Authorization="x")
        command = [sys.executable, "-m", "dashboard", "check", "--data", str(server.folder / "data")]
        environment = {"PATH": "/usr/bin", **environ}
        checked = subprocess.run(
            command, capture_output=True, text=True, timeout=scaled(90), env=environment, check=False
        )
        assert "redis" in checked.stdout
        looking.seen["check"] = checked.stdout + checked.stderr
        server.stop()
    finally:
        server.close()
        hook.close()
    looking.seen["log"] = server.log.read_text()
    assert " DEBUG " in looking.seen["log"]
    assert "POST /api/v1/login" in looking.seen["log"]
    assert looking.found() == []
    assert len(looking.seen) > 35


@pytest.fixture
def stranger() -> Iterator[int]:
    """Return the port of a program that is no PostgreSQL, and says so at once."""

    class Says(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"X")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Says) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving.server_address[1]
        serving.shutdown()


def test_a_wrong_setting_is_told_without_what_is_secret_in_it(tmp_path: Path, stranger: int) -> None:
    for environ in (
        {"DASHBOARD_SECRET": "canary-short"},
        {"DASHBOARD_STORE": "mysql://root:canary-store@localhost/x"},
        {"DASHBOARD_STORE": f"postgresql://root:canary-store@127.0.0.1:{stranger}/x"},
        {"DASHBOARD_REDIS": "http://:canary-redis@localhost"},
        {"DASHBOARD_WEBHOOKS": "http://u:canary-hook@h/", "DASHBOARD_WEBHOOK_SECRET": "canary-short"},
        {"DASHBOARD_WEBHOOKS": "http://u:canary-hook@h/", "DASHBOARD_WEBHOOK_SECRET": HOOK_SECRET},
        {"DASHBOARD_PORT": "x", "DASHBOARD_SECRET": SECRET},
        {"DASHBOARD_OIDC_CLIENT_SECRET": OIDC, "DASHBOARD_OIDC_ISSUER": "x"},
    ):
        command = [sys.executable, "-m", "dashboard", "serve", "--port", "0", "--data", str(tmp_path / "data")]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=scaled(40),
            env={"PATH": "/usr/bin", **environ},
            check=False,
        )
        assert done.returncode != 0, environ
        assert "canary" not in done.stdout + done.stderr, done.stderr
