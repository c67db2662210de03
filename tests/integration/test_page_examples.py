"""The examples of README.md and of three pages of docs/, as they stand there, against one server on one's own machine.

``docs/feeders.md`` and ``docs/socketio.md`` have tests of their own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from tests.integration.test_feeder_docs import ADDRESS
from tests.support.deadline import scaled, wait_until
from tests.support.desk import COMMANDS, ROOT, lay_out
from tests.support.node_packages import node_modules
from tests.support.server import ServerProcess

PAGES = {name: (ROOT / name).read_text() for name in (
    "README.md", "docs/operations.md", "docs/javascript-client.md", "docs/expressions.md")}  # fmt: skip
PASSWORD = "correct horse battery"


def example(page: str, holds: str) -> str:
    """Return the one example of a page that holds a text."""
    (found,) = [
        each for each in re.findall(r"^```\w*\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL) if holds in each
    ]
    return str(found)


EXAMPLES = {
    "README.md": ["scripts/serve", "orders -d 3", "token create deploys"],
    "docs/operations.md": ["user add ann", "user dashboard on", "dashboard restore"],
    "docs/javascript-client.md": ["<script", "node talk.mjs"],
    "docs/expressions.md": ["legend:"],
}


def test_every_example_of_these_pages_is_tried_here() -> None:
    for page, tried in EXAMPLES.items():
        fences = re.findall(r"^```", PAGES[page], re.MULTILINE)
        assert len({example(page, holds) for holds in tried}) == len(fences) // 2, page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path_factory.mktemp("pages"), "--no-host-feeder", "--no-server-feeder").start()
    yield server
    server.close()
    assert server.complaints() == ""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the reader's folder, with a job to run."""
    commands = COMMANDS | {"backup.sh": "echo saved"}
    return lay_out(tmp_path_factory.mktemp("desk"), places=("bin", ".venv/bin"), commands=commands)


