"""Browser modules without a test of their own: ``static/js/data/series.js`` is tested by ``tests/js/series.test.js``.

A module needs none if it has no function but constructors: types, constants, errors. The list `untested_browser` excuses single
modules; a reason names the tests in a real browser that run the module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.checks.namesakes import names_tests
from scripts.checks.tree import Finding

_COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_LOGIC = re.compile(r"=>|\bfunction\b|^  (?:async |static |get |set |\*)*(?!constructor\b)\w+\([^\n]*\{$", re.MULTILINE)


def modules_with_logic(root: Path) -> list[str]:
    """Return the paths of the browser modules that have a function, a method or a callback."""
    files = sorted((root / "static/js").rglob("*.js"))
    return [each.relative_to(root).as_posix() for each in files if _LOGIC.search(_COMMENTS.sub("", each.read_text()))]


def without_test(root: Path, exempt: Iterable[str]) -> list[Finding]:
    """Return the modules that have logic, no test that imports them, and no entry in the list."""
    excused = frozenset(exempt)
    return [fault for path in modules_with_logic(root) if path not in excused and (fault := _fault(root, path))]


def stale_exemptions(root: Path, untested: Mapping[str, str]) -> list[str]:
    """Return the entries of the list that excuse no module, and those whose reason names no test that is there."""
    faulty = {path for path in modules_with_logic(root) if _fault(root, path)}
    return [path for path, reason in untested.items() if path not in faulty or not names_tests(root, reason)]


def _fault(root: Path, path: str) -> Finding | None:
    test = root / "tests/js" / f"{Path(path).stem}.test.js"
    if not test.exists():
        return Finding(path, 0, f"has no tests/js/{test.name}")
    if f'/{path}"' not in test.read_text():
        return Finding(path, 0, f"is not imported by tests/js/{test.name}")
    return None
