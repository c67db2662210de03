"""Expressions whose ranges reach beyond the raw window and consist of whole buckets."""

from __future__ import annotations

from itertools import product
from typing import Any

from dashboard.replica.series import Windows
from tests.promql.samples import LENGTH_MS

#: Two minutes of samples, then fine buckets, and coarse ones beyond the last twelve minutes.
WINDOWS = Windows(raw_ms=120_000, fine_ms=720_000)
_FUNCTIONS = (
    "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time", "last_over_time", "rate",
    "increase", "delta", "present_over_time",
)  # fmt: skip
_SELECTORS = (
    "http_requests_total", 'errors_total{job="api"}', "temperature_celsius", 'temperature_celsius{room="lab"}', "cpu_usage",
    "level", "up", "latency_seconds_bucket", "irregular", "slow", "once", '{job="web",__name__=~"c.*|i.*"}',
)  # fmt: skip
#: Range and offset in seconds. Whole minutes before the end; all within coarse buckets, all within fine ones, and across.
_SPANS = ((300, 1_200), (600, 960), (240, 360), (420, 240), (1_200, 300), (1_500, 0))
_AROUND = ("{}", "sum by (job) ({})")
#: Written ones: what is asked of counters and histograms, and the newest sample of a bucket with its time.
_WRITTEN = (
    "sum by (job) (rate(http_requests_total[{0}s]{1}))",
    'sum by (instance) (increase(http_requests_total{{code=~"5.."}}[{0}s]{1}))',
    "sum by (job) (rate(errors_total[{0}s]{1})) / sum by (job) (rate(http_requests_total[{0}s]{1}))",
    "histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[{0}s]{1})))",
    "rate(latency_seconds_sum[{0}s]{1}) / rate(latency_seconds_count[{0}s]{1})",
    "topk(3, increase(http_requests_total[{0}s]{1}))",
    "sum without (code) (http_requests_total{1})",
    "timestamp(temperature_celsius{1})",
    "max by (job) (timestamp(http_requests_total{1}))",
    "temperature_celsius{1} - last_over_time(temperature_celsius[{0}s]{1})",
    "irregular{1}",
    "rate(jobs[{0}s]{1})",
)


def cases() -> list[dict[str, Any]]:
    """Return all queries, at one time."""
    found = []
    for function, selector, (span, offset), around in product(_FUNCTIONS, _SELECTORS, _SPANS, _AROUND):
        shifted = f" offset {offset}s" if offset else ""
        found.append(around.format(f"{function}({selector}[{span}s]{shifted})"))
    for text, (span, offset) in product(_WRITTEN, _SPANS):
        found.append(text.format(span, f" offset {offset}s" if offset else ""))
    return [{"q": text, "r": False} for text in found]


def parameters(case: dict[str, Any], start_ms: int) -> tuple[str, dict[str, str]]:
    """Return the route and the parameters. The time is the last millisecond of the samples, because a range is open on the left."""
    return "query", {"query": case["q"], "time": str((start_ms + LENGTH_MS - 1) / 1000)}
