"""Wiring after construction: functions and services that are assigned to other objects' attributes.

In the composition root (``dashboard/app/``) every assignment to another object's attribute counts. Elsewhere, the state of a record
may be set from outside, and an assignment counts only if it gives an object behaviour: a function, or an object with dependencies.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from scripts.checks.tree import Finding, Module, functions

_COMPOSITION = re.compile(r"dashboard/app(_\w+)?(\.py|/.*)")
_WORD = re.compile(r"\w+")
#: Third-party objects that have no constructor of ours, as (module, attribute): why each is assigned.
NO_HOOK = {
    ("dashboard/web/server/http_server.py", "read_until_regex"): "Tornado makes the streams and has no hook",
    ("dashboard/web/server/http_server.py", "write"): "Tornado makes the streams and has no hook",
}


def _pairs(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Yield each single target of an assignment with its value; None if the value is not known."""
    if isinstance(node, ast.Assign):
        waiting: list[tuple[ast.expr, ast.expr | None]] = [(target, node.value) for target in node.targets]
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        waiting = [(node.target, node.value if isinstance(node, ast.AnnAssign) else None)]
    else:
        return
    while waiting:
        target, value = waiting.pop(0)
        if isinstance(target, ast.Tuple | ast.List):
            matches = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            values = value.elts if matches else [None] * len(target.elts)  # type: ignore[union-attr]  # a sequence, if it matches
            waiting += zip(target.elts, values, strict=True)
        elif isinstance(target, ast.Starred):
            waiting.append((target.value, None))
        else:
            yield target, value


def _is_foreign(target: ast.expr) -> TypeGuard[ast.Attribute]:
    return isinstance(target, ast.Attribute) and not (isinstance(target.value, ast.Name) and target.value.id == "self")


def _is_setattr(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr"


def _constructor_types(owner: ast.ClassDef) -> dict[str, str]:
    """Return the parameters of a class's constructor with their types as text."""
    for part in owner.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            arguments = (*part.args.posonlyargs, *part.args.args, *part.args.kwonlyargs)
            return {each.arg: ast.unparse(each.annotation) for each in arguments if each.annotation is not None}
    return {}


def _declared(owner: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yield each attribute that a class declares, with its type as text: by an annotation, or by its constructor's parameter."""
    parameters = _constructor_types(owner)
    for part in owner.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            yield part.target.id, ast.unparse(part.annotation)
    for node in ast.walk(owner):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
            yield node.target.attr, ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in parameters:
            targets = (each for each in node.targets if isinstance(each, ast.Attribute))
            yield from ((each.attr, parameters[node.value.id]) for each in targets)


class _Behaviour:
    """Names of one package that stand for behaviour.

    A service is a protocol, or a class whose constructor takes a function or a service. ``attributes``: those that hold a function
    or a service wherever they are declared.
    """

    def __init__(self, modules: Iterable[Module]) -> None:
        owners = [node for module in modules for node in module.nodes if isinstance(node, ast.ClassDef)]
        behaviours = {"Callable", "Awaitable"} | {owner.name for owner in owners if _bases(owner) & {"Protocol"}}
        takes = {owner.name: _words(_constructor_types(owner).values()) for owner in owners}
        while more := {name for name, words in takes.items() if name not in behaviours and words & behaviours}:
            behaviours |= more
        self.services = behaviours & takes.keys()
        declared = [each for owner in owners for each in _declared(owner)]
        held = {name for name, kind in declared if _words([kind]) & behaviours}
        self.attributes = held - {name for name, kind in declared if not _words([kind]) & behaviours}

    def has(self, attribute: str, value: ast.expr, local: set[str]) -> bool:
        """Return whether a value that is assigned to an attribute is a function or a service; ``local``: functions of the module."""
        if isinstance(value, ast.Constant):
            return False
        if isinstance(value, ast.Lambda) or attribute in self.attributes:
            return True
        if isinstance(value, ast.Call):
            called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
            return called == "partial" or called in self.services
        return isinstance(value, ast.Name) and value.id in {"self"} | local


def _bases(owner: ast.ClassDef) -> set[str]:
    return _words(map(ast.unparse, owner.bases))


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORD.findall(text)}


def _own_functions(module: Module) -> set[str]:
    """Return the names of a module's functions that no parameter has as well."""
    parameters = {node.arg for node in module.nodes if isinstance(node, ast.arg)}
    return {function.name for function in functions(module)} - parameters


def foreign_assignments(modules: Iterable[Module]) -> list[Finding]:
    """Return the assignments that wire an object after its construction, ``setattr`` included."""
    modules = list(modules)
    behaviour, found = _Behaviour(modules), []
    for module in modules:
        is_root, own = _COMPOSITION.fullmatch(module.path) is not None, _own_functions(module)
        for node in module.nodes:
            foreign = [(target.attr, value) for target, value in _pairs(node) if _is_foreign(target)]
            wired = [
                name for name, value in foreign if is_root or (value is not None and behaviour.has(name, value, own))
            ]
            if _is_setattr(node) or any((module.path, name) not in NO_HOOK for name in wired):
                found.append(module.at(node, ast.unparse(node).partition("\n")[0]))
    return found
