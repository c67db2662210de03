"""``python -m tests.support.second_try FILE``: run each test that ran out of time once more, by itself.

FILE is written by ``fairness.py``, with one test a line. Prints ``second try: NAME passed | failed`` for each, and
writes the traces of both tries into a text file beside it. Exit code 0: each test passed, and there were no more than
``MOST``. Tests whose common fixture ran out of time count as one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.fairness import SECOND_TRIES

#: More tests than this that run out of time are no accident of a busy machine.
MOST = 3


def main(file: Path) -> int:
    """Run the second tries; return the exit code."""
    lines = file.read_text().splitlines() if file.exists() else []
    traces: dict[str, str] = {}
    causes: set[str] = set()
    for each in map(json.loads, lines):
        traces[each["test"]] = traces.get(each["test"], "") + each["trace"] + "\n"
        causes.add(each["trace"] if each["phase"] == "setup" else each["test"])
    if not traces:
        return 0
    if len(causes) > MOST:
        print(f"{len(causes)} tests ran out of time, more than {MOST}: no second try\n  " + "\n  ".join(sorted(traces)))
        return 1
    failed, told = 0, file.with_suffix(".txt")
    with told.open("w") as kept:
        for test, trace in traces.items():
            code, said = _run(test)
            failed += bool(code)
            print(f"second try: {test} {'failed' if code else 'passed'}", flush=True)
            kept.write(f"=== {test}\n--- first try\n{trace}--- second try\n{said}\n")
            if code:
                print(said, flush=True)
    print(f"the traces of both tries are in {told}")
    return 1 if failed else 0


def _run(test: str) -> tuple[int, str]:
    environ = {name: value for name, value in os.environ.items() if name != SECOND_TRIES}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test]
    done = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
