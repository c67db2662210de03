"""Composition of expressions: the runner of queries, with the settings' limits."""

from __future__ import annotations

from dashboard.expressions.runner import QueryLimits, QueryRunner
from dashboard.replication.replicas import Replicas
from dashboard.settings import Settings


def make_query_runner(settings: Settings, replicas: Replicas) -> QueryRunner:
    """Return the runner of this process."""
    limits = QueryLimits(
        max_samples=settings.max_query_samples,
        timeout_s=settings.query_timeout_s,
        lookback_ms=settings.query_lookback_s * 1000,
    )
    return QueryRunner(replicas, limits)
