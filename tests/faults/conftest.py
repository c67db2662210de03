"""What fault tests measured, said at the end of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

_FIGURES: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[Mapping[str, float]], None]:
    """Keep figures of this test for the summary."""
    lines = request.config.stash.setdefault(_FIGURES, [])

    def keep(figures: Mapping[str, float]) -> None:
        shown = ", ".join(f"{name} {value:.3g}" for name, value in figures.items())
        lines.append(f"{request.node.name.removeprefix('test_')}: {shown}")

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The figures."""
    if lines := config.stash.get(_FIGURES, []):
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)
