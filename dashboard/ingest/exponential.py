"""Percentiles of exponential histograms, which OTLP and Prometheus (native histograms) share.

Source: the OpenTelemetry metrics data model, "ExponentialHistogram": the bucket of index i holds values from base**i to
base**(i+1), where base is 2**(2**-scale).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.domain.errors import Invalid

_PARTS = ((0.5, "_p50"), (0.9, "_p90"), (0.99, "_p99"))


def middle(index: int, scale: int) -> float:
    """Return the geometric mean of the bounds of the bucket ``index`` at a scale; raises Invalid when a double cannot
    hold it."""
    power = (index + 0.5) * 2.0**-scale
    if not -1_020 < power < 1_020:
        raise Invalid("a bucket's bounds are too large for a 64-bit float", field="offset")
    return float(2.0**power)


def quantiles(spread: Sequence[tuple[float, float]]) -> Iterator[tuple[str, float]]:
    """Yield suffix and value of each percentile; yield nothing if all counts are 0.

    ``spread``: (value, count) pairs, ascending by value.
    """
    total = sum(count for _, count in spread)
    if total > 0:
        for part, suffix in _PARTS:
            yield suffix, _at(spread, part * total)


def _at(spread: Sequence[tuple[float, float]], rank: float) -> float:
    for value, count in spread:
        rank -= count
        if rank <= 0:
            return value
    return spread[-1][0]
