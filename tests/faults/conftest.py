"""Figures of the fault tests, printed at the end of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

_FIGURES = "measured"


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[Mapping[str, float]], None]:
    """Record figures of this test for the summary; the test's report carries them to the process that prints them."""

    def keep(figures: Mapping[str, float]) -> None:
        shown = ", ".join(f"{name} {value:.3g}" for name, value in figures.items())
        request.node.user_properties.append((_FIGURES, f"{request.node.name.removeprefix('test_')}: {shown}"))

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    if lines := [line for report in reports for name, line in report.user_properties if name == _FIGURES]:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)
