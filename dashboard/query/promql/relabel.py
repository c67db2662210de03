"""label_replace, label_join, and the labels of absent. Source: Prometheus, "Query functions"."""

from __future__ import annotations

import re
from collections.abc import Sequence

import re2

from dashboard.query.promql.budget import Budget
from dashboard.query.promql.errors import FailedExpression
from dashboard.query.promql.syntax import Expr, Instant, Paren, Range
from dashboard.query.promql.values import NAME, Labels, Vector, merged, with_label

_MAX_PATTERN_BYTES = 1_000
_REFERENCE = re.compile(r"\$(?:(\$)|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20


def replace(vector: Vector, target: str, template: str, source: str, pattern: str, budget: Budget) -> Vector:
    """Return the vector with the label ``target`` set from a match in ``source``; rows without a match stay unchanged."""
    if len(pattern.encode()) > _MAX_PATTERN_BYTES:
        raise FailedExpression("invalid regular expression in label_replace(): longer than 1000 bytes")
    try:
        compiled = re2.compile(f"(?s:{pattern})", _OPTIONS)
    except re2.error:
        raise FailedExpression(f"invalid regular expression in label_replace(): {pattern}") from None
    _check(target, "destination", "label_replace")
    rows = list[Labels]()
    for labels in vector.labels:
        found = compiled.fullmatch(dict(labels).get(source, ""))
        if found is None:
            rows.append(labels)
            continue
        text = _expanded(template, found)
        budget.spend_text(len(text))
        rows.append(with_label(labels, target, text))
    return merged(Vector(rows, vector.values, vector.there, vector.inputs, vector.unit))


def _expanded(template: str, found: re.Match[str]) -> str:
    def value(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        try:
            return found[int(name) if name.isdecimal() else name] or ""
        except (IndexError, KeyError):
            return ""

    return _REFERENCE.sub(value, template)


def join(vector: Vector, target: str, separator: str, sources: Sequence[str], budget: Budget) -> Vector:
    """Return the vector with the label ``target`` set to the joined values of ``sources``."""
    for source in sources:
        _check(source, "source", "label_join")
    _check(target, "destination", "label_join")
    rows = []
    for labels in vector.labels:
        known = dict(labels)
        text = separator.join(known.get(source, "") for source in sources)
        budget.spend_text(len(text))
        rows.append(with_label(labels, target, text))
    return merged(Vector(rows, vector.values, vector.there, vector.inputs, vector.unit))


def _check(label: str, what: str, function: str) -> None:
    if not label:
        raise FailedExpression(f"invalid {what} label name in {function}(): {label}")


def of_absent(expr: Expr) -> Labels:
    """Return the labels that a selector compares by equality exactly once; return no labels for other expressions."""
    while isinstance(expr, Paren):
        expr = expr.expr
    if isinstance(expr, Range):
        expr = expr.instant
    if not isinstance(expr, Instant):
        return ()
    labels: Labels = ()
    seen = set[str]()
    for label, operator, value in expr.written:
        if label == NAME:
            continue
        labels = with_label(labels, label, value if operator == "=" and label not in seen else "")
        if operator == "=":
            seen.add(label)
    return labels
