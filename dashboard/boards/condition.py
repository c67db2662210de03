"""Conditions of requests about a board: the headers ``If-Match`` and ``If-None-Match`` (RFC 9110, sections 13.1.1 and 13.1.2)."""

from __future__ import annotations

import re
from typing import NamedTuple

#: Entity tag, also a weak one or one without quotes.
_TAG = re.compile(r'(?:W/)?"([^"]*)"|([^\s,"]+)')
_ANY = frozenset({"*"})


def tags_in(header: str) -> frozenset[str]:
    """Return the entity tags in the value of a header, without quotes; ``*`` stands for any tag.

    Weak tags count as strong ones: proxies that compress a response make its tag weak.
    """
    return frozenset(quoted or bare for quoted, bare in _TAG.findall(header))


class TagCondition(NamedTuple):
    """TagCondition of a request: the board has a tag of ``match``, and none of ``none_match``; an empty set is no condition."""

    match: frozenset[str] = frozenset()
    none_match: frozenset[str] = frozenset()

    def allows(self, tag: str) -> bool:
        """Return whether ``match`` holds for a board with this tag; an empty tag stands for a board that does not exist."""
        return not self.match or (bool(tag) and (self.match == _ANY or tag in self.match))

    def excludes(self, tag: str) -> bool:
        """Return whether ``none_match`` names the tag of a board; an empty tag stands for a board that does not exist."""
        return bool(tag) and (self.none_match == _ANY or tag in self.none_match)


#: TagCondition that every state of a board meets.
NO_CONDITION = TagCondition()
