"""Names in documents and docstrings that do not exist: paths, commands, flags, environment variables, symbols.

In documents also settings and other words with underscores, metrics, routes, and the headings that links lead to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from os.path import normpath
from pathlib import Path

from scripts.checks.tree import Finding, Module, documented
from scripts.checks.vocabulary import FENCE, Vocabulary, documents

_PATH = re.compile(r"(?<![\w./{<-])(?:dashboard|tests|scripts|docs|static|templates)/[\w./*-]*+(?![{<…])")
_FILE = re.compile(r"[\w./-]*\w\.(?:py|js|lua|css|html|mako)")
_LINK = re.compile(r"\]\((?![a-z]+:|#|/)([\w./-]+)[^)]*\)")
_VARIABLE = re.compile(r"\bDASHBOARD_[A-Z0-9_]*[A-Z0-9]\b")
_FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
_COMMAND = re.compile(r"(?:^|.*[/ ])(?:python3? -m )?dashboard (?P<rest>.*)")
_SYMBOL = re.compile(r"(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\([^()]*\))?")
_CAMEL = re.compile(r"(?:[A-Z]+[a-z0-9]+){2,}|[a-z]+(?:[A-Z][a-z0-9]+)+")
_FOR_DEVELOPERS = "docs/development.md"
_SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_METRIC = re.compile(r"dashboard_(\w+?)(?:_total|_bucket|_count|_sum|_created|_info)?")
_ROUTE = re.compile(r"(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE|ANY) )?(?P<path>/[\w.:{}*/-]*)(?:[?#]\S*)?")
_ANCHOR = re.compile(r"\]\(([\w./-]*)#([^)\s]+)\)")


def missing_paths(text: str, names: Vocabulary) -> Iterator[str]:
    """Yield the paths below the project's folders that match no file; ``*`` matches any."""
    for found in _PATH.findall(text):
        path = found.rstrip("./*-") if "*" not in found else found.rstrip("./-")
        if path not in names.files and not any(fnmatchcase(file, path) for file in names.files if "*" in path):
            yield path


def missing_file(span: str, names: Vocabulary) -> Iterator[str]:
    """Yield a code span that is a file's name, or the end of its path, if there is no such file."""
    if _FILE.fullmatch(span) and not any(f"/{file}".endswith(f"/{span}") for file in names.files):
        yield span


def missing_links(text: str, document: str, names: Vocabulary) -> Iterator[str]:
    """Yield the targets of links to files of the project, relative to the document, that are not there."""
    for target in _LINK.findall(text):
        if normpath(Path(document).parent / target) not in names.files:
            yield target


def missing_anchors(text: str, document: str, names: Vocabulary) -> Iterator[str]:
    """Yield the links to headings that a document of the project does not have."""
    for target, anchor in _ANCHOR.findall(text):
        path = normpath(Path(document).parent / target) if target else document
        if path in names.anchors and anchor not in names.anchors[path]:
            yield f"{target}#{anchor}"


def missing_word(span: str, document: str, names: Vocabulary) -> Iterator[str]:
    """Yield a code span that looks like a setting, a field or a metric, if the code has no such word."""
    metric = _METRIC.fullmatch(span)
    wanted = (
        {span, metric[1], span.removeprefix("dashboard_")} if metric else {span} if _SNAKE.fullmatch(span) else set()
    )
    known = names.words | names.tools if document == _FOR_DEVELOPERS else names.words
    if wanted and not wanted & known and not any(_is_put_together(word, names) for word in wanted):
        yield span


def _is_put_together(word: str, names: Vocabulary) -> bool:
    ends = [place for place, letter in enumerate(word) if letter == "_"]
    halves = [(word[:end], word[end:]) for end in ends] + [(word[: end + 1], word[end + 1 :]) for end in ends]
    return any({first, last} & names.parts and {first, last} & names.words for first, last in halves)


def missing_route(span: str, names: Vocabulary) -> Iterator[str]:
    """Yield a code span that looks like a route of this server, if there is none."""
    match = _ROUTE.fullmatch(span)
    if match is None or (match["path"] == span and not span.startswith("/api/")):
        return
    if not any(route.fullmatch(match["path"]) for route in names.routes):
        yield span


