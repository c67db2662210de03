from __future__ import annotations

from pathlib import Path

import pytest

from scripts.checks.tree import read_package
from scripts.checks.waits import unfair_waits
from tests.unit.scripts.sources import write


def found(root: Path, line: str, file: str = "tests/browser/test_a.py") -> list[str]:
    """Return the faults of a test that consists of this line."""
    modules = read_package(write(root, {file: f"def test_a():\n    {line}\n"}), "tests")
    return [str(each) for each in unfair_waits(modules)]


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("assert seconds_since(began) < 10", "within(…)"),
        ("assert time.monotonic() - began <= 2, 'late'", "within(…)"),
        ("assert time.process_time() - began < 0.1 * factor()", "within(…)"),
        ("slowest = max(slowest, time.process_time() - began); assert slowest < 0.5", "within(…)"),
        ("took_s = time.monotonic() - began_s; assert took_s / 20 < 0.5", "within(…)"),
        ("page.keyboard.type('By mouse')", "type_in(…)"),
        ("subprocess.run(line, timeout=60)", "scaled(60)"),
        ("socket.create_connection(address, timeout=5)", "scaled(5)"),
        ("assert process.wait(10) == 0", "scaled(10)"),
        ("def run(limit_s=60): subprocess.run(line, timeout=limit_s)", "scaled(limit_s)"),
        ("connection.settimeout(10)", "scaled(10)"),
        ("select.select([terminal], [], [], 10)", "scaled(10)"),
        ("async def run(): await asyncio.wait_for(answer, 10)", "scaled(10)"),
        ("limit = asyncio.timeout(2)", "scaled(2)"),
        ("def run(timeout_s=30): future.result(timeout_s)", "scaled(timeout_s)"),
        ("page.locator('#search').page.wait_for_timeout(200)", "say on the line why"),
        ("time.sleep(2)", "say on the line why"),
        ("await asyncio.sleep(0.5)", "say on the line why"),
        ("page.wait_for_timeout(200)", "say on the line why"),
    ],
)
def test_what_a_slow_machine_makes_fail_is_found_with_its_cure(tmp_path: Path, line: str, cure: str) -> None:
    (fault,) = found(tmp_path, f"async def work(): {line}" if line.startswith("await") else line)
    assert fault.startswith("tests/browser/test_a.py:2 ")
    assert fault.endswith(cure) or cure in fault


@pytest.mark.parametrize(
    "line",
    [
        "assert time.monotonic() - began > 4",
        "within(seconds_since(began), 10, 'an answer')",
        "assert time.process_time() - began > 0",
        "now_s = time.time(); assert now_s < 5",
        "subprocess.run(line, timeout=scaled(60))",
        "', '.join(names)",
        "connection.settimeout(scaled(10))",
        "future.result()",
        "async def run(): await asyncio.wait_for(bell.wait(), 0.02)",
        "def run(quiet_s): return asyncio.timeout(quiet_s)",
        "subprocess.run(['sleep', '60'], timeout=0.01)  # it is to run out",
        "pytestmark = pytest.mark.gen_test(timeout=120)",
        "time.sleep(2)  # the fault itself: it is away for so long",
        "while not done(): time.sleep(0.02)",
        "type_in(page, '#title', 'By mouse')",
    ],
)
def test_what_waits_fairly_is_no_fault(tmp_path: Path, line: str) -> None:
    assert found(tmp_path, line) == []


def test_the_helper_types_and_unit_tests_may_pause_on_a_clock_of_their_own(tmp_path: Path) -> None:
    assert found(tmp_path, "page.keyboard.type(text)", "tests/browser/pages.py") == []
    assert found(tmp_path, "async def work(): await asyncio.sleep(100)", "tests/unit/hub/test_ticker.py") == []
    assert found(tmp_path, "time.sleep(5)", "tests/bench/feed.py") == []