def run(text: str, server: ServerProcess, desk: Path, *, said: str = "") -> str:
    """Run a line as its reader does, on the server's machine; return what it printed."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
    environ |= {"PATH": f"{desk / 'bin'}:{environ['PATH']}", "PYTHONPATH": str(ROOT), "DASHBOARD_URL": server.url}
    environ["DASHBOARD_DATA"] = str(server.folder / "data")
    done = subprocess.run(
        ["sh", "-euc", text.replace(ADDRESS, server.url)], input=said, capture_output=True, text=True,
        timeout=scaled(60), cwd=desk, env=environ,
    )  # fmt: skip
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
    return done.stdout


def last(server: ServerProcess) -> dict[str, float]:
    """Return the last value of each series, by its canonical text."""
    return {row["series"]: row["last"]["value"] for row in server.json("GET", "/api/v1/series")[1]["series"]}


def test_the_first_commands_of_the_readme_exist() -> None:
    for line in example("README.md", "scripts/serve").splitlines():
        script = ROOT / line.split()[0]
        assert os.access(script, os.X_OK), script
        subprocess.run(["bash", "-n", script], check=True)


def test_the_readme_s_ways_to_feed_feed(server: ServerProcess, desk: Path) -> None:
    printed = {}
    for line in example("README.md", "orders -d 3").splitlines():
        command = line.partition("  #")[0].strip()
        endless = "tail" in command or "feeder.py" in command
        printed[command.split()[0].rpartition("/")[2], command] = run(
            f"{command} --count 1" if endless else command, server, desk
        )
    seen = last(server)
    assert (seen["orders"], seen['orders{shop="a"}'], seen['job_exit_code{job="backup"}']) == (3, 3, 0)
    assert json.loads(server.request("GET", "/api/v1/documents/note")[2])["text"] == "Deploy at four"
    assert any("saved" in text for text in printed.values())
    assert any("orders" in text for (_, command), text in printed.items() if "tail" in command)
    assert len(seen) > 4  # the feeder's own


def test_the_readme_s_messages_and_notices_are_sent(server: ServerProcess, desk: Path) -> None:
    create, message, notify = (line.partition("  #")[0] for line in example("README.md", "token create").splitlines())
    token = re.findall(r"dsh_\S+", run(create, server, desk))[0]
    run(message.replace("dsh_…", token), server, desk)
    run(f"{notify} --token {token}", server, desk)


def test_the_commands_for_users_and_tokens_make_them(server: ServerProcess, desk: Path) -> None:
    add, create, token = (line.partition("  #")[0] for line in example("docs/operations.md", "user add").splitlines())
    run(add, server, desk, said=f"{PASSWORD}\n{PASSWORD}\n")
    assert "dsh_" in run(create, server, desk)
    (jwt,) = re.findall(r"eyJ\S+", run(token, server, desk))
    status, me = server.json("GET", "/api/v1/me", headers={"Authorization": f"Bearer {jwt}"})
    assert (status, me["user"]["name"], me["role"]) == (200, "ann", "admin")


def test_the_rights_in_redis_are_those_of_the_file() -> None:
    assert (
        example("docs/operations.md", "user dashboard on").strip() == (ROOT / "docs" / "redis.acl").read_text().strip()
    )


def test_a_backup_is_made_checked_and_restored(server: ServerProcess, desk: Path) -> None:
    backup, check, restore = (
        line.partition("  #")[0].strip() for line in example("docs/operations.md", "dashboard restore").splitlines()
    )
    (desk / "backup").mkdir()
    run(backup.replace("/backup/", f"{desk}/backup/"), server, desk)
    (file,) = (desk / "backup").iterdir()
    run(check.replace("FILE", str(file)), server, desk)
    run(restore.replace("FILE", str(file)).replace("FOLDER", str(desk / "restored")), server, desk)
    assert (desk / "restored").is_dir()


@pytest.fixture(scope="module")
def anna(server: ServerProcess) -> str:
    """Make the user of the examples; return a token."""
    server.command("user", "add", "anna", "--role", "operator", "--password-stdin", said=f"{PASSWORD}\n")
    token = re.findall(r"eyJ\S+", server.command("user", "token", "anna"))[0]
    me = {"Authorization": f"Bearer {token}"}
    wait_until(lambda: server.request("GET", "/api/v1/me", headers=me)[0] == 200, 20, "the user to be known")
    return token


def run_in_node(text: str, server: ServerProcess, folder: Path, **environ: str) -> str:
    """Run an example as a module, beside the tree's ``static``; return what it printed."""
    (folder / "node_modules").symlink_to(node_modules())
    (folder / "static").symlink_to(ROOT / "static")
    address = f"ws://127.0.0.1:{server.port}/ws"
    pattern = r'new WebSocketClient\("[^"]+"(?:, \{)?'  # by the page's way for versions of Node without a WebSocket
    text = re.sub(pattern, lambda found: (
        f'new WebSocketClient("{address}", {{ socket: (await import("ws")).WebSocket'
        + (", " if found[0].endswith("{") else " }")
    ), text)  # fmt: skip
    (folder / "talk.mjs").write_text(text.replace(ADDRESS, server.url))
    done = subprocess.run(
        ["node", "--preserve-symlinks", "--preserve-symlinks-main", "talk.mjs"], cwd=folder, capture_output=True,
        text=True, timeout=scaled(60), env=os.environ | environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_client_s_example_for_a_page_runs(server: ServerProcess, anna: str, tmp_path: Path) -> None:
    (text,) = re.findall(
        r'<script type="module">\n(.*)</script>', example("docs/javascript-client.md", "<script"), re.DOTALL
    )
    (path,) = re.findall(r'from "(/static/BUILD/[^"]+)"', text)
    status, headers, _ = server.request("GET", path)
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/javascript")
    text = text.replace(path, path.replace("/static/BUILD/", "./static/")).replace("eyJ…", anna)
    printed = run_in_node(f"{text}\nclient.disconnect();", server, tmp_path)
    assert "kept as host." in printed


def test_the_client_s_example_for_node_runs(server: ServerProcess, anna: str, tmp_path: Path) -> None:
    assert anna
    printed = run_in_node(example("docs/javascript-client.md", "node talk.mjs"), server, tmp_path, PASSWORD=PASSWORD)
    assert printed == "lost 0 for good\n"


def test_the_example_of_an_expression_is_a_widget_that_shows_values(server: ServerProcess) -> None:
    (widget,) = yaml.safe_load(example("docs/expressions.md", "legend:"))
    board = json.dumps({"title": "Shop", "widgets": [widget]})
    status, _, body = server.request("PUT", "/api/v1/boards/shop", board, {"Content-Type": "application/json"})
    assert status == 201, body
    status, _, body = server.request("GET", f"/prometheus/api/v1/query?query={quote(widget['expr'][0]['expr'])}")
    assert (status, json.loads(body)["status"]) == (200, "success")
