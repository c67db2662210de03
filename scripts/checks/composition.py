"""Assignments to other objects' attributes in the composition root: wiring after construction."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from scripts.checks.tree import Finding, Module

_COMPOSITION = re.compile(r"dashboard/app(_\w+)?(\.py|/.*)")


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Assign):
        waiting = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        waiting = [node.target]
    else:
        return
    while waiting:
        target = waiting.pop(0)
        if isinstance(target, ast.Tuple | ast.List):
            waiting += target.elts
        elif isinstance(target, ast.Starred):
            waiting.append(target.value)
        else:
            yield target


def _is_foreign(target: ast.expr) -> bool:
    if isinstance(target, ast.Subscript):
        return False
    return isinstance(target, ast.Attribute) and not (isinstance(target.value, ast.Name) and target.value.id == "self")


def _is_setattr(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr"


def foreign_assignments(modules: Iterable[Module]) -> list[Finding]:
    """Return the assignments of the composition root to attributes of anything but ``self``, ``setattr`` included."""
    return [
        module.at(node, ast.unparse(node).partition("\n")[0])
        for module in modules
        if _COMPOSITION.fullmatch(module.path)
        for node in module.nodes
        if _is_setattr(node) or any(_is_foreign(target) for target in _targets(node))
    ]
