"""The fault tests notice broken builds, one for each promise (see tests/mutants).

A run plays a few of them, the next commit the next ones, so that all are played in turn; with NIGHTLY=1 all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.trials import TRIALS, Trial, hold
from tests.support.nemesis import nightly
from tests.support.turns import turn

#: How many a run plays.
A_FEW = 4


def due(number: int) -> list[Trial]:
    """Return the trials of one turn."""
    return [TRIALS[(number * A_FEW + each) % len(TRIALS)] for each in range(A_FEW)]


@pytest.mark.timeout(90)
@pytest.mark.parametrize("trial", TRIALS if nightly() else due(turn()), ids=lambda trial: trial.build)
def test_a_build_that_breaks_a_promise_is_caught(tmp_path: Path, trial: Trial) -> None:
    outcome = hold(trial, tmp_path)
    assert outcome.caught, outcome.why


def test_every_broken_build_has_its_turn() -> None:
    turns = -(-len(TRIALS) // A_FEW)
    assert {trial.build for number in range(turns) for trial in due(number)} == {trial.build for trial in TRIALS}
