"""The fault tests notice broken builds: for each promise one, see tests/mutants. All of them with NIGHTLY=1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.trials import SHORT, TRIALS, Trial, hold
from tests.support.nemesis import nightly


@pytest.mark.timeout(90)
@pytest.mark.parametrize("trial", TRIALS if nightly() else SHORT, ids=lambda trial: trial.build)
def test_a_build_that_breaks_a_promise_is_caught(tmp_path: Path, trial: Trial) -> None:
    outcome = hold(trial, tmp_path)
    assert outcome.caught, outcome.why
