"""The browser's modules, under node's test runner; and comparisons of what both languages have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dashboard.domain.freshness import freshness
from tests.support.deadline import scaled

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "js"
NODE = shutil.which("node")


def run_node(*arguments: str, said: str = "") -> str:
    """Run node and return its output; fail with the output if node fails."""
    done = subprocess.run(
        [str(NODE), "--no-warnings", *arguments],
        input=said,
        capture_output=True,
        text=True,
        timeout=scaled(100),
        cwd=ROOT,
    )
    if done.returncode:
        pytest.fail(
            f"node {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False
        )
    return done.stdout


def test_the_pages_own_modules_pass_their_unit_tests() -> None:
    files = sorted(str(path) for path in TESTS.glob("*.test.js"))
    printed = run_node("--test", "--test-reporter=tap", *files)
    counted = re.search(r"^# pass (\d+)", printed, re.MULTILINE)
    assert counted, printed
    assert int(counted[1]) >= 220, "fewer tests ran than there were"


def test_page_and_server_judge_every_age_alike() -> None:
    everies = [None, 0.05, 0.1, 0.4, 0.5, 0.999, 1, 1.001, 2, 5, 10, 59.9, 60, 300, 3_600, 31_536_000]
    limits = sorted({factor * (every or 60) for every in everies for factor in (2, 5, 60)} | {2, 5, 60})
    ages = sorted(
        {round(limit * 1000 + off, 3) for limit in limits for off in (-1, 0, 0.5, 1)} | {0, -1, -7_000, -1e12}
    )
    table = [(age, every, str(freshness(age, every))) for age in ages for every in everies]
    assert {state for _, _, state in table} == {"live", "late", "stale", "dead"}
    program = f"""
        import {{ readFileSync }} from "node:fs";
        import {{ freshness }} from {json.dumps((ROOT / "static/js/data/freshness.js").as_uri())};
        const wrong = JSON.parse(readFileSync(0, "utf8")).filter(([age, every, state]) => freshness(age, every) !== state);
        console.log(JSON.stringify(wrong));
    """
    wrong = json.loads(run_node("--input-type=module", "--eval", program, said=json.dumps(table)))
    assert wrong == [], f"{len(wrong)} of {len(table)} differ"
