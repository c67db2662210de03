from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.exponential import middle, quantiles


@pytest.mark.parametrize(
    ("index", "scale", "value"), [(0, 0, 2**0.5), (2, 0, 2**2.5), (-1, 0, 2**-0.5), (3, 1, 2**1.75), (0, -1, 2.0)]
)
def test_the_middle_of_a_bucket_lies_between_its_bounds(index: int, scale: int, value: float) -> None:
    base = 2 ** (2.0**-scale)
    assert middle(index, scale) == value
    assert base**index < middle(index, scale) < base ** (index + 1)


def test_a_bucket_that_no_number_can_hold_is_refused() -> None:
    for index in (2_000, -2_000):
        with pytest.raises(Invalid):
            middle(index, 0)


def test_percentiles_are_the_values_at_their_ranks() -> None:
    assert dict(quantiles([(1.0, 50), (2.0, 40), (3.0, 10)])) == {"_p50": 1.0, "_p90": 2.0, "_p99": 3.0}
    assert dict(quantiles([(7.0, 0.5)])) == {"_p50": 7.0, "_p90": 7.0, "_p99": 7.0}
    assert dict(quantiles([])) == dict(quantiles([(1.0, 0)])) == {}
