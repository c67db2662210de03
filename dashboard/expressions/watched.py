"""Watched texts: each is a selector or an expression. Pure.

The values of an expression are derived series with a name of their own, so a view finds them by a selector, like all other series.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from dashboard.domain.errors import Invalid
from dashboard.domain.selector import Selector, check_weight, make_matcher, parse_selector, parse_selectors
from dashboard.query.promql.errors import BadExpression
from dashboard.query.promql.parse import parse
from dashboard.query.promql.syntax import Expr, Kind, kind_of

#: Beginning of the names of derived series.
PREFIX = "expr:"
#: Steps of derived series in seconds. There are only few, so that windows of different lengths share derived series.
_STEPS_S = (1, 2, 5, 10, 30, 60, 120, 300)
#: Values of a derived series in the longest window that has its step.
_POINTS = 1_000
#: Requests whose parsed texts are remembered, and most characters of one; the texts of others are parsed each time.
_REMEMBERED = 64
_REMEMBERED_CHARACTERS = 16_000


class LiveSpec(NamedTuple):
    """An expression whose values a view shows, ``step_s`` seconds apart. Views of similar windows share such an expression."""

    text: str
    step_s: int

    @property
    def history_s(self) -> int:
        """Length of the history in seconds, enough for every window that has this step."""
        return _POINTS * self.step_s

    @property
    def name(self) -> str:
        """Name of its derived series, the same in every process."""
        digest = hashlib.blake2b(self.text.encode("utf-8", "replace"), digest_size=9).hexdigest()
        return f"{PREFIX}{digest}:{self.step_s}"

    @property
    def selector(self) -> Selector:
        """Selector that matches the expression's derived series and the document with the expression's state."""
        return Selector((make_matcher("__name__", "=", self.name),))


def step_for(window_ms: int) -> int:
    """Return the step in seconds, at least 1, of the derived series for a window."""
    wanted = window_ms / 1000 / _POINTS
    return next((step for step in _STEPS_S if step >= wanted), _STEPS_S[-1])


class Watched(NamedTuple):
    """Selectors in the order of the request, and the expressions among them."""

    selectors: tuple[Selector, ...]
    expressions: tuple[LiveSpec, ...]


def watched(texts: Sequence[str], expressions: Iterable[int], window_ms: int) -> Watched:
    """Parse the selectors and expressions of a view. ``window_ms``: length of the view's window. ``expressions``:
    indices of the texts that are expressions, valid or not; the others are selectors."""
    places = set(expressions)
    plain = iter(parse_selectors([text for place, text in enumerate(texts) if place not in places]))
    return _joined([None if place in places else next(plain) for place in range(len(texts))], texts, window_ms)


def _joined(plain: Sequence[Selector | None], texts: Sequence[str], window_ms: int) -> Watched:
    """Return the parsed view. ``plain``: the selectors in the order of the request; None in the place of an expression."""
    step_s = step_for(window_ms)
    specs = {place: LiveSpec(texts[place].strip(), step_s) for place, found in enumerate(plain) if found is None}
    selectors = tuple(specs[place].selector if found is None else found for place, found in enumerate(plain))
    return Watched(selectors, tuple(dict.fromkeys(specs.values())))


def watched_again(texts: Sequence[str], expressions: Sequence[int] | None, window_ms: int) -> Watched:
    """Parse texts as ``watched`` does; results for short texts are cached, because many screens watch the same
    expressions.

    ``expressions`` None: find out which texts are expressions. Raises Invalid.
    """
    known = _parsed if sum(map(len, texts)) > _REMEMBERED_CHARACTERS else _remembered
    return known(tuple(texts), None if expressions is None else tuple(expressions), window_ms)


def _parsed(texts: tuple[str, ...], expressions: tuple[int, ...] | None, window_ms: int) -> Watched:
    if expressions is None:
        return _joined(selectors_among(texts), texts, window_ms)
    return watched(texts, expressions, window_ms)


_remembered = lru_cache(maxsize=_REMEMBERED)(_parsed)


def fault_of(text: str) -> str:
    """Return the fault of an expression with line and column, "" for a valid expression."""
    try:
        parse(text)
    except BadExpression as error:
        return f"{error.line}:{error.column}: {error.why}"
    return ""


def live_expression(text: str) -> tuple[Expr | None, str]:
    """Parse an expression that is evaluated every second.

    Return two values: the expression, None if it is not valid; and its fault, "" if it has none.
    """
    try:
        expr = parse(text)
    except BadExpression as error:
        return None, f"{error.line}:{error.column}: {error.why}"
    if kind_of(expr) not in (Kind.VECTOR, Kind.SCALAR):
        return expr, f"1:1: a {kind_of(expr).value} has no value at a time; write a function around it"
    return expr, ""


def selectors_among(texts: Sequence[str]) -> list[Selector | None]:
    """Return the selector that each text is, None for an expression.

    Raises Invalid for a text that is neither, and if the regular expressions cost too much to compile.
    """
    check_weight(texts)
    found: list[Selector | None] = []
    for text in texts:
        with suppress(Invalid):
            found.append(parse_selector(text))
            continue
        try:
            parse(text)
        except BadExpression as error:
            if not any(sign in text for sign in "()[]+-*/%^@<> "):
                parse_selector(text)  # raises Invalid with the better reason for this text
            raise Invalid(
                f"{text[:60]!a} is neither a selector nor an expression: {error.line}:{error.column}: {error.why}",
                field="selectors",
            ) from None
        found.append(None)
    return found
