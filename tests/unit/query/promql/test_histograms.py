"""Quantiles and fractions of classic histograms."""

from __future__ import annotations

import math

from tests.unit.query.promql.support import notes, values

BUCKETS = {"b le=1": [10.0], "b le=2": [30.0], "b le=+Inf": [40.0]}


def test_values_are_interpolated_within_their_bucket() -> None:
    assert values("histogram_quantile(0.5, b)", BUCKETS) == {"": 1.5}
    assert values("histogram_quantile(0.1, b)", BUCKETS) == {"": 0.4}
    assert values("histogram_quantile(0.99, b)", BUCKETS) == {"": 2}
    assert values("histogram_fraction(0, 1.5, b)", BUCKETS) == {"": 0.5}


def test_odd_quantiles_and_buckets() -> None:
    assert values("histogram_quantile(-1, b)", BUCKETS) == {"": -math.inf}
    assert math.isnan(values('histogram_quantile(0.5, b{le!="+Inf"})', BUCKETS)[""])
    assert values("histogram_quantile(0.5, b)", {"b": [1.0]}) == {}
    assert any("malformed" in text for text in notes("histogram_quantile(0.5, b)", {"b le=x": [1.0]}).warnings)
    falling = {"b le=1": [30.0], "b le=2": [20.0], "b le=+Inf": [40.0]}
    assert any("monotonicity" in text for text in notes("histogram_quantile(0.5, b)", falling).infos)
