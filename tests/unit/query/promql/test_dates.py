"""Dates of times in seconds, also of values that are no time."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.query.promql.dates import DATES


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_dates_are_those_of_the_calendar(second: int) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    found = {name: float(function(np.array([float(second)]))[0]) for name, function in DATES.items()}
    assert found == {
        "minute": moment.minute,
        "hour": moment.hour,
        "day_of_month": moment.day,
        "day_of_year": moment.timetuple().tm_yday,
        "day_of_week": moment.isoweekday() % 7,
        "days_in_month": monthrange(moment.year, moment.month)[1],
        "month": moment.month,
        "year": moment.year,
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e300, 1.5e17, -1e18])
def test_no_value_is_beyond_them(value: float) -> None:
    for function in DATES.values():
        assert np.isfinite(function(np.array([value]))).all()
