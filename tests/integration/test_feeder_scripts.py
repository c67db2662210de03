"""Every script in scripts/feeders, run as its reader would run it, against a real server."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.deadline import scaled
from tests.support.postgres import PostgresServer
from tests.support.postgres import available as postgres_available
from tests.support.program import program
from tests.support.scripted_server import ScriptedServer
from tests.support.server import ServerProcess, wait_until

ROOT = Path(__file__).resolve().parents[2]
FEEDERS = ROOT / "scripts" / "feeders"


def environment(url: str, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
    return kept | {"DASHBOARD_URL": url} | more


def run(*command: str | Path, url: str, shell: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    called = [shell, "-c", str(command[0])] if shell else [str(part) for part in command]
    return subprocess.run(called, capture_output=True, text=True, timeout=scaled(60), env=environment(url, **more))


def last_of(server: ServerProcess, match: str) -> dict[str, float]:
    rows = server.json("GET", f"/api/v1/series?match={match}")[1]["series"]
    return {row["series"]: row["last"]["value"] for row in rows}


def names_of(server: ServerProcess) -> set[str]:
    return {row["name"] for row in server.json("GET", "/api/v1/series")[1]["series"]}


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def test_each_script_here_is_run_by_a_test() -> None:
    text = Path(__file__).read_text()
    assert [file.name for file in FEEDERS.iterdir() if file.is_file() and f'"{file.name}"' not in text] == []


def test_the_python_feeder(server: ServerProcess) -> None:
    done = run(sys.executable, FEEDERS / "feeder.py", "--every", "0.05", "--count", "3", url=server.url)
    assert (done.returncode, done.stdout) == (0, "sent 6, refused 0, dropped 0\n")
    assert names_of(server) == {"example_load", "example_disk_percent"}


SENDERS = [
    pytest.param(["sh", "feed.sh"], 3, marks=needs("curl"), id="shell"),
    pytest.param(["node", "feeder.mjs", "--every", "0.01", "--count", "1"], 2, marks=needs("node"), id="node"),
    pytest.param([sys.executable, "feeder.py", "--every", "0.01", "--count", "1"], 2, id="python"),
]


@pytest.mark.parametrize(("command", "samples"), SENDERS)
def test_a_sender_retries_what_was_refused_for_now_with_the_same_key_and_carries_its_token(
    command: list[str], samples: int
) -> None:
    with ScriptedServer((503, {}), (429, {"Retry-After": "1"})).running() as server:
        called = [command[0], str(FEEDERS / command[1]), *command[2:]]
        done = run(*called, url=server.url, DASHBOARD_TOKEN="secret")
    assert done.returncode == 0, done.stderr
    assert len(server.received) == 3
    assert len({r.key for r in server.received}) == 1
    assert {r.authorization for r in server.received} == {"Bearer secret"}
    assert [len(r.samples) for r in server.received] == [samples] * 3
    assert server.received[2].at_s - server.received[1].at_s >= 1


@needs("curl")
def test_the_shell_feeder(server: ServerProcess) -> None:
    done = run("sh", FEEDERS / "feed.sh", url=server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert names_of(server) == {"shell_load", "shell_disk_used", "shell_processes"}


@needs("node")
def test_the_node_feeder(server: ServerProcess) -> None:
    done = run("node", FEEDERS / "feeder.mjs", "--every", "0.05", "--count", "3", url=server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "accepted 6, refused 0, dropped 0\n", "")
    assert names_of(server) == {"node_load", "node_free_memory"}


@needs("curl")
def test_the_systemd_units(server: ServerProcess, tmp_path: Path) -> None:
    script = tmp_path / "feed.sh"
    shutil.copy(FEEDERS / "feed.sh", script)
    for name in ("dashboard-feed.service", "dashboard-feed.timer"):
        unit = (FEEDERS / name).read_text().replace("/usr/local/bin/feed.sh", str(script))
        (tmp_path / name).write_text(unit)
    if shutil.which("systemd-analyze"):
        units = [tmp_path / "dashboard-feed.service", tmp_path / "dashboard-feed.timer"]
        done = run("systemd-analyze", "verify", "--man=no", *units, url=server.url)
        assert (done.returncode, [line for line in done.stderr.splitlines() if "dashboard-feed" in line]) == (0, [])
    started = re.search(r"^ExecStart=(.+)$", (tmp_path / "dashboard-feed.service").read_text(), re.MULTILINE)
    assert started
    done = run(*started[1].split(), url=server.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "shell_load" in names_of(server)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """Return a folder for PATH with this tree's dashboard command."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "dashboard"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m dashboard "$@"\n')
    command.chmod(0o755)
    return folder


@needs("curl")
def test_each_line_of_the_crontab(server: ServerProcess, tmp_path: Path, bin_folder: Path) -> None:
    backup = tmp_path / "backup.sh"
    backup.write_text("#!/bin/sh\nexit 3\n")
    backup.chmod(0o755)
    text = (FEEDERS / "crontab").read_text()
    jobs = [line for line in text.splitlines() if re.match(r"[\d*]", line)]
    assert len(jobs) == 3
    for job in jobs:
        command = job.split(maxsplit=5)[5]
        assert "%" not in command
        command = command.replace("/usr/local/bin/backup.sh", str(backup))
        done = run(command, shell="sh", url=server.url, PATH=f"{bin_folder}:{os.environ['PATH']}")
        assert done.stderr == ""
    assert last_of(server, "job_exit_code") == {'job_exit_code{job="backup"}': 3}
    assert last_of(server, "cron_backup_exit_code") == {"cron_backup_exit_code": 3}
    assert {"cron_load", "job_duration_seconds"} <= names_of(server)


