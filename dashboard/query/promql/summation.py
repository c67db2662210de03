"""Compensated sums (Kahan's, as improved by Neumaier), as in Prometheus, so that small values are not lost beside large values."""

from __future__ import annotations

import numpy as np

from dashboard.query.promql.values import Bools, Floats


class CompensatedSum:
    """Sums in an array, advanced together. ``lost``: the sum of what ``value`` has lost by rounding."""

    __slots__ = ("lost", "value")

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.value: Floats = np.zeros(shape)
        self.lost: Floats = np.zeros(shape)

    def add(self, values: Floats, active: Bools) -> None:
        """Add a value to each active sum."""
        before = self.value
        after = before + values
        larger = np.abs(before) >= np.abs(values)
        rounding = np.where(larger, (before - after) + values, (values - after) + before)
        lost = np.where(np.isinf(after), 0.0, self.lost + rounding)
        self.value = np.where(active, after, before)
        self.lost = np.where(active, lost, self.lost)

    def result(self) -> Floats:
        """Return the sums."""
        return np.where(np.isinf(self.value), self.value, self.value + self.lost)


def summed(values: list[float]) -> tuple[float, float]:
    """Return the sum of numbers and its lost part, exactly as ``CompensatedSum`` computes them."""
    total = lost = 0.0
    for value in values:
        after = total + value
        if after - after != 0:  # infinite or NaN
            lost = 0.0 if after == after else lost + (total - after) + value
        elif abs(total) >= abs(value):
            lost += (total - after) + value
        else:
            lost += (value - after) + total
        total = after
    return total, lost
