"""Modules whose unit test is not where it is looked for: ``dashboard/a/b.py`` is tested by ``tests/unit/a/test_b.py``.

A namesake holds at least one test. Modules without a function need none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

from scripts.checks.tree import Finding, Module, functions


def namesake(module: Module) -> str:
    """Return the path of a module's unit test; ``test_init.py`` for ``__init__.py``."""
    inside = PurePosixPath(*PurePosixPath(module.path).parts[1:])
    return (PurePosixPath("tests/unit") / inside.parent / f"test_{inside.stem.strip('_')}.py").as_posix()


def without_namesake(root: Path, modules: Iterable[Module], exempt: Collection[str]) -> list[Finding]:
    """Return the modules that have functions, no namesake with a test, and no reason in the list."""
    found = []
    for module in modules:
        if module.path in exempt or next(functions(module), None) is None:
            continue
        test = root / namesake(module)
        if not test.exists():
            found.append(Finding(module.path, 0, f"has no {namesake(module)}"))
        elif "def test_" not in test.read_text("utf-8"):
            found.append(Finding(module.path, 0, f"has no test in {namesake(module)}"))
    return found
