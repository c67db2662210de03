"""Pytest plugin that records how long each test file took on this machine, for ``scripts/test --changed``."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / ".pytest_cache" / "durations.json"


def recorded() -> dict[str, float]:
    """Return the seconds that each test file took here; of a file that was run in part, the seconds of the tests that were run."""
    try:
        found: dict[str, float] = json.loads(FILE.read_text())
    except (OSError, ValueError):
        return {}
    return found


class Durations:
    """Sums of the phases of all tests, by file."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase of a test."""
        self._seconds[report.nodeid.partition("::")[0]] += report.duration

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Store the sums; a run of only some tests of a file does not shorten its time."""
        if hasattr(session.config, "workerinput") or session.config.rootpath != ROOT:
            return
        known = recorded()
        for file, seconds in self._seconds.items():
            known[file] = round(max(seconds, 0.8 * known.get(file, 0)), 2)
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(json.dumps(known, indent=0, sort_keys=True))


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record."""
    config.pluginmanager.register(Durations(), "durations-by-file")
