"""Every module has a unit test of its name, and the test notices when the module does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from scripts.checks.namesakes import stale_exemptions, without_namesake
from tests.support.broken import break_functions, due, tried_modules
from tests.support.deadline import scaled
from tests.support.turns import turn
from tests.unit.scripts.sources import package

ROOT = Path(__file__).resolve().parents[3]
CODE = "def work() -> int:\n    return 1"
PROTOCOL = "class Port:\n    def work(self) -> int:\n        'A number.'\n    def rest(self) -> int: ..."


def test_a_module_needs_a_namesake_that_holds_a_test_or_a_reason(tmp_path: Path) -> None:
    files = {
        "dashboard/a/b.py": CODE,
        "dashboard/a/empty.py": CODE,
        "dashboard/a/excused.py": CODE,
        "dashboard/a/constants.py": "LIMIT = 3",
        "dashboard/a/port.py": PROTOCOL,
        "dashboard/a/none.py": CODE,
        "dashboard/cli/__init__.py": CODE,
        "tests/unit/a/test_b.py": "def test_b(): ...",
        "tests/unit/a/test_empty.py": "",
    }
    found = without_namesake(tmp_path, package(tmp_path, files), ["dashboard/a/excused.py", "dashboard/a/*"])
    assert [str(each) for each in found] == [
        "dashboard/a/empty.py has no test in tests/unit/a/test_empty.py",
        "dashboard/a/none.py has no tests/unit/a/test_none.py",
        "dashboard/cli/__init__.py has no tests/unit/cli/test_init.py",
    ]


def test_an_exemption_excuses_a_module_and_names_tests_that_are_there(tmp_path: Path) -> None:
    files = {
        "dashboard/a.py": CODE,
        "dashboard/b.py": CODE,
        "dashboard/c.py": CODE,
        "dashboard/d.py": CODE,
        "tests/unit/test_b.py": "def test_b(): ...",
        "tests/x/test_x.py": "",
    }
    modules = package(tmp_path, files)
    reasons = {
        "dashboard/a.py": "driven by tests/x/test_x.py.",
        "dashboard/c.py": "driven by tests/gone",
        "dashboard/d.py": "too small",
        "dashboard/b.py": "driven by tests/x",
        "dashboard/*": "driven by tests/x",
        "dashboard/gone.py": "driven by tests/x",
    }
    assert stale_exemptions(tmp_path, modules, reasons) == list(reasons)[1:]


#: Modules that a run breaks; each takes a second or two.
A_FEW = 3


def test_the_namesakes_of_a_few_modules_fail_when_these_do_nothing() -> None:
    """Each commit tries other modules; ``python -m tests.support.broken`` tries all."""
    chosen = [module.path for module in due(tried_modules(), turn(), A_FEW)]
    command = [sys.executable, "-m", "tests.support.broken", *chosen]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=scaled(110), check=False)
    assert run.returncode == 0, f"a namesake passes although its module does nothing:\n{run.stdout}{run.stderr}"


def test_every_module_has_its_turn() -> None:
    modules = tried_modules()
    assert len(modules) > 150
    turns = -(-len(modules) // A_FEW) + A_FEW
    assert {module.path for number in range(turns) for module in due(modules, number, A_FEW)} == {
        module.path for module in modules
    }


def test_public_functions_and_methods_are_broken_and_others_are_not() -> None:
    source = """
class A:
    async def work(self): return 1
    def _inner(self): return 1
    @property
    def size(self): return 1
def work():
    def nested(): return 1
    return nested()
def _own(): return 1
"""
    found = ast.unparse(break_functions(source))
    assert found.count("return\n") == 3
    assert all(
        "return\n" in found.split(head)[1].split("def ")[0] for head in ("work(self):", "size(self):", "\ndef work():")
    )


def test_a_namesake_that_tests_nothing_is_told() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.support.broken",
        "dashboard/domain/rate.py",
        "--test",
        "tests/unit/domain/test_event.py",
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=scaled(110), check=False)
    assert run.returncode == 1
    assert "dashboard/domain/rate.py: exit code 0" in run.stdout
