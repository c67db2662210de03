"""The tree of an expression, as ``parse_query`` of Prometheus shows it."""

from __future__ import annotations

import pytest

from dashboard.query.promql.parse import parse
from dashboard.web.prometheus.tree import Json, tree_json


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("1.5", {"type": "numberLiteral", "val": "1.5"}),
        ('"a"', {"type": "stringLiteral", "val": "a"}),
        ("(1)", {"type": "parenExpr", "expr": {"type": "numberLiteral", "val": "1"}}),
    ],
)
def test_small_trees(source: str, found: Json) -> None:
    assert tree_json(parse(source)) == found


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ("-cpu", {"type": "unaryExpr", "op": "-"}),
        ("cpu[5m]", {"type": "matrixSelector", "name": "cpu", "range": 300_000}),
        ("cpu offset 1m", {"type": "vectorSelector", "name": "cpu", "offset": 60_000, "timestamp": None}),
        ("cpu @ end()", {"type": "vectorSelector", "startOrEnd": "end"}),
        ("cpu[5m:1m]", {"type": "subquery", "range": 300_000, "step": 60_000}),
        (
            "sum by (host) (cpu)",
            {"type": "aggregation", "op": "sum", "grouping": ["host"], "without": False, "param": None},
        ),
        ("1 + 2", {"type": "binaryExpr", "op": "+", "matching": None, "bool": False}),
        ("1 == bool 2", {"type": "binaryExpr", "op": "==", "bool": True}),
    ],
)
def test_fields_of_nodes(source: str, fields: dict[str, Json]) -> None:
    found = tree_json(parse(source))
    assert isinstance(found, dict)
    assert found | fields == found


def test_matchers_are_shown_as_written() -> None:
    found = tree_json(parse('cpu{host=~"a|b"}'))
    assert isinstance(found, dict)
    matchers = found["matchers"]
    assert isinstance(matchers, list)
    assert {"name": "host", "type": "=~", "value": "a|b"} in matchers
    assert {"name": "__name__", "type": "=", "value": "cpu"} in matchers


def test_a_call_names_the_types_of_its_function() -> None:
    found = tree_json(parse("rate(cpu[5m])"))
    assert isinstance(found, dict)
    assert found["func"] == {"name": "rate", "argTypes": ["matrix"], "variadic": 0, "returnType": "vector"}


@pytest.mark.parametrize(
    ("source", "card", "on", "include"),
    [
        ("a + b", "one-to-one", False, []),
        ("a + on (x) group_left (y) b", "many-to-one", True, ["y"]),
        ("a + on (x) group_right b", "one-to-many", True, []),
        ("a and b", "many-to-many", False, []),
    ],
)
def test_matching_of_two_vectors(source: str, card: str, on: bool, include: list[Json]) -> None:
    found = tree_json(parse(source))
    assert isinstance(found, dict)
    matching = found["matching"]
    assert isinstance(matching, dict)
    assert (matching["card"], matching["on"], matching["include"]) == (card, on, include)