def missing_variables(text: str, names: Vocabulary) -> Iterator[str]:
    """Yield the environment variables that the program does not read."""
    yield from (found for found in _VARIABLE.findall(text) if found not in names.variables)


def wrong_command(line: str, names: Vocabulary) -> Iterator[str]:
    """Yield the command of a shell line, or its flags, that the program does not have."""
    if (match := _COMMAND.match(line.partition(" #")[0])) is None:
        return
    command = ""
    for word in re.split(r"[|;&>]|\s--\s", match["rest"])[0].split():
        deeper = f"{command} {word}".strip()
        is_group = any(name != command and name.startswith(f"{command} ".lstrip()) for name in names.commands)
        if deeper in names.commands:
            command = deeper
        elif word.startswith("--"):
            if word.partition("=")[0] not in names.commands[command]:
                yield f"dashboard {command} {word}"
        elif is_group and re.fullmatch(r"[a-z][a-z-]*", word):
            yield f"dashboard {deeper}"
            return


def missing_flags(text: str, names: Vocabulary) -> Iterator[str]:
    """Yield the flags that neither a command nor a script has."""
    known = names.script_flags.union(*names.commands.values())
    yield from (flag for flag in _FLAG.findall(text) if flag not in known)


def missing_symbol(span: str, names: Vocabulary) -> Iterator[str]:
    """Yield a code span that looks like a name of the code and is none: ``dashboard.x``, ``Class.member``, ``CamelCase``."""
    if (match := _SYMBOL.fullmatch(span)) is None:
        return
    first, *rest = match["name"].split(".")
    if first in names.members and rest:
        name = first
        for part in rest:
            members = names.members[name]
            if members is None:
                return
            if part not in members:
                yield span
                return
            name = next((each for each in (f"{name}.{part}", part) if each in names.members), "")
            if not name:
                return
    elif _CAMEL.fullmatch(first) and first not in names.words:
        yield span


def in_document(text: str, path: str, names: Vocabulary) -> Iterator[tuple[int, str]]:
    """Yield line and name of what a Markdown document names and what does not exist."""
    prose = FENCE.sub(lambda match: re.sub(r"[^\n]", "", match[0]), text)
    for number, (line, said) in enumerate(zip(text.split("\n"), prose.split("\n"), strict=True), 1):
        missing = [
            *missing_paths(line, names),
            *missing_links(said, path, names),
            *missing_anchors(said, path, names),
            *missing_variables(line, names),
        ]
        if line and not said:  # in a block of code
            missing += wrong_command(line, names)
        for span in re.findall(r"`([^`]+)`", said):
            missing += [*missing_file(span, names), *wrong_command(span, names), *missing_symbol(span, names)]
            missing += [*missing_word(span, path, names), *missing_route(span, names)]
            if span.startswith("--"):
                missing += missing_flags(span, names)
        yield from ((number, name) for name in dict.fromkeys(missing))


def in_docstring(text: str, names: Vocabulary) -> Iterator[str]:
    """Yield the names in a docstring that do not exist."""
    missing = [*missing_paths(text, names), *missing_variables(text, names), *missing_flags(text, names)]
    for span in re.findall(r"``([^`]+)``", text):
        missing += [*missing_file(span, names), *wrong_command(span, names), *missing_symbol(span, names)]
        if re.fullmatch(r"\w+(\(\))?", span) and span.removesuffix("()") not in names.words:
            missing.append(span)
    yield from dict.fromkeys(missing)


def missing_names(root: Path, modules: Iterable[Module], names: Vocabulary) -> list[tuple[str, Finding]]:
    """Return name and place of what README.md, the files of docs/ and the docstrings name and what does not exist."""
    found = []
    for file in documents(root):
        path = file.relative_to(root).as_posix()
        found += [(name, Finding(path, line, name)) for line, name in in_document(file.read_text("utf-8"), path, names)]
    for module in modules:
        for owner, node, text in documented(module.syntax):
            inside = f" (in {owner or module.name})"
            found += [(name, module.at(node, name + inside)) for name in in_docstring(text, names)]
    return found
