"""Names that exist in the project: files, commands with their flags, environment variables, modules, classes, words."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.checks.tree import Function, Module

Words = frozenset[str]
#: Block of code in a document.
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_UNREAD = {".git", ".venv", "__pycache__", "node_modules", "vendor"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names that documents and docstrings may use.

    ``commands`` maps each command, such as ``"user add"``, to its flags; the command itself is ``""``. ``members`` maps
    each module and class to the names in it, or to None for a class whose bases lie outside the package. ``anchors`` maps each
    document to the anchors of its headings. ``parts``: beginnings and ends of words that the code puts together, as in
    ``f"{what}_limit"``. ``tools``: words of scripts/ and of what supports the tests.
    """

    files: Words
    commands: Mapping[str, Words]
    script_flags: Words
    variables: Words
    members: Mapping[str, Words | None]
    words: Words
    parts: Words = frozenset()
    tools: Words = frozenset()
    routes: tuple[re.Pattern[str], ...] = ()
    anchors: Mapping[str, Words] = field(default_factory=dict)


def read_files(root: Path) -> Words:
    """Return the paths of all files and folders below the root, without what is installed or generated."""
    found = set()
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _UNREAD]
        found |= {Path(folder, name).relative_to(root).as_posix() for name in (*folders, *files)}
    return frozenset(found)


def read_commands() -> dict[str, Words]:
    """Return the flags of every command of the program."""
    import click

    from dashboard.cli import main

    def walk(command: click.Command, name: str) -> None:
        flags = [flag for each in command.params for flag in (*each.opts, *each.secondary_opts)]
        found[name] = frozenset([*flags, "--help"])
        if isinstance(command, click.Group):
            context = click.Context(command)
            for each in command.list_commands(context):
                child = command.get_command(context, each)
                assert child is not None  # it is in the list
                walk(child, f"{name} {each}".strip())

    found: dict[str, Words] = {}
    walk(main, "")
    return found


def read_variables() -> Words:
    """Return the environment variables that the program reads."""
    from dataclasses import fields

    from dashboard.settings import OTHER_VARIABLES, Settings, variable

    return OTHER_VARIABLES | {variable(field.name) for field in fields(Settings)}


def _defined(body: Iterable[ast.stmt]) -> set[str]:
    """Return the names that a module's or class's body binds, ``self.name`` in methods included."""
    found: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.ClassDef | Function):
                found.add(node.name)
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.id if isinstance(node, ast.Name) else node.attr)
            elif isinstance(node, ast.alias):
                found.add((node.asname or node.name).partition(".")[0])
    return found


def read_members(modules: list[Module]) -> dict[str, Words | None]:
    """Return what each module and each class defines, inherited names included."""
    members: dict[str, Words | None] = {}
    for module in modules:
        inside = {other.name.rpartition(".")[2] for other in modules if other.name.rpartition(".")[0] == module.name}
        members[module.name] = frozenset(_defined(module.syntax.body) | inside)
    classes = {node.name: node for module in modules for node in module.nodes if isinstance(node, ast.ClassDef)}

    def of_class(name: str, below: tuple[str, ...] = ()) -> Words | None:
        if name not in classes or name in below:
            return None
        bases = [of_class(ast.unparse(base).rpartition(".")[2], (*below, name)) for base in classes[name].bases]
        known = [base for base in bases if base is not None]
        return None if len(known) < len(bases) else frozenset(_defined(classes[name].body)).union(*known)

    return members | {name: of_class(name) for name in classes}


def read_words(modules: Iterable[Module]) -> Words:
    """Return the words of the code: every identifier, and the words of all strings that are no docstrings."""
    found: set[str] = set()
    for module in modules:
        docstrings = {
            id(node.body[0].value)
            for node in module.nodes
            if isinstance(node, ast.Module | ast.ClassDef | Function)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in module.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in docstrings:
                text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
                found.update(re.findall(r"\w+", text))
            for _, value in ast.iter_fields(node):
                if isinstance(value, str) and not isinstance(node, ast.Constant):
                    found.update(value.split("."))
    return frozenset(found)


def read_parts(modules: Iterable[Module]) -> Words:
    """Return the beginnings and ends of words in formatted strings."""
    texts = [
        part.value
        for module in modules
        for node in module.nodes
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    return frozenset(word for word in words if word.startswith("_") != word.endswith("_"))


def documents(root: Path) -> list[Path]:
    """Return README.md and the files of docs/."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def anchors_of(text: str) -> frozenset[str]:
    """Return the anchors of a document's headings, as GitHub names them."""
    found: dict[str, int] = {}
    anchors = set()
    for heading in _HEADING.findall(FENCE.sub("", text)):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w -]", "", words).replace(" ", "-")
        anchors.add(f"{anchor}-{found[anchor]}" if anchor in found else anchor)
        found[anchor] = found.get(anchor, 0) + 1
    return frozenset(anchors)


def read_routes() -> tuple[re.Pattern[str], ...]:
    """Return the paths that the program serves and their beginnings, as patterns; a variable in a path matches anything."""
    from dashboard.accounts.policies import POLICIES

    paths = sorted({name.partition(" ")[2] for name in POLICIES if " /" in name})
    beginnings = {path[: found.start()] for path in paths for found in re.finditer("/", path) if found.start()}
    return tuple(
        re.compile(".+".join(map(re.escape, re.split(r"{\w+}", path)))) for path in sorted({*paths, *beginnings})
    )


def read_vocabulary(root: Path, modules: list[Module]) -> Vocabulary:
    """Return the names of this project; loads the program for its commands and settings."""
    scripts = [file for file in (root / "scripts").iterdir() if file.is_file()]
    browser = [file.read_text("utf-8") for file in sorted((root / "static" / "js").rglob("*.js"))]
    tools = [file.read_text("utf-8") for part in ("scripts", "tests/support") for file in (root / part).rglob("*.py")]
    return Vocabulary(
        files=read_files(root),
        commands=read_commands(),
        script_flags=frozenset(
            flag for file in scripts for flag in re.findall(r"--[a-z][\w-]*", file.read_text("utf-8"))
        ),
        variables=read_variables(),
        members=read_members(modules),
        parts=read_parts(modules),
        tools=frozenset().union(*(re.findall(r"\w+", text) for text in tools)),
        routes=read_routes(),
        anchors={file.relative_to(root).as_posix(): anchors_of(file.read_text("utf-8")) for file in documents(root)},
        words=read_words(modules).union(*(re.findall(r"\w+", text) for text in browser)),
    )
