"""Watched texts: selectors stay what they are, other texts are expressions. Pure.

An expression's values are derived series of a name of its own, so a view finds them by a selector like all others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dashboard.domain.errors import Invalid
from dashboard.domain.selector import Selector, make_matcher, parse_selector, parse_selectors
from dashboard.query.promql.errors import BadExpression
from dashboard.query.promql.parse import parse

#: Beginning of the names of derived series.
PREFIX = "expr:"
#: Distances of derived values in seconds; few, so that windows of different lengths share them.
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600)


class LiveSpec(NamedTuple):
    """An expression whose values a view shows, ``step_s`` apart, for ``window_ms``."""

    text: str
    step_s: int
    window_ms: int

    @property
    def name(self) -> str:
        """Name of its derived series, the same in every process."""
        digest = hashlib.blake2b(self.text.encode("utf-8", "replace"), digest_size=9).hexdigest()
        return f"{PREFIX}{digest}:{self.step_s}"

    @property
    def selector(self) -> Selector:
        """Selector of its derived series, and of the document that says what is wrong with it."""
        return Selector((make_matcher("__name__", "=", self.name),))


def step_for(window_ms: int, points: int) -> int:
    """Return the distance in seconds of the values that a window of so many points shows, at least 1."""
    wanted = window_ms / 1000 / points
    return next((step for step in _STEPS_S if step >= wanted), _STEPS_S[-1])


def is_selector(text: str) -> bool:
    """Return whether a text is a selector, which is no expression then."""
    try:
        parse_selector(text)
    except Invalid:
        return False
    return True


class Watched(NamedTuple):
    """Selectors in the order of the request, and the expressions among them."""

    selectors: tuple[Selector, ...]
    expressions: tuple[LiveSpec, ...]


def watched(texts: Sequence[str], expressions: Iterable[int], window_ms: int, points: int) -> Watched:
    """Return what texts select; those at the places ``expressions`` are expressions, right or wrong."""
    places = set(expressions)
    plain = iter(parse_selectors([text for place, text in enumerate(texts) if place not in places]))
    step_s = step_for(window_ms, points)
    specs = {place: LiveSpec(texts[place].strip(), step_s, window_ms) for place in sorted(places)}
    selectors = tuple(specs[place].selector if place in specs else next(plain) for place in range(len(texts)))
    return Watched(selectors, tuple(dict.fromkeys(specs.values())))


def fault_of(text: str) -> str:
    """Return what is wrong with an expression, with line and column; "": nothing."""
    try:
        parse(text)
    except BadExpression as error:
        return f"{error.line}:{error.column}: {error.why}"
    return ""


def expressions_among(texts: Sequence[str]) -> list[int]:
    """Return the places of the texts that are expressions; raise Invalid for a text that is neither that nor a selector."""
    found = []
    for place, text in enumerate(texts):
        if is_selector(text):
            continue
        try:
            parse(text)
        except BadExpression as error:
            if not any(sign in text for sign in "()[]+-*/%^@<> "):
                parse_selector(text)  # its reason fits better
            raise Invalid(
                f"{text[:60]!a} is neither a selector nor an expression: {error.line}:{error.column}: {error.why}",
                field="selectors",
            ) from None
        found.append(place)
    return found
