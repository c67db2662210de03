"""Classes that have the same name in two modules."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable

from scripts.checks.tree import Finding, Module

#: Names that users of the Python client import from it; each is also the server's own class for what the client sends or gets.
PUBLIC = {"dashboard.client": frozenset({"Document", "Refusal"})}


def _is_public(module: Module, name: str) -> bool:
    return name in PUBLIC.get(module.name.rpartition(".")[0], ())


def classes_of_same_name(modules: Iterable[Module]) -> list[Finding]:
    """Return one finding for each class name that several modules define at their top level."""
    places: dict[str, list[Finding]] = defaultdict(list)
    for module in modules:
        for node in module.syntax.body:
            if isinstance(node, ast.ClassDef) and not _is_public(module, node.name):
                places[node.name].append(module.at(node, node.name))
    return [
        Finding(first.path, first.line, f"{name} is also in {', '.join(other.path for other in others)}")
        for name, (first, *others) in sorted(places.items())
        if others
    ]
