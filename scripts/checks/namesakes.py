"""Modules whose unit test is not where it is looked for: ``dashboard/a/b.py`` is tested by ``tests/unit/a/test_b.py``.

A namesake holds at least one test. Modules without a function that does something need none (constants, structs, protocols).
The list `untested` excuses single modules, never a folder, so a new module needs a namesake or a reason of its own. A reason names the
tests that exercise the module instead.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from scripts.checks.tree import Finding, Module, functions

_TESTS = re.compile(r"tests/[\w/.-]*\w")


def namesake(module: Module) -> str:
    """Return the path of a module's unit test; ``test_init.py`` for ``__init__.py``."""
    inside = PurePosixPath(*PurePosixPath(module.path).parts[1:])
    return (PurePosixPath("tests/unit") / inside.parent / f"test_{inside.stem.strip('_')}.py").as_posix()


def without_namesake(root: Path, modules: Iterable[Module], exempt: Iterable[str]) -> list[Finding]:
    """Return the modules that have functions, no namesake with a test, and no entry in the list."""
    excused = frozenset(exempt)
    return [fault for module in modules if module.path not in excused and (fault := _fault(root, module))]


def stale_exemptions(root: Path, modules: Iterable[Module], untested: Mapping[str, str]) -> list[str]:
    """Return the entries of the list that excuse no module, and those whose reason names no test that is there."""
    faulty = {module.path for module in modules if _fault(root, module)}
    return [path for path, reason in untested.items() if path not in faulty or not names_tests(root, reason)]


def names_tests(root: Path, reason: str) -> bool:
    """Return whether a reason names tests, and all of them are there."""
    named = _TESTS.findall(reason)
    return bool(named) and all((root / each).exists() for each in named)


def _fault(root: Path, module: Module) -> Finding | None:
    if not any(_does_something(each.body) for each in functions(module)):
        return None
    test = root / namesake(module)
    if not test.exists():
        return Finding(module.path, 0, f"has no {namesake(module)}")
    if "def test_" not in test.read_text("utf-8"):
        return Finding(module.path, 0, f"has no test in {namesake(module)}")
    return None


def _does_something(body: list[ast.stmt]) -> bool:
    """Return False for a function of a protocol: a docstring or ``...`` is all it has."""
    return not all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in body)
