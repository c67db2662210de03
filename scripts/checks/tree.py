"""Parsed modules of one package, and the places in them that checks report."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


@dataclass(frozen=True, slots=True)
class Finding:
    """Place in a file, and the message about it."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.text}" if self.line else f"{self.path} {self.text}"


@dataclass(frozen=True, slots=True)
class Module:
    """Source file: its path below the project's root, its dotted name, its text, its syntax tree and all nodes of it."""

    path: str
    name: str
    text: str
    syntax: ast.Module
    nodes: tuple[ast.AST, ...]

    @property
    def is_package(self) -> bool:
        """True for an ``__init__.py``."""
        return self.path.endswith("/__init__.py")

    def at(self, node: ast.AST, text: str) -> Finding:
        """Return a finding at a node of this module."""
        return Finding(self.path, getattr(node, "lineno", 1), text)


def read_package(root: Path, package: str) -> list[Module]:
    """Parse every Python file of a package below the project's root, in the order of their paths."""
    modules = []
    for file in sorted((root / package).rglob("*.py")):
        path = file.relative_to(root)
        parts = path.parent.parts if file.name == "__init__.py" else path.with_suffix("").parts
        text = file.read_text("utf-8")
        syntax = ast.parse(text, str(file))
        modules.append(Module(path.as_posix(), ".".join(parts), text, syntax, tuple(ast.walk(syntax))))
    return modules


def functions(module: Module) -> Iterator[Function]:
    """Yield every function and method of a module, nested ones too."""
    for node in module.nodes:
        if isinstance(node, Function):
            yield node


def documented(node: Documented, owner: str = "") -> Iterator[tuple[str, Documented, str]]:
    """Yield name, node and docstring of a module's, class's or function's documented parts, itself first."""
    name = owner if isinstance(node, ast.Module) else f"{owner}.{node.name}".lstrip(".")
    if (text := ast.get_docstring(node)) is not None:
        yield name, node, text
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | Function):
            yield from documented(child, name)
