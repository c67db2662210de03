"""Pytest plugin that is fair about time: it scales time limits to the host and sorts out tests that only ran out of time.

With ``TESTS_SECOND_TRIES`` in the environment (``scripts/test`` sets it), the timed tests whose only failure was a deadline
that passed are written to that file, and a run that failed by nothing else ends with 0: ``second_try.py`` runs each of them
once more.  Everything else that fails has one try.

A test is timed if something in it must come in time: the tests of the lanes ``alone`` and ``in_threes``, those that use a
limit of ``deadline.py``, themselves or by a helper (each helper that starts a server, a browser or another process does), and
those that take a server from ``tests/conftest.py``.  They get the mark ``timed``; nobody writes it by hand.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.support import deadline
from tests.support.deadline import ran_out
from tests.support.host import MOST, factor

#: The environment variable that names the file.
SECOND_TRIES = "TESTS_SECOND_TRIES"
LANES = ("alone", "in_threes")
#: Fixtures of tests/conftest.py that start a server.
_SERVERS = {"server", "shared_redis"}
#: The room between a test's own deadlines and the limit that ends it, for a machine that others use.
_ROOM = 2


def pytest_configure(config: pytest.Config) -> None:
    """Measure the host before anything runs, and record failures from now on."""
    if hasattr(config.option, "async_test_timeout"):  # pytest-tornado's
        config.option.async_test_timeout *= factor()
    config.addinivalue_line("markers", "timed: something in it must come in time: one second try (set by fairness.py)")
    config.pluginmanager.register(_Failures(), "failures")


def pytest_report_header() -> str:
    """Return the line that says how slow the host is."""
    return f"host: {factor():g} x the time of the machine that times are set for (1 to {MOST:g}); deadlines are scaled by it"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the timed tests. Scale the limits of pytest-tornado and pytest-timeout, which end a test that hangs.

    The test's own deadlines end it before.
    """
    for item in items:
        if is_timed(item):
            item.add_marker("timed")
        marker = item.get_closest_marker("timeout")
        limit_s = float(marker.args[0] if marker is not None else config.getini("timeout") or 0)
        item.add_marker(pytest.mark.timeout(limit_s * factor() * (_ROOM if _in_lane(item) else 1)), append=False)
        coroutine = item.get_closest_marker("gen_test")
        if coroutine is not None and "timeout" in coroutine.kwargs:
            more = {**coroutine.kwargs, "timeout": coroutine.kwargs["timeout"] * factor()}
            item.add_marker(pytest.mark.gen_test(**more), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a timed test failed because time ran out; xdist's workers send the note with the report."""
    report = yield
    timed = item.get_closest_marker("timed") is not None
    report.ran_out = timed and report.failed and call.excinfo is not None and ran_out(call.excinfo.value)
    return report


def is_timed(item: pytest.Item) -> bool:
    """Return whether something in a test must come in time."""
    if _in_lane(item) or _SERVERS & set(getattr(item, "fixturenames", ())):
        return True
    module = getattr(item, "module", None)
    return module is not None and _sets_limits(module.__name__)


@cache
def _sets_limits(name: str) -> bool:
    """Return whether a module uses ``deadline.py``, itself or by other modules of the tests."""
    seen, waiting = {name}, [name]
    while waiting:
        used = _modules_used_by(waiting.pop()) - seen
        seen |= used
        waiting += used
    return deadline.__name__ in seen


@cache
def _modules_used_by(name: str) -> set[str]:
    """Return the modules of the tests from which a module has a name: a module itself, a class, or a function."""
    origins = (
        value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        for value in vars(sys.modules[name]).values()
    )
    return {each for each in origins if isinstance(each, str) and each.startswith("tests.") and each in sys.modules}


def _in_lane(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(lane) for lane in LANES)


class _Failures:
    """The failures of a run, by test."""

    def __init__(self) -> None:
        self._reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record a failure."""
        if report.failed:
            self._reports.append(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the names of the tests that get a second try; the exit code of a run without other failures is 0."""
        file = os.environ.get(SECOND_TRIES)
        if not file or hasattr(session.config, "workerinput") or exitstatus != pytest.ExitCode.TESTS_FAILED:
            return
        strict = {each.nodeid for each in self._reports if not getattr(each, "ran_out", False)}
        late = [each for each in self._reports if each.nodeid not in strict]
        with Path(file).open("a") as kept:
            for report in late:
                kept.write(
                    json.dumps({"test": report.nodeid, "phase": report.when, "trace": report.longreprtext}) + "\n"
                )
        if not strict and session.testsfailed == len(late):
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print which tests will be run once more."""
        strict = {each.nodeid for each in self._reports if not getattr(each, "ran_out", False)}
        late = {each.nodeid for each in self._reports} - strict
        if os.environ.get(SECOND_TRIES) and late:
            terminalreporter.section("ran out of time, to be tried once more at the end")
            for test in sorted(late):
                terminalreporter.write_line(test)
