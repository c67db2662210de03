"""Imports between the modules of a package: the graph, its cycles, and imports inside functions.

An import of a submodule also runs its package's ``__init__.py``. That is no edge here: only what is named counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from scripts.checks.tree import Finding, Function, Module

Graph = Mapping[str, set[str]]
Import = ast.Import | ast.ImportFrom


def _is_type_only(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _statements(body: Iterable[ast.AST]) -> Iterator[Import]:
    """Yield the imports that run when the module is loaded."""
    for node in body:
        if isinstance(node, Import):
            yield node
        elif isinstance(node, ast.If) and _is_type_only(node):
            yield from _statements(node.orelse)
        elif not isinstance(node, Function | ast.Lambda):
            yield from _statements(ast.iter_child_nodes(node))


def _targets(module: Module, node: Import, names: set[str]) -> Iterator[str]:
    """Yield the modules that a statement names: the submodule where there is one, else the module itself."""
    if isinstance(node, ast.Import):
        wanted = [(alias.name, "") for alias in node.names]
    else:
        base = module.name.split(".")[: None if module.is_package else -1]
        above = base[: len(base) - node.level + 1] if node.level else []
        source = ".".join([*above, *filter(None, [node.module])])
        wanted = [(source, alias.name) for alias in node.names]
    for source, name in wanted:
        target = f"{source}.{name}"
        found = target if target in names else source
        if found in names and found != module.name:
            yield found


def import_graph(modules: list[Module], *, at_run_time: bool) -> Graph:
    """Return which module imports which: at load, or by any statement (for types, inside functions)."""
    names = {module.name for module in modules}
    graph = {}
    for module in modules:
        walked = _statements(module.syntax.body) if at_run_time else module.nodes
        found = [node for node in walked if isinstance(node, Import)]
        graph[module.name] = {target for node in found for target in _targets(module, node, names)}
    return graph


def _reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting.extend(new)
    return seen


def cycles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or through others."""
    reach = {name: _reachable(graph, name) for name in graph}
    groups = {tuple(sorted(other for other in reach[name] if name in reach[other])) for name in graph}
    return sorted(list(group) for group in groups if group)


def modules_in_cycles(modules: list[Module], *, at_run_time: bool) -> list[Finding]:
    """Return one finding for each module that is part of an import cycle."""
    paths = {module.name: module.path for module in modules}
    return [
        Finding(paths[name], 0, f"imports itself through {', '.join(other for other in group if other != name)}")
        for group in cycles(import_graph(modules, at_run_time=at_run_time))
        for name in group
    ]


def imports_inside_functions(modules: Iterable[Module]) -> list[Finding]:
    """Return the import statements that run only when a function is called."""
    found = {}
    for module in modules:
        for function in module.nodes:
            if isinstance(function, Function):
                for node in ast.walk(function):
                    if isinstance(node, Import):
                        found[module.path, node.lineno] = module.at(node, ast.unparse(node))
    return [found[place] for place in sorted(found)]
