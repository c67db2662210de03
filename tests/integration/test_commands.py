"""The commands serve, push and check as users type them; and the package installed outside of its repository."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import websockets

from dashboard.domain.series import series_key
from tests.support.deadline import deadline, scaled, within
from tests.support.program import program
from tests.support.pulse import seconds_since
from tests.support.server import ServerProcess

ROOT = Path(__file__).resolve().parents[2]


def run(
    *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")} | (env or {})
    command = [sys.executable, "-m", "dashboard", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=scaled(60), env=environ, cwd=cwd)


def test_push_feeds_one_value_with_labels(server: ServerProcess) -> None:
    done = run("push", "orders", "3", "--label", "shop=a", "--unit", "EUR", "--every", "5", "--url", server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run("push", "orders", "--label", "shop=b", "--", "-4.5", env={"DASHBOARD_URL": server.url})
    assert done.returncode == 0, done.stderr
    rows = server.json("GET", "/api/v1/series?match=orders")[1]["series"]
    assert [(r["series"], r["last"]["value"], r["unit"]) for r in rows] == [
        (series_key("orders", {"shop": "a"}).text, 3, "EUR"),
        (series_key("orders", {"shop": "b"}).text, -4.5, ""),
    ]


def test_a_notification_to_the_operators_reaches_the_person_at_the_machine(server: ServerProcess) -> None:
    cookie = server.request("GET", "/")[1]["set-cookie"].partition(";")[0]

    async def told() -> dict[str, object]:
        headers = {"Cookie": cookie, "Origin": server.url}
        async with websockets.connect(f"ws://127.0.0.1:{server.port}/ws", additional_headers=headers) as socket:
            await socket.send('{"type":"auth"}')
            while json.loads(await socket.recv())["type"] != "authenticated":
                pass
            done = await asyncio.to_thread(run, "notify", "Disk full", "--role", "operator", "--url", server.url)
            assert (done.returncode, done.stdout) == (0, "1 notified\n"), done.stderr
            async with deadline(5):
                while True:
                    message: dict[str, object] = json.loads(await socket.recv())
                    if message["type"] == "notification":
                        return message

    assert asyncio.run(told())["title"] == "Disk full"


def test_the_person_at_the_machine_talks_without_a_login(server: ServerProcess) -> None:
    done = run("message", "host", "Deploy done", "--url", server.url)
    assert (done.returncode, done.stdout) == (0, "host.1\n"), done.stderr
    status, told = server.json("GET", "/api/v1/rooms/host/messages")
    assert (status, [(m["name"], m["text"]) for m in told["messages"]]) == (200, [("Operator", "Deploy done")])
    assert server.request("GET", "/api/v1/rooms/host/export")[0] == 200
    twice = server.request("POST", "/api/message", '{"roomId":"host","text":"x","text":"y"}')
    assert (twice[0], json.loads(twice[2])["field"]) == (400, "text")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["push", "bad name", "3"], "is not a name"),
        (["push", "orders", "nan"], "is not a finite number"),
        (["push", "orders", "x"], "not a valid float"),
        (["push", "orders", "3", "--label", "shop"], "write NAME=VALUE"),
        (["push", "orders", "3", "--wait", "1", "--url", "http://127.0.0.1:1"], "is the server running?"),
        (["push", "orders", "3", "--url", "file:///etc/passwd"], "write http://HOST:PORT"),
        (["serve", "--host", "0.0.0.0"], "other machines can reach this address, so the server also needs secret"),
        (["serve", "--port", "99999"], "must be at most 65535"),
        (["serve", "--max-series", "many"], "--max-series: max_series cannot be 'many'"),
        (["serve", "--config", "/no/such/file"], "/no/such/file: cannot be read"),
    ],
)
def test_mistakes_get_a_clear_line_and_no_traceback(arguments: list[str], says: str) -> None:
    done = run(*arguments)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_said_clearly(server: ServerProcess, tmp_path: Path) -> None:
    done = run("serve", "--port", str(server.port), "--data", str(tmp_path / "other"))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{server.port}: " in done.stderr
    assert "choose another --port" in done.stderr


def test_check_shows_each_setting_with_its_source(tmp_path: Path) -> None:
    file = tmp_path / "dashboard.toml"
    file.write_text("max_series = 5\nport = 1\n")
    env = {"DASHBOARD_PORT": "2", "DASHBOARD_LOG_LEVEL": "debug", "DASHBOARD_PROT": "3"}
    done = run("check", "--config", str(file), "--log-level", "error", env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"^max_series +5 +{file}$", done.stdout, re.MULTILINE)
    assert re.search(r"^port +2 +DASHBOARD_PORT$", done.stdout, re.MULTILINE)
    assert re.search(r"^log_level +error +--log-level$", done.stdout, re.MULTILINE)
    assert re.search(r"^heartbeat_s +10\S* +default$", done.stdout, re.MULTILINE)
    assert "DASHBOARD_PROT is not a setting; did you mean DASHBOARD_PORT?" in done.stderr


def test_check_fails_when_the_data_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("check", "--data", str(tmp_path / "file"))
    assert done.returncode == 1
    assert "is not a folder" in done.stderr


def test_help_names_every_command_and_setting() -> None:
    assert all(command in run("--help").stdout for command in ("serve", "push", "check"))
    told = run("serve", "--help").stdout
    assert all(f in told for f in ("--host", "--port", "--data", "--max-series", "--config"))


def test_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path).start()
    assert server.process is not None
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(scaled(10)) == 0
    assert server.process.stdout is not None
    server.process.stdout.close()
    assert server.log.read_text() == ""


def test_logs_can_be_json(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--no-host-feeder", "--log-format", "json", "--log-level", "debug").start()
    server.request("GET", "/healthz?token=secret")
    server.stop()
    log = server.log.read_text()
    assert '"level": "DEBUG"' in log
    assert "/healthz" in log
    assert "secret" not in log


@pytest.mark.alone
def test_a_later_start_takes_less_than_two_seconds(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    for _ in range(2):
        began = time.monotonic()
        server.start()
        took = seconds_since(began)
        server.stop()
    within(took, 2, "a later start")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a wheel of this tree in an environment of its own, away from the tree."""
    folder = tmp_path_factory.mktemp("elsewhere")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True, timeout=scaled(300))
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, timeout=scaled(120))
    subprocess.run(
        # what is imported compiles itself; -I: what PYTHONPATH names is not taken for installed
        [str(folder / "venv" / "bin" / "python"), "-I", "-m", "pip", "--quiet", "install", "--no-compile", str(wheel)],
        check=True,
        timeout=scaled(300),
        stderr=subprocess.DEVNULL,
    )
    return folder


def test_a_wheel_installed_elsewhere_serves_pages_and_charts(elsewhere: Path) -> None:
    command = [str(elsewhere / "venv" / "bin" / "dashboard"), "serve", "--port", "0", "--data", str(elsewhere / "data")]
    with program(command, stdout=subprocess.PIPE, text=True, cwd=elsewhere) as process:
        assert process.stdout is not None
        found = re.search(r":(\d+)/", process.stdout.readline())
        assert found
        server = ServerProcess(elsewhere, port=int(found[1]))
        page = server.request("GET", "/")[2].decode()
        assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
        assert {Path(asset).suffix for asset in assets} >= {".css", ".js", ".svg", ".woff2"}
        build = assets[0].split("/")[2]
        for asset in [*assets, f"/static/{build}/vendor/uplot.js", f"/static/{build}/js/draw/line-chart.js"]:
            assert server.request("GET", asset)[0] == 200, asset
        assert server.json("GET", "/api/v1/boards/host")[1]["title"] == "Host"
        process.send_signal(signal.SIGTERM)
        assert process.wait(scaled(15)) == 0
