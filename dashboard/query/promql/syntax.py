"""Tree of an expression. Times are in milliseconds; source: Prometheus, "Querying basics" and "Operators".

Every selector has a ``place``, its number in the order of the text, which is the key of its samples.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from dashboard.domain.selector import Selector


class Kind(StrEnum):
    """Types of values, as Prometheus names them."""

    SCALAR = "scalar"
    VECTOR = "vector"
    MATRIX = "matrix"
    STRING = "string"


class When(Struct, frozen=True):
    """Shift of the times at which an operand is evaluated, from ``@`` and then ``offset``.

    ``@`` is followed by a time (``at_ms``), or by the start or the end of the query (``edge``: "start" or "end").
    """

    offset_ms: int = 0
    at_ms: int | None = None
    edge: str = ""

    @property
    def is_fixed(self) -> bool:
        """True if there is an ``@``, so that all steps have the same value."""
        return self.at_ms is not None or bool(self.edge)


class Number(Struct, frozen=True):
    """A number."""

    value: float


class Text(Struct, frozen=True):
    """A string."""

    value: str


class Instant(Struct, frozen=True):
    """Selector of each series' newest sample; ``written`` are its matchers as (label, operator, value)."""

    selector: Selector
    written: tuple[tuple[str, str, str], ...]
    when: When
    place: int


class Range(Struct, frozen=True):
    """Selector of the samples of a range."""

    instant: Instant
    range_ms: int


class Subquery(Struct, frozen=True):
    """Values of an expression over a range, ``step_ms`` milliseconds apart (0: the default)."""

    expr: Expr
    range_ms: int
    step_ms: int
    when: When


class Paren(Struct, frozen=True):
    """An expression in parentheses."""

    expr: Expr


class Negated(Struct, frozen=True):
    """An expression after a minus sign."""

    expr: Expr


class Call(Struct, frozen=True):
    """A call of a function."""

    name: str
    args: tuple[Expr, ...]
    returns: Kind


class VectorMatching(Struct, frozen=True):
    """Vector matching: ``labels`` are compared if ``on`` is True, else ignored.

    ``group``: the side with many series, "left" or "right", or "" for neither; ``include``: labels taken from the other side.
    """

    on: bool = False
    labels: tuple[str, ...] = ()
    group: str = ""
    include: tuple[str, ...] = ()


class Binary(Struct, frozen=True):
    """A binary operator; ``is_bool``: True for a comparison that gives 0 or 1."""

    op: str
    left: Expr
    right: Expr
    matching: VectorMatching
    is_bool: bool


class Aggregate(Struct, frozen=True):
    """An aggregation by ``labels``, or ``without`` them; ``param``: the first argument, of ``topk`` for example."""

    op: str
    expr: Expr
    param: Expr | None
    labels: tuple[str, ...]
    without: bool


Expr: TypeAlias = Number | Text | Instant | Range | Subquery | Paren | Negated | Call | Binary | Aggregate

SET_OPERATORS = ("and", "or", "unless")
COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")


def kind_of(expr: Expr) -> Kind:
    """Return the type of an expression's value."""
    if isinstance(expr, Number):
        return Kind.SCALAR
    if isinstance(expr, Text):
        return Kind.STRING
    if isinstance(expr, Range | Subquery):
        return Kind.MATRIX
    if isinstance(expr, Paren | Negated):
        return kind_of(expr.expr)
    if isinstance(expr, Call):
        return expr.returns
    if isinstance(expr, Binary):
        both = kind_of(expr.left) is Kind.SCALAR and kind_of(expr.right) is Kind.SCALAR
        return Kind.SCALAR if both else Kind.VECTOR
    return Kind.VECTOR


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the operands of an expression, in the order of the text."""
    if isinstance(expr, Range):
        return (expr.instant,)
    if isinstance(expr, Subquery | Paren | Negated):
        return (expr.expr,)
    if isinstance(expr, Call):
        return expr.args
    if isinstance(expr, Binary):
        return expr.left, expr.right
    if isinstance(expr, Aggregate):
        return (expr.expr,) if expr.param is None else (expr.param, expr.expr)
    return ()


def selectors_of(expr: Expr) -> list[Instant]:
    """Return all selectors of an expression, in the order of the text."""
    if isinstance(expr, Instant):
        return [expr]
    return [found for child in children(expr) for found in selectors_of(child)]


def may_grow(expr: Expr) -> bool:
    """Return whether an expression may need more values or text than its selectors have: by a subquery, or by labels that it makes."""
    if isinstance(expr, Subquery) or (isinstance(expr, Call) and expr.name in ("label_join", "label_replace")):
        return True
    if isinstance(expr, Aggregate) and expr.op == "count_values":
        return True
    return any(may_grow(child) for child in children(expr))


def size_of(expr: Expr) -> int:
    """Count the nodes of an expression's tree."""
    return 1 + sum(map(size_of, children(expr)))
