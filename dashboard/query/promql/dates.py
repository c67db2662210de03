"""Parts of a date in UTC of values in seconds since the epoch. Source: Prometheus, "Query functions"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dashboard.query.promql.values import Floats

#: Beyond these seconds numpy has no dates; Prometheus' own are not useful there either.
_MOST_S = 9e12


def _seconds(values: Floats) -> NDArray[np.datetime64]:
    whole = np.trunc(np.clip(np.nan_to_num(values, nan=0.0), -_MOST_S, _MOST_S)).astype(np.int64)
    return np.asarray(whole.astype("datetime64[s]"))


def _float(numbers: NDArray[np.int64] | NDArray[np.timedelta64]) -> Floats:
    return np.asarray(numbers.astype(np.int64), dtype=np.float64)


def _since(values: Floats, larger: str, smaller: str) -> Floats:
    times = _seconds(values)
    return _float(times.astype(f"datetime64[{smaller}]") - times.astype(f"datetime64[{larger}]"))


def _month(values: Floats) -> Floats:
    return _float(_seconds(values).astype("datetime64[M]").astype(np.int64) % 12 + 1)


def _year(values: Floats) -> Floats:
    return _float(_seconds(values).astype("datetime64[Y]").astype(np.int64) + 1970)


def _day_of_week(values: Floats) -> Floats:
    return _float((_seconds(values).astype("datetime64[D]").astype(np.int64) + 4) % 7)


def _days_in_month(values: Floats) -> Floats:
    months = _seconds(values).astype("datetime64[M]")
    return _float((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]"))


DATES: dict[str, Callable[[Floats], Floats]] = {
    "minute": lambda values: _since(values, "h", "m"),
    "hour": lambda values: _since(values, "D", "h"),
    "day_of_month": lambda values: _since(values, "M", "D") + 1,
    "day_of_year": lambda values: _since(values, "Y", "D") + 1,
    "day_of_week": _day_of_week,
    "days_in_month": _days_in_month,
    "month": _month,
    "year": _year,
}
