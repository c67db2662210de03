"""Quantiles and fractions of classic histograms: series with the label ``le``.

Source: Prometheus, "Query functions"; ``promql/quantile.go``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from dashboard.query.promql.notes import BAD_BUCKET, NOT_MONOTONIC, Notes
from dashboard.query.promql.values import Bools, Floats, Labels, Vector, compact, drop, merged, without_name

_LE = "le"
#: A relative difference below it is rounding, not a decrease.
_TOLERANCE = 1e-12


#: A function of the buckets (upper bound, count) of one histogram at a step.
_OfBuckets: TypeAlias = Callable[[list[tuple[float, float]], int], float]


class _Family(NamedTuple):
    """Rows of one histogram, with their upper bounds in order."""

    rows: list[int]
    bounds: list[float]


def _families(vector: Vector, notes: Notes) -> dict[Labels, _Family]:
    found: dict[Labels, list[tuple[float, int]]] = {}
    for row, labels in enumerate(vector.labels):
        text = dict(labels).get(_LE, "")
        bound = _float(text)
        if bound is None:
            if vector.there[row].any():
                notes.warn(f'{BAD_BUCKET} of "{text}"')
            continue
        found.setdefault(drop(labels, (_LE,)), []).append((bound, row))
    families = {}
    for labels, pairs in found.items():
        pairs.sort(key=lambda pair: pair[0])
        families[labels] = _Family([row for _, row in pairs], [bound for bound, _ in pairs])
    return families


def _float(text: str) -> float | None:
    if not text or "_" in text or text != text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def quantile(vector: Vector, q: Floats, notes: Notes) -> Vector:
    """Return the ``q`` quantile of each histogram at each step."""

    def of(buckets: list[tuple[float, float]], step: int) -> float:
        return _quantile(float(q[step]), buckets, notes)

    return _of_each(vector, of, notes)


def fraction(vector: Vector, lower: Floats, upper: Floats, notes: Notes) -> Vector:
    """Return the fraction of each histogram's observations between two values."""

    def of(buckets: list[tuple[float, float]], step: int) -> float:
        return _fraction(float(lower[step]), float(upper[step]), buckets)

    return _of_each(vector, of, notes, unit="")


def _of_each(vector: Vector, of: _OfBuckets, notes: Notes, unit: str | None = None) -> Vector:
    families = _families(vector, notes)
    shape = len(families), vector.values.shape[1]
    values, there = np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    inputs = [0] * len(families) if vector.inputs else []
    for place, family in enumerate(families.values()):
        rows = family.rows
        present: Bools = vector.there[rows]
        there[place] = present.any(axis=0)
        if inputs:
            for row in rows:
                inputs[place] |= vector.inputs[row]
        counts = vector.values[rows]
        for step in np.flatnonzero(there[place]):
            column, exists = counts[:, step].tolist(), present[:, step].tolist()
            buckets = [
                (bound, count) for bound, count, is_there in zip(family.bounds, column, exists, strict=True) if is_there
            ]
            values[place, step] = of(buckets, int(step))
    labels = [without_name(each) for each in families]
    return compact(merged(Vector(labels, values, there, inputs, vector.unit if unit is None else unit)))


def _coalesced(buckets: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return one bucket for each upper bound; the counts of buckets with the same bound are added up."""
    joined: list[tuple[float, float]] = []
    for bound, count in buckets:
        if joined and joined[-1][0] == bound:
            joined[-1] = bound, joined[-1][1] + count
        else:
            joined.append((bound, count))
    return joined


def _quantile(q: float, buckets: list[tuple[float, float]], notes: Notes) -> float:
    if math.isnan(q):
        return math.nan
    if q < 0 or q > 1:
        return math.copysign(math.inf, q)
    if buckets[-1][0] != math.inf:
        return math.nan
    buckets = _monotonic(_coalesced(buckets), notes)
    observations = buckets[-1][1]
    if len(buckets) < 2 or observations == 0:
        return math.nan
    rank = q * observations
    at = _first_at_least(buckets, rank)
    if at == len(buckets) - 1:
        return buckets[-2][0]
    if at == 0 and buckets[0][0] <= 0:
        return buckets[0][0]
    start, (end, count) = 0.0, buckets[at]
    if at > 0:
        start = buckets[at - 1][0]
        count -= buckets[at - 1][1]
        rank -= buckets[at - 1][1]
    return start + (end - start) * _divided(rank, count)


def _first_at_least(buckets: list[tuple[float, float]], rank: float) -> int:
    """Return the first bucket whose count is at least ``rank``, by bisection as in Prometheus (counts may be NaN)."""
    low, high = 0, len(buckets) - 1
    while low < high:
        middle = (low + high) // 2
        if buckets[middle][1] >= rank:
            high = middle
        else:
            low = middle + 1
    return low


def _divided(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def _monotonic(buckets: list[tuple[float, float]], notes: Notes) -> list[tuple[float, float]]:
    """Return the buckets with counts that never fall.

    A count below the previous count is replaced by the previous count, and a remark is added to ``notes``.
    """
    fixed, before = [buckets[0]], buckets[0][1]
    for bound, count in buckets[1:]:
        if count == before:
            fixed.append((bound, count))
        elif _almost_equal(before, count):
            fixed.append((bound, before))
        elif count < before:
            notes.inform(NOT_MONOTONIC)
            fixed.append((bound, before))
        else:
            fixed.append((bound, count))
            before = count
    return fixed


def _almost_equal(a: float, b: float) -> bool:
    if math.isnan(a) and math.isnan(b):
        return True
    if a == b:
        return True
    difference, both = abs(a - b), abs(a) + abs(b)
    if a == 0 or b == 0 or both < 2.2250738585072014e-308:
        return difference < _TOLERANCE * 2.2250738585072014e-308
    return difference / min(both, 1.7976931348623157e308) < _TOLERANCE


def _fraction(lower: float, upper: float, buckets: list[tuple[float, float]]) -> float:
    if buckets[-1][0] != math.inf:
        return math.nan
    buckets = _coalesced(buckets)
    count = buckets[-1][1]
    if count == 0 or math.isnan(count) or math.isnan(lower) or math.isnan(upper):
        return math.nan
    if lower >= upper:
        return 0.0
    lower_rank, upper_rank = _rank(lower, buckets), _rank(upper, buckets)
    return (min(upper_rank, count) - min(lower_rank, count)) / count


def _rank(value: float, buckets: list[tuple[float, float]]) -> float:
    """Return how many observations are at most ``value``, by linear interpolation."""
    rank, bottom = 0.0, 0.0 if buckets[0][0] > 0 else -math.inf
    for at, (bound, count) in enumerate(buckets):
        low = buckets[at - 1][0] if at else bottom
        if low >= value:
            return rank
        if low < value < bound:
            return count if low == -math.inf else rank + (count - rank) * (value - low) / (bound - low)
        rank = count
    return buckets[-1][1]
