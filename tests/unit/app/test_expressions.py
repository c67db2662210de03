"""Limits of queries, from the settings."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.app.expressions import make_query_runner
from dashboard.expressions.runner import QueryLimits
from dashboard.settings import Settings


@pytest.mark.gen_test
async def test_each_limit_comes_from_its_setting() -> None:
    settings = Settings(max_query_samples=10, query_timeout_s=2, query_lookback_s=3)
    replicas: Any = None  # nothing is asked
    limits = make_query_runner(settings, replicas).limits
    assert limits == QueryLimits(max_samples=10, timeout_s=2, lookback_ms=3_000)
