"""Runs of many series at once, as columns: the samples of each series in each of some time steps. Pure.

The results are those of ``run_of``, to the bit, so that it makes no difference by which way samples come into the buckets.
"""

from __future__ import annotations

from math import fsum
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

_Floats: TypeAlias = NDArray[np.float64]
#: Values below this cannot add up to more than a double can hold.
_LARGEST = 1e290


class Runs(NamedTuple):
    """Runs of several series in one time step, with a row for each series; ``sample_order.Run`` has the meanings.

    ``size``, ``first_ms`` and ``last_ms`` are the same for all series.
    """

    least: _Floats
    greatest: _Floats
    total: _Floats
    size: int
    first: _Floats
    last: _Floats
    resets: _Floats
    first_ms: int
    last_ms: int


def are_plain(values: _Floats) -> bool:
    """Return whether ``runs_of`` takes these values: none is very large, not a number, or negative zero.

    For these, the result of ``run_of`` depends on the order of comparisons, or a sum overflows.
    """
    return bool((np.abs(values) < _LARGEST).all()) and not bool((np.signbit(values) & (values == 0)).any())


def runs_of(times: list[int], values: _Floats) -> Runs:
    """Return the runs of samples at ``times``, in order; ``values`` has a row for each time and a column for each series.

    The values must be plain, see ``are_plain``.
    """
    resets = np.zeros(values.shape[1])
    falls = values[1:] < values[:-1]
    if falls.any():
        resets = totals_of(np.where(falls, values[:-1], 0.0))
    leasts, greatests = values.min(axis=0), values.max(axis=0)
    return Runs(
        leasts, greatests, totals_of(values), len(times), values[0], values[-1], resets, times[0], times[-1]
    )  # fmt: skip


def totals_of(values: _Floats) -> _Floats:
    """Return the sum of each column, rounded only once as by ``fsum``.

    The rounding error of each addition is computed exactly (Knuth's TwoSum), and so is the sum of these errors, if it can be. The few
    columns where it cannot be are added by ``fsum``.
    """
    sums, errors = _added(values)
    if not errors.any():
        return sums
    corrections, left = _added(errors)
    totals = sums + corrections
    for column in np.flatnonzero(left.any(axis=0)).tolist():
        totals[column] = fsum(values[:, column].tolist())
    return totals


def _added(rows: _Floats) -> tuple[_Floats, _Floats]:
    """Return the sum of each column, and rows with the rounding errors that must be added to the sums."""
    errors = [np.zeros((1, rows.shape[1]))]
    while len(rows) > 1:
        half = len(rows) // 2
        a, b, rest = rows[:half], rows[half : 2 * half], rows[2 * half :]
        sums = a + b
        taken = sums - a
        errors.append((a - (sums - taken)) + (b - taken))
        rows = np.concatenate((sums, rest)) if len(rest) else sums
    return rows[0], np.concatenate(errors)
