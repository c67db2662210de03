"""docs/feeders.md, the file of sources: a server runs with the page's file, and every block of its sections feeds it.

The ports are put in the place of the page's; at the target's there is a page of numbers, at the broker's a mosquitto where there is one.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.test_feeder_docs import ROOT, Block, blocks, run_block
from tests.support.debian_peers import Mosquitto
from tests.support.redis_server import free_port
from tests.support.server import ServerProcess, wait_until
from tests.support.sources import Target, latest, page, wait_until_here

BLOCKS = [block for block in blocks() if "sources" in block.promises]
(FILE,) = [block for block in BLOCKS if block.language == "yaml"]
SHOWN = [block for block in BLOCKS if block.language != "yaml"]


class Desk(NamedTuple):
    """Server with the page's file of sources, and the replacements for the page's ports."""

    server: ServerProcess
    ports: dict[str, int]

    def at_home(self, text: str) -> str:
        return re.sub(r"\b\d{4}\b", lambda found: str(self.ports.get(found[0], found[0])), text)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("sources")
    with ExitStack() as stack:
        target = stack.enter_context(Target(lambda _: page("load 1\n")))
        broker = Mosquitto(folder / "broker")
        has_broker = shutil.which("mosquitto_pub") is not None
        if has_broker:
            stack.enter_context(broker)
        ports = {
            "9100": target.port,
            "8125": free_port(),
            "2003": free_port(),
            "4242": free_port(),
            "8089": free_port(),
            "1883": broker.port,
        }
        server = ServerProcess(folder / "server", "--no-host-feeder", "--no-server-feeder")
        made = Desk(server, ports)
        (folder / "sources.yaml").write_text(made.at_home(FILE.text))
        server.flags = (*server.flags, "--sources", str(folder / "sources.yaml"))
        server.start()
        stack.callback(server.close)
        wait_until_here(
            server, "scrape:node", "statsd", "graphite", "influx", "opentsdb", *(("mqtt:home",) if has_broker else ())
        )
        yield made


def test_the_page_s_file_is_what_runs(desk: Desk) -> None:
    up = f'up{{instance="127.0.0.1:{desk.ports["9100"]}",job="node",site="north"}}'
    wait_until(lambda: latest(desk.server, "up") == {up: 1})


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: f"line-{block.line}")
def test_a_block_feeds_what_it_says(block: Block, desk: Desk, tmp_path: Path) -> None:
    if missing := [name for name in block.promises.get("needs", []) if shutil.which(name) is None]:
        pytest.skip(f"{missing} not installed")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")} | {"PYTHONPATH": str(ROOT)}
    run_block(block._replace(text=desk.at_home(block.text)), desk.server.url, tmp_path, environ)
    for name in block.promises["feeds"]:
        wait_until(lambda name=name: latest(desk.server, name), 10, name)
