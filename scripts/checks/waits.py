"""Waits of tests that a slow or busy machine makes fail: limits that are not scaled, pauses in place of a condition, keys that
are pressed before a field has the focus."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from scripts.checks.tree import Finding, Module

#: Folders whose tests run against real time.
_REAL_TIME = ("tests/browser/", "tests/faults/", "tests/handlers/", "tests/integration/")
#: Folders that measure or record, and run on no slow machine.
_LEFT_OUT = ("tests/bench/", "tests/data/", "tests/promql/")
#: The module that types once a field has the focus.
_TYPES = "tests/browser/pages.py"
#: A longer pause needs a comment that says why; in seconds, for a page in milliseconds.
_PAUSES = {"time.sleep": 0.25, "asyncio.sleep": 0.25, "wait_for_timeout": 150}
#: Calls whose keyword ``timeout`` is not the test's own wait: pytest scales those of its markers.
_SCALED_ELSEWHERE = ("pytest.mark.", "parser.")
#: Ends of calls whose argument at this place is a limit.
_LIMIT_AT = {
    ".wait": 0,
    ".join": 0,
    ".result": 0,
    ".settimeout": 0,
    "asyncio.timeout": 0,
    "asyncio.wait_for": 1,
    "select.select": 3,
}
_SHORTEST_S = 0.5
_CLOCKS = (
    "seconds_since(", "loop.time()", "time.monotonic()", "time.perf_counter()", "time.process_time()", "time.thread_time()", "time.time()",
)  # fmt: skip


def unfair_waits(modules: Iterable[Module]) -> list[Finding]:
    """Return the waits in tests that depend on how fast this machine is."""
    return [
        module.at(node, fault)
        for module in modules
        if not module.path.startswith(_LEFT_OUT)
        for node in module.nodes
        for fault in _faults(module, node)
    ] + [
        module.at(node, "an upper bound of time is no assertion: within(…)")
        for module in modules
        if not module.path.startswith(_LEFT_OUT)
        for node in _bounds_of_time(module)
    ]


def _faults(module: Module, node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not (node.args or node.keywords):
        return
    called = ast.unparse(node.func)
    if called.endswith("keyboard.type") and module.path != _TYPES:
        yield "what is typed before a field has the focus goes elsewhere: type_in(…)"
    for limit in _limits(called, node):
        yield f"{called} has a limit that is not scaled: scaled({ast.unparse(limit)})"
    if module.path.startswith(_REAL_TIME) and _pauses(called, node) and not _has_comment(module, node):
        yield f"{called} is no condition: wait for what must come, or say on the line why it is a pause"


def _bounds_of_time(module: Module) -> Iterator[ast.Assert]:
    """Yield the assertions in which a passed time must be less than something; it may stand in a name meanwhile."""
    bounds: dict[ast.Assert, None] = {}  # in order, once each: functions stand within others
    for function in module.nodes:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes = [*ast.walk(function)]
            names = {name for node in nodes if isinstance(node, ast.Assign) for name in _name_of_time(node)}
            bounds |= {node: None for node in nodes if isinstance(node, ast.Assert) and _is_bound(node.test, names)}
    yield from bounds


def _name_of_time(node: ast.Assign) -> Iterator[str]:
    """Yield the name that holds a passed time, or the longest or shortest of several."""
    value, target = node.value, node.targets[0]
    parts = [value, *value.args] if isinstance(value, ast.Call) else [value]
    if isinstance(target, ast.Name) and any(_is_passed_time(part) for part in parts):
        yield target.id


def _is_passed_time(value: ast.expr) -> bool:
    is_difference = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub)
    is_asked = isinstance(value, ast.Call) and ast.unparse(value.func) == "seconds_since"
    return (is_difference or is_asked) and any(clock in ast.unparse(value) for clock in _CLOCKS)


def _is_bound(test: ast.expr, names: set[str]) -> bool:
    """Return whether a passed time, or a share of one, must be less than something."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Lt | ast.LtE):
        return False
    if _is_passed_time(test.left):
        return True
    passed = test.left.left if isinstance(test.left, ast.BinOp) else test.left
    return isinstance(passed, ast.Name) and passed.id in names


def _limits(called: str, node: ast.Call) -> list[ast.expr]:
    """Return the limits of a call that are plain numbers, or parameters whose default may be one. Short numbers are to pass."""
    if called.startswith(_SCALED_ELSEWHERE):
        return []
    given = [keyword.value for keyword in node.keywords if keyword.arg in ("timeout", "open_timeout")]
    names = [each for each in given if isinstance(each, ast.Name)]
    placed = [each for end, at in _LIMIT_AT.items() if called.endswith(end) for each in node.args[at : at + 1]]
    if called != "asyncio.timeout":  # a name there may say how long it is to be quiet
        names += [each for each in placed if isinstance(each, ast.Name) and each.id.endswith(("timeout", "_s"))]
    return [*names, *(each for each in (*given, *placed) if _number(each) >= _SHORTEST_S)]


def _number(value: ast.expr) -> float:
    return float(value.value) if isinstance(value, ast.Constant) and isinstance(value.value, int | float) else 0.0


def _pauses(called: str, node: ast.Call) -> bool:
    most = _PAUSES.get(called) or _PAUSES.get(called.rpartition(".")[2], 0)
    return bool(most and node.args and _number(node.args[0]) > most)


def _has_comment(module: Module, node: ast.Call) -> bool:
    return (
        "  #" in module.text.splitlines()[node.lineno - 1]
    )  # as ruff sets them; without blanks it is part of a selector
