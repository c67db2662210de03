"""Tree of an expression as Prometheus' JSON for ``parse_query``. Source: ``web/api/v1/translate_ast.go`` of Prometheus."""

from __future__ import annotations

from typing import TypeAlias

from dashboard.query.promql.signatures import FUNCTIONS
from dashboard.query.promql.syntax import (
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Expr,
    Instant,
    Kind,
    Negated,
    Number,
    Paren,
    Range,
    Subquery,
    Text,
    When,
    kind_of,
)
from dashboard.web.prometheus.answers import number

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def tree_json(expr: Expr) -> Json:
    """Return the tree as JSON values."""
    if isinstance(expr, Number):
        return {"type": "numberLiteral", "val": number(expr.value)}
    if isinstance(expr, Text):
        return {"type": "stringLiteral", "val": expr.value}
    if isinstance(expr, Paren):
        return {"type": "parenExpr", "expr": tree_json(expr.expr)}
    if isinstance(expr, Negated):
        return {"type": "unaryExpr", "op": "-", "expr": tree_json(expr.expr)}
    if isinstance(expr, Instant):
        return {"type": "vectorSelector", **_selector(expr)}
    if isinstance(expr, Range):
        return {"type": "matrixSelector", "range": expr.range_ms, "rangeExpr": None, **_selector(expr.instant)}
    if isinstance(expr, Subquery):
        steps: dict[str, Json] = {"range": expr.range_ms, "rangeExpr": None, "step": expr.step_ms, "stepExpr": None}
        return {"type": "subquery", "expr": tree_json(expr.expr), **steps, **_when(expr.when)}
    if isinstance(expr, Call):
        return _call(expr)
    if isinstance(expr, Aggregate):
        return {
            "type": "aggregation",
            "op": expr.op,
            "expr": tree_json(expr.expr),
            "param": None if expr.param is None else tree_json(expr.param),
            "grouping": list[Json](expr.labels),
            "without": expr.without,
        }
    return _binary(expr)


def _selector(node: Instant) -> dict[str, Json]:
    name = next((value for label, operator, value in node.written if (label, operator) == ("__name__", "=")), "")
    matchers: list[Json] = [
        {"name": label, "type": operator, "value": value} for label, operator, value in node.written
    ]
    return {"name": name, "matchers": matchers, "anchored": False, "smoothed": False, **_when(node.when)}


def _when(when: When) -> dict[str, Json]:
    return {
        "offset": when.offset_ms,
        "offsetExpr": None,
        "timestamp": when.at_ms,
        "startOrEnd": when.edge or None,
    }


def _call(node: Call) -> Json:
    signature = FUNCTIONS[node.name]
    function: Json = {
        "name": node.name,
        "argTypes": [kind.value for kind in signature.args],
        "variadic": signature.optional,
        "returnType": signature.returns.value,
    }
    return {"type": "call", "func": function, "args": [tree_json(arg) for arg in node.args]}


def _binary(node: Binary) -> Json:
    matching: Json = None
    if kind_of(node.left) is Kind.VECTOR and kind_of(node.right) is Kind.VECTOR:
        cards = {"left": "many-to-one", "right": "one-to-many"}
        matching = {
            "card": "many-to-many" if node.op in SET_OPERATORS else cards.get(node.matching.group, "one-to-one"),
            "labels": list[Json](node.matching.labels),
            "on": node.matching.on,
            "include": list[Json](node.matching.include),
            "fillValues": {"lhs": None, "rhs": None},
        }
    left, right = tree_json(node.left), tree_json(node.right)
    return {"type": "binaryExpr", "op": node.op, "lhs": left, "rhs": right, "matching": matching, "bool": node.is_bool}
