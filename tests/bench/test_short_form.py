"""The short form of a bench runs, and counts nothing wrong. Of the benches that count, each commit runs one in turn.

Their times are judged by who reads them: ``scripts/bench``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.support.deadline import scaled, timeouts_as_deadlines
from tests.support.turns import ROOT, turn

#: Each checks every value that its viewers get, over more than one round.
COUNTING = ("across", "latency", "resume", "comeback", "overload")


@pytest.mark.skipif(not (shutil.which("cc") or shutil.which("gcc")), reason="the bench needs a C compiler")
def test_nothing_is_lost_or_doubled_over_the_rounds_of_a_bench() -> None:
    name = COUNTING[turn() % len(COUNTING)]
    command = [sys.executable, "-m", "tests.bench", "--short", name]
    with timeouts_as_deadlines(f"the short form of {name}"):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=scaled(100), check=False)
    assert "NOT MEASURED" not in done.stdout, done.stdout
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    counts = {bar["bar"]: bar["value"] for row in rows for bar in row["bars"] if bar["at_most"] == 0}
    assert counts, done.stdout + done.stderr
    assert not any(counts.values()), counts
