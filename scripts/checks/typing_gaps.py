"""Places where the type checker or the linter is told to look away: ``Any``, ``type: ignore``, ``noqa``."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator

from scripts.checks.tree import Finding, Module

_MARK = re.compile(r"#?\s*(type:\s*ignore(\[[^]]*\])?|noqa(:\s*[A-Z]+\d+([\s,]+[A-Z]+\d+)*)?)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{2}")


def any_outside_decoders(modules: Iterable[Module], decoders: Collection[str]) -> list[Finding]:
    """Return the uses of ``Any`` outside the files where bytes become values."""
    return [
        module.at(node, "Any")
        for module in modules
        if module.path not in decoders
        for node in module.nodes
        if (isinstance(node, ast.Name) and node.id == "Any") or (isinstance(node, ast.Attribute) and node.attr == "Any")
    ]


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def exemptions_without_reason(modules: Iterable[Module]) -> list[Finding]:
    """Return the ``type: ignore`` and ``noqa`` comments without a reason."""
    return [
        Finding(module.path, line, comment)
        for module in modules
        if _MARK.search(module.text)  # tokenising all files takes seconds
        for line, comment in _comments(module.text)
        if _MARK.search(comment) and not _WORD.search(_MARK.sub("", comment))
    ]
