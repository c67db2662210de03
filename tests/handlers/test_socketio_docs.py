"""The examples in docs/socketio.md, as they stand there, against a server on one's own machine."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.support.deadline import deadline
from tests.support.node_packages import ROOT, node_modules
from tests.support.site import Site, site

pytestmark = pytest.mark.gen_test
DOCUMENT = (ROOT / "docs" / "socketio.md").read_text()


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


async def printed(there: Site, folder: Path, name: str, text: str, *command: str, until: str) -> str:
    """Run an example until it has printed ``until``, or until it ends if that is empty; return its output."""
    file = folder / name
    file.write_text(text.replace("http://127.0.0.1:8888", there.url))
    process = await asyncio.create_subprocess_exec(
        *command, str(file), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    said = ""
    try:
        async with deadline(20, f"{until} from {name}"):
            while (not until or until not in said) and (line := await process.stdout.readline()):
                said += line.decode()
    finally:
        if until:
            process.terminate()
        await process.wait()
    return said


async def test_the_examples_in_javascript_and_python_run_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(node_modules())
    chat, live = examples("js")
    (python,) = examples("python")
    async with site(tmp_path, login="auto") as there:
        await there.fetch("POST", "/api/v1/samples", [{"series": "orders", "value": 3}], there.bearer("write"))
        said = await printed(there, tmp_path, "chat.mjs", chat, "node", until="stored as")
        assert "I am Ann" in said
        assert "stored as host.1 at 1" in said
        said = await printed(there, tmp_path, "live.mjs", live, "node", until="series")
        assert re.search(r"v\w+ at \S+: 1 series", said)
        said = await printed(there, tmp_path, "talk.py", python, sys.executable, until="")
        assert said.split() == ["Bob", "Host", "host.2"]
