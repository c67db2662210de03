"""``python -m tests.support.changed [BASE]``: print the test files that a change can touch, the nearest first.

The change is what differs from BASE (default: where this branch left ``main``; on ``main`` the last commit), and files that git
does not know yet.  The rule:

1. A test file is touched when it, its conftest files or what they import, over any number of steps, has changed. A module that
   is gone or was renamed still counts as changed for those that import its old name.
2. Tests that start the server as a process import nothing of it. They count only if they or their helpers have changed.
   So do the tests of the lanes ``alone`` and ``in_threes``.
3. The fewer the steps, the nearer. The nearest files are taken until ``BUDGET_S`` seconds are full, by what each took when
   it ran here last. What is left out is said on stderr: the gate runs everything.
4. Of files that are not Python, the table ``BESIDE`` says which tests look at them.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.support.durations import ROOT, recorded
from tests.support.lanes import lane_of

#: Seconds of tests as recorded. Recorded in the gate's five processes on two cores, they take 30 s of the clock. Recorded one
#: at a time they take 75 s, which is, with 40 s of checks before them, within two minutes too.
BUDGET_S = 150
#: Seconds of a file that never ran here, by folder.
_UNKNOWN_S = {"tests/unit": 2, "tests/fuzz": 10, "tests/contract": 10, "tests/handlers": 5}
_UNKNOWN_ELSE_S = 20.0
_FAR = 9
#: What the files imported at the last run.
_IMPORTS = ROOT / ".pytest_cache" / "imports.json"
#: Number of the files that are left out and named.
_SHOWN = 10
#: Of files that are not Python: beginnings of their paths, and of the tests that look at them.
BESIDE: dict[str, tuple[str, ...]] = {
    "static/": ("tests/unit/test_javascript", "tests/browser/test_host_board", "tests/browser/test_panel"),
    "tests/js/": ("tests/unit/test_javascript",),
    "templates/": ("tests/browser/test_look", "tests/browser/test_host_board"),
    "boards/": ("tests/unit/domain/test_board", "tests/browser/test_host_board"),
    "docs/": ("tests/unit/test_documentation",),
    "README.md": ("tests/unit/test_documentation",),
    "scripts/feeders/": ("tests/integration/test_feeder_scripts", "tests/integration/test_feeder_docs"),
}
#: Who imports one of these starts the server as a process.
_PROCESSES = {"tests.support.server", "tests.support.cluster"}


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def changed_paths(base: str = "") -> list[str]:
    """Return the paths that differ from BASE, including deleted and new files."""
    if not base:
        try:
            base = _git("merge-base", "main", "HEAD")[0]
        except (subprocess.CalledProcessError, IndexError):
            base = "HEAD"
    return sorted(
        {*_git("diff", "--name-only", "--no-renames", base), *_git("ls-files", "--others", "--exclude-standard")}
    )


def module_of(path: str) -> str:
    """Return the name under which a Python file is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports_of(source: str, module: str, *, package: bool = False) -> set[str]:
    """Return the names that a module imports: modules, their packages, and names that may be modules in them."""
    names: set[str] = set()
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return names
    here = module.split(".") if package else module.split(".")[:-1]
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = here[: len(here) - node.level + 1] if node.level else []
            origin = ".".join([*start, *([node.module] if node.module else [])])
            names.update([origin, *(f"{origin}.{alias.name}" for alias in node.names)])
    for name in [*names]:
        parts = name.split(".")
        names.update(".".join(parts[:count]) for count in range(1, len(parts)))
    return names


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements in a node, also those in blocks; expressions, which hold no import, are not walked."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for each in getattr(node, part, ()):
            yield each
            yield from _statements(each)


class _KnownImports:
    """Imports of files, kept in a file between runs for as long as a source keeps its time and its size."""

    def __init__(self) -> None:
        try:
            self._known: dict[str, list[Any]] = json.loads(_IMPORTS.read_text())
        except (OSError, ValueError):
            self._known = {}
        self._fresh: dict[str, list[Any]] = {}

    def of(self, path: Path, module: str) -> set[str]:
        """Return the names that the file imports."""
        name, status = path.relative_to(ROOT).as_posix(), path.stat()
        stamp, known = f"{status.st_mtime_ns} {status.st_size}", self._known.get(name)
        if known is None or known[0] != stamp:
            known = [stamp, sorted(imports_of(path.read_text(), module, package=path.name == "__init__.py"))]
        self._fresh[name] = known
        return set(known[1])

    def keep(self) -> None:
        """Write the file for the next run, if something in it is new."""
        if self._fresh != self._known:
            _IMPORTS.parent.mkdir(exist_ok=True)
            _IMPORTS.write_text(json.dumps(self._fresh))


