"""Expressions whose ranges reach beyond the raw window and consist of whole buckets."""

from __future__ import annotations

from itertools import product
from typing import Any

from dashboard.replica.series import Windows
from tests.promql.samples import LENGTH_MS

#: Two minutes of samples, then fine buckets, and coarse ones beyond the last twelve minutes.
WINDOWS = Windows(raw_ms=120_000, fine_ms=720_000)
_FUNCTIONS = ("sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time")
_SELECTORS = (
    "http_requests_total", 'errors_total{job="api"}', "temperature_celsius", 'temperature_celsius{room="lab"}', "cpu_usage",
    "level", "up", "latency_seconds_bucket", "irregular", "slow", "once", '{job="web",__name__=~"c.*|i.*"}',
)  # fmt: skip
#: Range and offset in seconds. Whole minutes before the end; all within coarse buckets, all within fine ones, and across.
_SPANS = ((300, 1_200), (600, 960), (240, 360), (420, 240), (1_200, 300), (1_500, 0))
_AROUND = ("{}", "sum by (job) ({})")


def cases() -> list[dict[str, Any]]:
    """All queries, at one time."""
    found = []
    for function, selector, (span, offset), around in product(_FUNCTIONS, _SELECTORS, _SPANS, _AROUND):
        shifted = f" offset {offset}s" if offset else ""
        found.append(around.format(f"{function}({selector}[{span}s]{shifted})"))
    return [{"q": text, "r": False} for text in found]


def parameters(case: dict[str, Any], start_ms: int) -> tuple[str, dict[str, str]]:
    """The route and the parameters: the last millisecond of the samples, because a range is open on the left."""
    return "query", {"query": case["q"], "time": str((start_ms + LENGTH_MS - 1) / 1000)}
