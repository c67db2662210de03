"""``python -m tests.mutants [NAME …]``: play every trial (or those named), print caught/total; ``--control``: against the sound build."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.trials import TRIALS, control, hold


def main(arguments: list[str]) -> int:
    """Run the command; the exit code is 0 if all builds were caught."""
    sound = "--control" in arguments
    names = [each for each in arguments if not each.startswith("--")]
    chosen = [trial for trial in TRIALS if not names or trial.build in names]
    good = 0
    for trial in chosen:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="dashboard-mutant-") as folder:
            outcome = (control if sound else hold)(trial, Path(folder))
        good += outcome.caught
        word = ("passes" if outcome.caught else "FAILS") if sound else ("caught" if outcome.caught else "MISSED")
        print(f"{word:7} {trial.build:28} {time.monotonic() - began:5.1f} s  {outcome.why[:160]}", flush=True)
    print(f"{'passed' if sound else 'caught'} {good}/{len(chosen)}")
    return 0 if good == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