@lru_cache(maxsize=1)
def graph() -> dict[str, set[str]]:
    """Return the imports of each module of the product and the tests; a test also imports the conftest files above it."""
    found: dict[str, set[str]] = {}
    known = _KnownImports()
    for path in (file for folder in ("dashboard", "tests") for file in sorted((ROOT / folder).rglob("*.py"))):
        name = path.relative_to(ROOT).as_posix()
        module = module_of(name)
        found[module] = known.of(path, module)
        if name.startswith("tests/"):
            above = [parent for parent in path.parents if parent.is_relative_to(ROOT / "tests")]
            conftests = (folder / "conftest.py" for folder in above)
            found[module] |= {module_of(each.relative_to(ROOT).as_posix()) for each in conftests if each.exists()}
        found[module].discard(module)
    known.keep()
    return found


def steps_to(changed: set[str], imports: dict[str, set[str]]) -> dict[str, int]:
    """Return, for each module that reaches a changed module by imports, the number of steps."""
    importers: dict[str, set[str]] = defaultdict(set)
    for module, imported in imports.items():
        for each in imported:
            importers[each].add(module)
    steps = dict.fromkeys(changed, 0)
    queue = deque(changed)
    while queue:
        at = queue.popleft()
        for each in importers[at] - steps.keys():
            steps[each] = steps[at] + 1
            queue.append(each)
    return steps


def touched(paths: Iterable[str]) -> dict[str, int]:
    """Return the test files that a change of these paths can touch, each with its number of import steps."""
    imports, changed, beside = graph(), set[str](), list[str]()
    for path in paths:
        if path.endswith(".py"):
            changed.add(module_of(path))
        elif path.startswith("dashboard/"):  # a file beside modules: they are taken to read it
            folder = next(each for each in (ROOT / path).parents if each == ROOT or any(each.glob("*.py")))
            changed |= {module_of(each.relative_to(ROOT).as_posix()) for each in folder.glob("*.py")}
        beside += [test for start, tests in BESIDE.items() if path.startswith(start) for test in tests]
    found, all_steps = dict[str, int](), steps_to(changed, imports)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        name = file.relative_to(ROOT).as_posix()
        steps = all_steps.get(module_of(name))
        if steps is not None and steps > 2 and _is_broad(name, imports):
            steps = None
        if steps is None and name.startswith(tuple(beside)):
            steps = _FAR
        if steps is not None:
            found[name] = steps
    return found


def _is_broad(name: str, imports: dict[str, set[str]]) -> bool:
    return bool(lane_of(name)) or bool(imports[module_of(name)] & _PROCESSES)


def select(files: dict[str, int], seconds: dict[str, float]) -> tuple[list[str], list[str]]:
    """Return the nearest files whose time fits into the budget, and the other files."""
    taken, left, sum_s = list[str](), list[str](), 0.0
    takes_s = {name: seconds.get(name) or _unknown_s(name) for name in files}
    for name in sorted(files, key=lambda each: (files[each], takes_s[each], each)):
        sum_s += (took_s := takes_s[name])
        if sum_s > BUDGET_S:
            sum_s -= took_s
            left.append(name)
        else:
            taken.append(name)
    return taken, left


def _unknown_s(name: str) -> float:
    return _UNKNOWN_S.get("/".join(name.split("/")[:2]), _UNKNOWN_ELSE_S)


def main() -> None:
    """Print the selected files."""
    parser = argparse.ArgumentParser(
        prog="scripts/test --changed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", nargs="?", default="", metavar="BASE", help="a commit; default: where this left main")
    paths = changed_paths(parser.parse_args().base)
    taken, left = select(touched(paths), recorded())
    print(f"{len(paths)} changed files touch {len(taken) + len(left)} test files", file=sys.stderr)
    if left:
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        print(f"left to the gate, which runs everything: {', '.join(left[:_SHOWN])}{more}", file=sys.stderr)
    print("\n".join(taken))


if __name__ == "__main__":
    main()
