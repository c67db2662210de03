from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from dashboard.logs import configure


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, alembic = logging.getLogger(), logging.getLogger("alembic")
    handlers, level, other = root.handlers[:], root.level, alembic.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    alembic.setLevel(other)


def test_records_from_a_level_on_are_lines_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure("warning", "text")
    logging.getLogger("dashboard.x").info("quiet")
    logging.getLogger("dashboard.x").warning("the disk is %s", "full")
    (line,) = capsys.readouterr().err.splitlines()
    assert "WARNING" in line
    assert line.endswith("dashboard.x  the disk is full")


def test_records_are_json_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "json")
    configure("info", "json")  # said once all the same
    logging.getLogger("dashboard.x").info("started")
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"]) == ("INFO", "dashboard.x", "started")
    assert "time" in said