@needs("jq")
@needs("curl")
def test_the_step_that_tells_of_a_deploy(server: ServerProcess) -> None:
    workflow = yaml.safe_load((FEEDERS / "deploy-event.yml").read_text())
    step = workflow["jobs"]["deploy"]["steps"][-1]
    facts = {
        "GITHUB_REPOSITORY": "we/shop",
        "GITHUB_REF_NAME": 'fix/"quotes"',
        "GITHUB_ACTOR": "ada",
        "GITHUB_SHA": "0123456789abcdef",
        "GITHUB_RUN_ID": "1",
        "GITHUB_RUN_ATTEMPT": "1",
        "OUTCOME": "success",
        "DASHBOARD_TOKEN": server.token("ci"),
    }
    for _ in range(2):  # a step that is run again tells nothing twice
        done = run(step["run"], shell="bash", url=server.url, **facts)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    told = server.json("GET", "/api/v1/documents/deploy_we_shop")[1]
    assert told["text"] == 'we/shop@fix/"quotes": success'
    assert re.fullmatch(r"ada, 0123456, \d\d:\d\d UTC", told["moreinfo"])
    assert last_of(server, "deploys") == {'deploys{outcome="success",repository="we_shop"}': 1}
    away = run(step["run"], shell="bash", url="http://127.0.0.1:1", **facts, PATH=_path_without_retries(server))
    assert away.returncode == 0
    assert "the dashboard was not told" in away.stdout


def _path_without_retries(server: ServerProcess) -> str:
    """Return a PATH with a curl that does not retry, so that the test need not wait."""
    folder = server.folder / "curl"
    folder.mkdir()
    (folder / "curl").write_text(f'#!/bin/sh\nexec {shutil.which("curl")} "$@" --retry 0\n')
    (folder / "curl").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    if not postgres_available():
        pytest.skip("PostgreSQL is not installed")
    database = PostgresServer().start()
    yield database
    database.close()


@needs("curl")
def test_the_postgres_query(server: ServerProcess, postgres: PostgresServer, tmp_path: Path) -> None:
    done = run("sh", FEEDERS / "postgres.sh", url=server.url, DATABASE_URL=postgres.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert names_of(server) == {"pg_connections", "pg_database_size", "pg_commits_total"}
    sizes = last_of(server, "pg_database_size")
    assert sizes['pg_database_size{label="postgres"}'] > 1_000_000
    postgres.sql("CREATE TABLE orders (shop text, total numeric)")
    postgres.sql("""INSERT INTO orders VALUES ('a"b', 1.5), ('a"b', 2), ('c', NULL)""")
    query = tmp_path / "orders.sql"
    query.write_text(
        "SELECT 'orders_total' AS series, sum(total) AS value, 'EUR' AS unit, shop FROM orders GROUP BY shop"
    )
    done = run("sh", FEEDERS / "postgres.sh", query, url=server.url, DATABASE_URL=postgres.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert last_of(server, "orders_total") == {r'orders_total{shop="a\"b"}': 3.5}
    query.write_text("SELECT nonsense")
    assert run("sh", FEEDERS / "postgres.sh", query, url=server.url, DATABASE_URL=postgres.url).returncode != 0


def test_a_postgres_that_is_killed_comes_back_with_what_it_had() -> None:
    if not postgres_available():
        pytest.skip("PostgreSQL is not installed")
    database = PostgresServer().start()
    try:
        database.sql("CREATE TABLE t AS SELECT 7 AS x")
        database.kill()
        database.start()
        assert database.sql("SELECT x FROM t") == "7"
    finally:
        database.close()
    assert not database.folder.exists()


def test_the_rate_of_a_log_over_its_rotation(server: ServerProcess, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text('old "GET /" 200 \n' * 50)
    command = [sys.executable, str(FEEDERS / "log_rate.py"), str(log), "requests", "--every", "0.2"]
    command += ["--label", r'status=" (\d)\d\d ']

    def rates() -> dict[str, float]:
        return last_of(server, "requests")

    with program(command, stdout=subprocess.PIPE, text=True, env=environment(server.url)) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("following")
        with log.open("a") as stream:
            stream.write('"GET /" 200 \n' * 4 + "not a request\n")
        wait_until(lambda: 'requests{status="2"}' in rates())
        wait_until(lambda: rates() == {'requests{status="2"}': 0}, what="a rate that goes down to 0")
        log.rename(tmp_path / "access.log.1")
        log.write_text('"GET /" 500 \n')
        wait_until(lambda: 'requests{status="5"}' in rates(), what="the new file")
        process.send_signal(signal.SIGTERM)
        process.wait(scaled(10))
    row = server.json("GET", "/api/v1/series?match=requests")[1]["series"][0]
    assert (row["unit"], row["every_s"]) == ("/s", 0.2)
