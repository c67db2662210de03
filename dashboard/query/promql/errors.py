"""Errors of expressions, by the kinds of Prometheus' HTTP API."""

from __future__ import annotations

from dashboard.domain.errors import DashboardError, Invalid


class BadExpression(Invalid):
    """A text that is not a valid expression. ``line`` and ``column`` count from 1, in characters."""

    def __init__(self, reason: str, *, line: int, column: int) -> None:
        super().__init__(f"{line}:{column}: parse error: {reason}", field="expr")
        self.line = line
        self.column = column
        self.why = reason


class FailedExpression(DashboardError):
    """A valid expression that cannot be evaluated over the present samples."""

    code = "execution"
    http_status = 422


class OverBudget(FailedExpression):
    """An evaluation that would need more samples than allowed."""

    code = "execution"


class OutOfTime(DashboardError):
    """An evaluation that has taken longer than allowed."""

    code = "timeout"
    http_status = 503
