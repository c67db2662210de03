"""Check of the unit tests: a module whose public functions all return None must fail its namesake test.

``python -m tests.support.broken [dashboard/a/b.py …]`` prints the modules whose namesake test passes although they are
broken; without names it tries all modules. The functions are whole while modules are imported, and broken when the
tests begin. Each module is tried in a fork of a process that has imported what all of them need, so a try costs about a
second.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import importlib
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import IO

import pytest

from scripts.checks.namesakes import namesake
from scripts.checks.tree import Function, Module, read_package
from tests.support.fairness import SECOND_TRIES

ROOT = Path(__file__).resolve().parents[2]
#: Name among the builtins that says whether the functions are broken now.
_SWITCH = "_functions_are_broken"
#: A try that takes longer hangs on what is broken, which a test notices, too.
_TRY_S = 120
_AT_ONCE = 2
_COMMON = ("hypothesis", "msgspec", "sqlalchemy.ext.asyncio", "tornado.httpserver", "tornado.web", "yaml")


def is_breakable(function: Function) -> bool:
    """Return whether a function is public and has an effect or a result."""
    body = function.body
    says_only = all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in body)
    return not function.name.startswith("_") and not says_only


def break_functions(source: str) -> ast.Module:
    """Return the source's syntax tree with ``return`` at the beginning of each public function."""
    tree = ast.parse(source)
    for function in breakable(tree):
        function.body.insert(0, ast.parse(f"if {_SWITCH}: return\n").body[0])
    return ast.fix_missing_locations(tree)


def breakable(tree: ast.Module) -> list[Function]:
    """Return the functions of a module and the methods of its classes that are to be broken."""
    scopes = (tree, *(each for each in ast.walk(tree) if isinstance(each, ast.ClassDef)))
    return [each for scope in scopes for each in scope.body if isinstance(each, Function) and is_breakable(each)]


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        """Compile the file anew each time; the cache of compiled files is neither read nor written."""
        path = self.get_filename(fullname)
        return compile(break_functions(Path(path).read_text("utf-8")), path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module to break; leave all others to Python."""
        if fullname != self._name:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


class _Plugin:
    def pytest_runtestloop(self) -> None:
        """Break the functions, after the imports and before the first test."""
        setattr(builtins, _SWITCH, True)


def tried_modules(root: Path = ROOT) -> list[Module]:
    """Return the modules that have a namesake test and a function to break, in the order of their paths."""
    return [
        module
        for module in read_package(root, "dashboard")
        if (root / namesake(module)).exists() and breakable(module.syntax)
    ]


def run_broken(module: Module, test: str = "") -> int:
    """Break a module in this process and run its namesake, or another test; return pytest's exit code."""
    os.environ.pop(SECOND_TRIES, None)  # a test that runs out of time has noticed
    setattr(builtins, _SWITCH, False)
    sys.meta_path.insert(0, _Finder(module.name))
    options = ["-p", "no:xdist", "-p", "no:cacheprovider", "-q", "-x", "--timeout=10", "--tb=line"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*options, test or namesake(module)], plugins=[_Plugin()]))


def survivors(modules: Iterable[Module], test: str = "") -> Iterator[tuple[Module, str]]:
    """Yield each module whose namesake test passes although the module is broken, with the output of the test. Uses ``fork``."""
    for name in _COMMON:
        importlib.import_module(name)
    running: dict[int, tuple[Module, IO[str]]] = {}
    for module in modules:
        if len(running) >= _AT_ONCE:
            yield from _ended(running)
        output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed when the fork has ended
        if not (child := os.fork()):
            _be_fork(module, output, test)
        running[child] = module, output
    while running:
        yield from _ended(running)


def _be_fork(module: Module, output: IO[str], test: str) -> None:
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    signal.alarm(_TRY_S)
    code = 3
    try:
        code = run_broken(module, test)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ended(running: dict[int, tuple[Module, IO[str]]]) -> Iterator[tuple[Module, str]]:
    child, status = os.wait()
    module, output = running.pop(child)
    with output:
        output.seek(0)
        said = output.read()[-400:]
    if os.WIFEXITED(status) and (code := os.WEXITSTATUS(status)) != 1:
        yield module, f"exit code {code}: {said}"


def due(modules: Sequence[Module], number: int, count: int) -> list[Module]:
    """Return the modules of one turn, evenly distributed; after enough turns each module had a turn."""
    step = max(1, len(modules) // count)
    return [modules[(number + place * step) % len(modules)] for place in range(count)]


def main() -> int:
    """Run the command; ``--test FILE`` runs another test than the namesake."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.broken")
    parser.add_argument("modules", nargs="*", help="paths of modules; none: all")
    parser.add_argument("--test", default="", help="run this file instead of the namesake")
    chosen = parser.parse_args()
    os.chdir(ROOT)
    some = [module for module in tried_modules() if not chosen.modules or module.path in chosen.modules]
    found = 0
    for survivor, said in survivors(some, chosen.test):
        found += 1
        print(f"{survivor.path}: {said}", flush=True)
    print(f"{found} of {len(some)} survive")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
