"""The fault tests notice broken builds: for each promise one, see tests/mutants.

A run plays a few of them, the next commit the next ones, so that all are played in turn; with NIGHTLY=1 all.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.mutants.trials import TRIALS, Trial, hold
from tests.support.nemesis import nightly

ROOT = Path(__file__).resolve().parents[2]
#: How many a run plays.
A_FEW = 4


def turn() -> int:
    """Return the number of this commit; of a shallow clone a number made of its name, without git that of the day."""
    try:
        if _git("rev-parse", "--is-shallow-repository") == "true":
            return int(_git("rev-parse", "HEAD")[:8], 16)
        return int(_git("rev-list", "--count", "HEAD"))
    except (OSError, subprocess.CalledProcessError):
        return int(time.time() // 86_400)


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def due(number: int) -> list[Trial]:
    """The trials of one turn."""
    return [TRIALS[(number * A_FEW + each) % len(TRIALS)] for each in range(A_FEW)]


@pytest.mark.timeout(90)
@pytest.mark.parametrize("trial", TRIALS if nightly() else due(turn()), ids=lambda trial: trial.build)
def test_a_build_that_breaks_a_promise_is_caught(tmp_path: Path, trial: Trial) -> None:
    outcome = hold(trial, tmp_path)
    assert outcome.caught, outcome.why


def test_every_broken_build_has_its_turn() -> None:
    turns = -(-len(TRIALS) // A_FEW)
    assert {trial.build for number in range(turns) for trial in due(number)} == {trial.build for trial in TRIALS}
