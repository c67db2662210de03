from __future__ import annotations

from pathlib import Path

from scripts.checks.ceilings import read_ceilings
from scripts.checks.namesakes import without_namesake
from scripts.checks.tree import read_package
from tests.unit.scripts.sources import package

ROOT = Path(__file__).resolve().parents[3]
CODE = "def work() -> None: ..."


def test_a_module_needs_a_namesake_that_holds_a_test_or_a_reason(tmp_path: Path) -> None:
    files = {
        "dashboard/a/b.py": CODE,
        "dashboard/a/empty.py": CODE,
        "dashboard/a/excused.py": CODE,
        "dashboard/a/constants.py": "LIMIT = 3",
        "dashboard/a/none.py": CODE,
        "dashboard/cli/__init__.py": CODE,
        "tests/unit/a/test_b.py": "def test_b(): ...",
        "tests/unit/a/test_empty.py": "",
    }
    found = without_namesake(tmp_path, package(tmp_path, files), {"dashboard/a/excused.py"})
    assert [str(each) for each in found] == [
        "dashboard/a/empty.py has no test in tests/unit/a/test_empty.py",
        "dashboard/a/none.py has no tests/unit/a/test_none.py",
        "dashboard/cli/__init__.py has no tests/unit/cli/test_init.py",
    ]


def test_no_more_modules_are_without_a_namesake_than_the_ceiling_says() -> None:
    ceilings = read_ceilings()
    found = without_namesake(ROOT, read_package(ROOT, "dashboard"), ceilings.untested)
    places = "\n".join(map(str, found))
    assert len(found) <= ceilings.figures["modules_without_namesake"], (
        f"write the unit test, or give scripts/checks/ceilings.toml [untested] a reason:\n{places}"
    )
