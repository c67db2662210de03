"""Year, month, day, hour, … of times in seconds since the epoch, UTC. Source: Prometheus, "Query functions".

Seconds are truncated as in Go on amd64, so NaN and values beyond 2^63 have dates, too. Days are counted from the first day that
Go's ``time`` knows; this day, like the first day of the year 1, begins a cycle of 400 years.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dashboard.query.promql.values import Floats, Ints

_ZERO_YEAR = -292_277_022_399
#: Seconds from the first day to the epoch.
_EPOCH = np.uint64(9_223_372_028_715_321_600)
_NO_INTEGER = np.int64(-(2**63))
_CYCLE_DAYS = 146_097
_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


class _Date(NamedTuple):
    year: Ints
    month: Ints
    day: Ints
    day_of_year: Ints
    is_leap: Ints


def _absolute(values: Floats) -> Ints:
    """Return whole seconds since the first day, as unsigned integers."""
    fits = np.abs(values) < 2.0**63
    whole = np.where(fits, np.trunc(np.where(fits, values, 0)).astype(np.int64), _NO_INTEGER)
    return np.asarray(whole.astype(np.uint64) + _EPOCH)


def _days(values: Floats) -> Ints:
    return np.asarray((_absolute(values) // np.uint64(86_400)).astype(np.int64))


def _date(values: Floats) -> _Date:
    """Return the dates. The arithmetic uses years that begin in March, so that leap days are last."""
    days = _days(values)
    cycle, rest = days // _CYCLE_DAYS, days % _CYCLE_DAYS + 306
    later, rest = rest // _CYCLE_DAYS, rest % _CYCLE_DAYS
    year = (rest - rest // 1_460 + rest // 36_524 - rest // 146_096) // 365
    day_of_year = rest - (365 * year + year // 4 - year // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = np.where(shifted < 10, shifted + 3, shifted - 9)
    year = year + (month <= 2) + 400 * later
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    of_year = np.where(month > 2, day_of_year + 60 + leap, day_of_year - 305)
    return _Date(_ZERO_YEAR - 1 + 400 * cycle + year, month, day, of_year, leap.astype(np.int64))


def _float(numbers: Ints) -> Floats:
    return np.asarray(numbers, dtype=np.float64)


def _clock(values: Floats, seconds: int, of: int) -> Floats:
    return _float((_absolute(values) // np.uint64(seconds) % np.uint64(of)).astype(np.int64))


def _days_in_month(values: Floats) -> Floats:
    date = _date(values)
    return _float(_DAYS[date.month - 1] + (date.is_leap & (date.month == 2)))


DATES: dict[str, Callable[[Floats], Floats]] = {
    "minute": lambda values: _clock(values, 60, 60),
    "hour": lambda values: _clock(values, 3_600, 24),
    "day_of_month": lambda values: _float(_date(values).day),
    "day_of_year": lambda values: _float(_date(values).day_of_year),
    "day_of_week": lambda values: _float((_days(values) + 1) % 7),
    "days_in_month": _days_in_month,
    "month": lambda values: _float(_date(values).month),
    "year": lambda values: _float(_date(values).year),
}
