"""Errors of expressions."""

from __future__ import annotations

from dashboard.query.promql.errors import BadExpression


def test_a_wrong_expression_says_where() -> None:
    error = BadExpression("unexpected 'b'", line=2, column=7)
    assert (error.line, error.column, error.http_status) == (2, 7, 400)
    assert str(error) == "expr: 2:7: parse error: unexpected 'b'"
