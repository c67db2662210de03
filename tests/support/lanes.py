"""Lanes of the test suite: which test files run by themselves, which three by three, and which take long (see scripts/test).

``python -m tests.support.lanes LANE`` prints the files of a lane, so that a lane of few files does not read all others.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Tests that measure times or load the machine: they run one by one, when nothing else does.
ALONE = (
    "tests/bench",
    "tests/browser/test_heap.py",
    "tests/browser/test_host_board.py",
    "tests/faults/test_hasty_clients.py",
    "tests/faults/test_processes.py",
    "tests/faults/test_slow_viewers.py",
    "tests/faults/test_weather.py",
)
#: Tests that mostly wait, for what must come within a time: they run three by three, on a machine that is otherwise idle.
IN_THREES = ("tests/browser", "tests/faults", "tests/integration/test_people_over_workers.py")
#: But for these, which only look at pages, or whose limits are wide: they run with all the others.
TOGETHER = (
    "tests/browser/test_chosen_and_explore.py",
    "tests/browser/test_feeders.py",
    "tests/browser/test_look.py",
    "tests/browser/test_panel.py",
    "tests/browser/test_people.py",
    "tests/browser/test_people_text_stays_text.py",
    "tests/browser/test_text_stays_text.py",
    "tests/faults/test_durability.py",
    "tests/faults/test_mutants.py",
)
#: What takes long comes first, files and then folders, so that at the end no process waits for another.
LONG = (
    "tests/faults/test_durability.py",
    "tests/faults/test_redis.py",
    "tests/browser/test_details.py",
    "tests/browser/test_return.py",
    "tests/faults",
    "tests/browser",
    "tests/integration",
    "tests/contract",
    "tests/fuzz",
)


@cache
def lane_of(file: str) -> str:
    """Return the lane of a test file; empty: it runs with all the others."""
    if file.startswith(ALONE):
        return "alone"
    return "in_threes" if file.startswith(IN_THREES) and file not in TOGETHER else ""


@cache
def place_of(file: str) -> int:
    """Return the place of a file in the order of a run."""
    return next((place for place, part in enumerate(LONG) if file.startswith(part)), len(LONG))


@cache
def files_of(lane: str) -> list[str]:
    """Return the test files of a lane, and those that hold a test with the lane's mark."""
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        file = path.relative_to(ROOT).as_posix()
        if lane_of(file) == lane or f"pytest.mark.{lane}" in path.read_text():
            found.append(file)
    return found


if __name__ == "__main__":
    print("\n".join(files_of(sys.argv[1])))
