"""docs/feeders.md: its blocks are run in their order against one server, and each does what the comment above it says.

``feeds``: these series are there afterwards; ``writes``: these documents; ``prints``: its output holds this; ``needs``: a
program, without which it is passed over.  ``posts``: it is not run but read, as the configuration of a program that posts to
this address of ours; ``sources``: it is for a server with the page's file of sources.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.support.deadline import scaled
from tests.support.desk import ROOT, lay_out
from tests.support.postgres import PostgresServer
from tests.support.postgres import available as postgres_available
from tests.support.server import ServerProcess

PAGE = ROOT / "docs" / "feeders.md"
ADDRESS = "http://127.0.0.1:8888"


class Block(NamedTuple):
    line: int
    language: str
    text: str
    promises: dict[str, list[str]]


def blocks() -> list[Block]:
    found = []
    text = PAGE.read_text()
    for match in re.finditer(r"^<!-- ([^\n]+) -->\n```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        parts = (part.partition(": ") for part in match[1].split("; "))
        promises = {kind: names.split(", ") for kind, _, names in parts}
        found.append(Block(text.count("\n", 0, match.start()) + 2, match[2], match[3], promises))
    return found


def posting_blocks() -> list[Block]:
    """Return the configurations for any server; test_source_docs.py has those for a server with sources."""
    return [block for block in blocks() if "sources" not in block.promises]


def test_every_block_promises_something() -> None:
    fences = re.findall(r"^```\w+$", PAGE.read_text(), re.MULTILINE)
    assert len(fences) == len(blocks()) >= 15
    known = {"feeds", "writes", "prints", "needs", "posts", "sources"}
    assert {kind for block in blocks() for kind in block.promises} <= known


def test_every_link_within_the_tree_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", PAGE.read_text())
    for target, anchor in targets:
        page = (PAGE.parent / target) if target else PAGE
        assert page.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}, anchor


@pytest.fixture(scope="module")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Run one server for the whole page, because its blocks build upon each other."""
    server = ServerProcess(tmp_path_factory.mktemp("page"), "--no-host-feeder", "--no-server-feeder").start()
    yield server
    server.close()
    assert server.complaints() == ""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the reader's folder."""
    return lay_out(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer | None]:
    database = PostgresServer().start() if postgres_available() else None
    yield database
    if database is not None:
        database.close()


def check_configuration(block: Block, server: ServerProcess) -> None:
    """Check that a configuration can be read and names the server, and that the server has the address to which its
    program posts."""
    if block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "yaml":
        assert isinstance(yaml.safe_load(block.text), dict)
    assert ADDRESS.removeprefix("http://") in block.text
    for path in block.promises["posts"]:
        assert server.request("GET", path)[0] == 200
        assert server.request("POST", path, "")[0] not in (404, 405)


def run_block(block: Block, address: str, desk: Path, environ: dict[str, str]) -> str:
    """Run a block, which must succeed; return its output."""
    text = block.text.replace(ADDRESS, address).replace(
        '"127.0.0.1", 8888', f'"127.0.0.1", {address.rpartition(":")[2]}'
    )
    if block.language == "cron":
        commands = [["sh", "-euc", line.split(maxsplit=5)[5]] for line in text.splitlines()]
    else:
        commands = [{"sh": ["sh", "-euc", text], "python": [sys.executable, "-W", "error", "-c", text]}[block.language]]
    printed = ""
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, timeout=scaled(60), cwd=desk, env=environ)
        assert done.returncode == 0, f"{PAGE.name}:{block.line}: {done.stdout}{done.stderr}"
        printed += done.stdout
    return printed


@pytest.mark.parametrize("block", posting_blocks(), ids=lambda block: f"line-{block.line}")
def test_a_block_does_what_it_says(
    block: Block, page_server: ServerProcess, desk: Path, postgres: PostgresServer | None
) -> None:
    if missing := [name for name in block.promises.get("needs", []) if shutil.which(name) is None]:
        pytest.skip(f"{missing} not installed")
    if "psql" in block.promises.get("needs", []) and postgres is None:
        pytest.skip("PostgreSQL is not installed")
    if "posts" in block.promises:
        check_configuration(block, page_server)
        return
    environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
    environ |= {"PATH": f"{desk / 'bin'}:{environ['PATH']}", "PYTHONPATH": str(ROOT)}
    environ["DATABASE_URL"] = postgres.url if postgres else ""
    if "orders" in block.promises.get("prints", []) or "tail" in block.text:
        page_server.post("orders", 3, labels={"shop": "a"})  # what blocks above have fed, when this one is run alone
    began_ms = page_server.json("GET", "/api/v1/series")[1]["now"]
    printed = run_block(block, page_server.url, desk, environ)
    series = page_server.json("GET", "/api/v1/series")[1]["series"]
    fed = {row["name"] for row in series if row["last"]["t"] >= began_ms - 1 or "import" in block.text}
    assert set(block.promises.get("feeds", [])) <= fed
    for key in block.promises.get("writes", []):
        assert page_server.request("GET", f"/api/v1/documents/{key}")[0] == 200
    for text in block.promises.get("prints", []):
        assert text in printed
