"""Values of selectors at steps: the newest sample before each step, and the windows of ranges.

Source: Prometheus, "Querying basics", staleness; ranges are open on the left, as in Prometheus 3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dashboard.query.promql.samples import SampleColumns
from dashboard.query.promql.values import Bools, Floats, Ints, Ranges, Vector


class Newest(NamedTuple):
    """Newest sample of each series at each step: its value, its time, and whether there is one."""

    values: Floats
    times: Ints
    there: Bools


def newest(columns: SampleColumns, until_ms: Ints, lookback_ms: int) -> Newest:
    """Return each series' newest sample at each time, unless the sample is too old or the series has ended since."""
    shape = len(columns), len(until_ms)
    if not len(columns.times):
        return Newest(np.zeros(shape), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_))
    high = _counted(columns, until_ms)
    at = np.maximum(high - 1, 0)
    times, values = columns.times[at], columns.values[at]
    there = high > columns.starts[:-1, None]
    if any(columns.lookbacks):
        back: Ints | int = np.maximum(np.array(columns.lookbacks, dtype=np.int64), lookback_ms)[:, None]
    else:
        back = lookback_ms
    there &= times > until_ms[None, :] - back
    for row, ends in enumerate(columns.ends):
        if ends is not None and len(ends):
            there[row] &= ~_ended(ends, until_ms, times[row])
    return Newest(values, times, there)


def _ended(ends: Ints, until_ms: Ints, times: Ints) -> Bools:
    """Return at which steps a series has ended. A sample is valid at its own time, even if the series ends at the same time."""
    last = np.searchsorted(ends, until_ms, side="right") - 1
    end_ms = ends[np.maximum(last, 0)]
    return np.asarray((last >= 0) & (end_ms >= times) & (until_ms > times))


def instant(columns: SampleColumns, until_ms: Ints, lookback_ms: int, inputs: list[int]) -> Vector:
    """Return the value of an instant selector at the times of the steps."""
    found = newest(columns, until_ms, lookback_ms)
    return Vector(columns.labels, found.values, found.there, inputs, columns.unit)


def ranges(columns: SampleColumns, until_ms: Ints, range_ms: int, inputs: list[int]) -> Ranges:
    """Return the windows of a range selector that end at the times of the steps."""
    from_ms = until_ms - range_ms
    low, high = _counted(columns, from_ms), _counted(columns, until_ms)
    return Ranges(
        columns.labels,
        columns.times,
        columns.values,
        low,
        high,
        from_ms,
        until_ms,
        inputs,
        columns.unit,
        columns.aggregates,
        columns.deltas,
    )


def _counted(columns: SampleColumns, bounds_ms: Ints) -> Ints:
    """Return, for each series and bound, the index of the first sample later than the bound."""
    starts, times = columns.starts, columns.times
    places = np.empty((len(columns), len(bounds_ms)), dtype=np.int64)
    if len(bounds_ms) == 1 and len(times):
        bound = bounds_ms[0]
        if times.max() <= bound:
            places[:, 0] = starts[1:]
            return places
        if times.min() > bound:
            places[:, 0] = starts[:-1]
            return places
    before, known = b"", None
    for row in range(len(columns)):
        own = times[starts[row] : starts[row + 1]]
        data = own.tobytes()
        if known is None or data != before:
            before, known = data, np.searchsorted(own, bounds_ms, side="right")
        places[row] = known + starts[row]
    return places
