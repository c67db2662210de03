from __future__ import annotations

from pathlib import Path

import pytest

from scripts.checks.ceilings import Ceilings, read_ceilings
from scripts.checks.report import excesses, figures, room, table
from scripts.checks.vocabulary import Vocabulary
from tests.unit.scripts.sources import write

NOTHING: frozenset[str] = frozenset()
NAMES = Vocabulary(NOTHING, {"": NOTHING}, NOTHING, NOTHING, {}, NOTHING)
ALLOWED = Ceilings("85ca6cc", {"functions": 9, "imports_inside_functions": 0}, (), {}, {}, frozenset({"return"}))
CODE = '''
    """Values."""
    def work():
        """Return nothing."""
        import json
'''


def test_a_figure_above_its_ceiling_tells_place_and_cure(tmp_path: Path) -> None:
    found = figures(write(tmp_path, {"dashboard/a.py": CODE, "README.md": ""}), ALLOWED, NAMES)
    assert found["docstrings_checked"].value == 2
    assert list(excesses(found, ALLOWED.figures)) == [
        "imports_inside_functions is 1, its ceiling is 0: import at the top, or put what is optional into its own module",
        "  dashboard/a.py:5 import json",
    ]
    assert list(room(found, ALLOWED.figures)) == [
        "functions is 1: lower its ceiling of 9 in scripts/checks/ceilings.toml"
    ]
    assert "imports_inside_functions           1   at most 0" in list(table(found, ALLOWED.figures))


def test_lists_hold_nothing_that_is_not_there(tmp_path: Path) -> None:
    untested = {"dashboard/a.py": "driven by tests/test_all.py"}
    allowed = Ceilings("85ca6cc", {}, ("dashboard/gone.py",), untested, {"Gone": "why"}, NOTHING)
    files = {"dashboard/a.py": CODE, "README.md": "", "tests/test_all.py": ""}
    found = figures(write(tmp_path, files), allowed, NAMES)
    assert [each.text for each in found["stale_list_entries"].places] == ["lists dashboard/gone.py", "lists Gone"]
    assert found["namesake_exemptions"].value == 1


def test_an_exemption_without_its_reason_is_refused(tmp_path: Path) -> None:
    text = 'base_commit = ""\nverbs = ""\ndecoders = []\n[figures]\n[foreign]\n[untested]\n"dashboard/a.py" = " "\n'
    with pytest.raises(ValueError, match=r"dashboard/a\.py has no reason"):
        read_ceilings(write(tmp_path, {"ceilings.toml": text}) / "ceilings.toml")


def test_every_ceiling_is_one_of_a_figure(tmp_path: Path) -> None:
    found = figures(write(tmp_path, {"dashboard/a.py": CODE, "README.md": ""}), read_ceilings(), NAMES)
    assert set(read_ceilings().figures) - set(found) <= {"unclear_commit_subjects"}
