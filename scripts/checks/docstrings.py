"""Openings of docstrings: an imperative verb for public functions, a noun phrase for modules, classes and properties.

The verbs are a list (``ceilings.toml``), so that a noun is never taken for one. A verb that is missing there is added.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator

from scripts.checks.tree import Documented, Finding, Function, Module, documented


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Openings that make a riddle of what follows.
RIDDLES = _listed(
    "what who whom whose whether where how when why which one once that those somebody someone nobody everybody everyone "
    "anybody anyone nothing something everything it they he she we you i there whatever whoever"
)
#: Words after which a verb of the list was a noun: "Name of the node", "Count that is kept".
_AFTER_NOUN = _listed("of which who is are was were has have")
#: Verbs that begin lists of nouns: "Time and value", "Hash, token".
_ALSO_NOUNS = _listed(
    "answer count hash key label name note number place record request sample state sum time token view"
)
#: Words after which a verb has an object: "Keep the", "Keeps the".
_BEFORE_OBJECT = _listed("a an the its every each all what whether how me us them")
_PREPOSITIONS = _listed("after as at before by for from in of to until with without")
_WORD = re.compile(r"[A-Za-z'’-]+|\S")


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text.partition("\n")[0])[:2]] + ["", ""]


def imperative_fault(text: str, verbs: Collection[str]) -> str:
    """Return why a sentence does not begin with an imperative verb; empty if it does."""
    word, following = _words(text)[:2]
    if word in RIDDLES:
        return f"opens with the riddle “{word}”"
    if word not in verbs:
        return f"“{word}” is not in the list of verbs"
    is_noun = following in _AFTER_NOUN or (following in ("and", ",") and word in _ALSO_NOUNS)
    return f"“{word} {following}” opens a noun phrase" if is_noun and word != "dispose" else ""


def noun_fault(text: str, verbs: Collection[str]) -> str:
    """Return why a sentence does not begin with a noun phrase, as far as this can be told; empty if it may."""
    word, following = _words(text)[:2]
    if word in RIDDLES:
        return f"opens with the riddle “{word}”"
    if word in _PREPOSITIONS:
        return f"opens with “{word}”, not with a noun phrase"
    is_verb = word in verbs or (word.endswith("s") and word[:-1] in verbs)
    return f"“{word} {following}” opens a clause, not a noun phrase" if is_verb and following in _BEFORE_OBJECT else ""


def _is_named_by_noun(node: Function) -> bool:
    """Return whether a function is a property, or a group of commands: its docstring is the title of a help page."""
    return any(re.search(r"property$|\.getter$|\bgroup\(", ast.unparse(each)) for each in node.decorator_list)


def _fault(node: Documented, text: str, verbs: Collection[str]) -> str:
    if isinstance(node, Function) and not _is_named_by_noun(node):
        return imperative_fault(text, verbs)
    return noun_fault(text, verbs)


def public_docstrings(modules: Iterable[Module]) -> Iterator[tuple[Module, str, Documented, str]]:
    """Yield module, name, node and docstring of all that is documented and has no underscore in front of its name."""
    for module in modules:
        for name, node, text in documented(module.syntax):
            if not any(part.startswith("_") for part in name.split(".")):
                yield module, name or module.name, node, text


def unclear_docstrings(modules: Iterable[Module], verbs: Collection[str]) -> list[Finding]:
    """Return the public docstrings that do not say in their first words what the thing does or is."""
    return [
        module.at(node, f"{name} “{text.partition(chr(10))[0]}” {fault}")
        for module, name, node, text in public_docstrings(modules)
        if (fault := _fault(node, text, verbs))
    ]
