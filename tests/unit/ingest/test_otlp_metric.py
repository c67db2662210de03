from __future__ import annotations

import pytest

from dashboard.ingest.otlp_metric import OtlpMetric, kind_of, raw_of
from dashboard.ingest.otlp_resources import OtlpOptions, Resources

ORIGIN = Resources(OtlpOptions()).origin({})


@pytest.mark.parametrize(
    ("shape", "data", "monotonic", "kind"),
    [
        ("gauge", {}, False, "gauge"),
        ("summary", {}, False, "summary"),
        ("sum", {"aggregationTemporality": 2}, True, "counter"),
        ("sum", {"aggregationTemporality": 2}, False, "gauge"),
        ("sum", {"aggregationTemporality": 1}, True, "delta"),
        ("sum", {"aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA"}, False, "delta"),
        ("histogram", {"aggregationTemporality": 2}, False, "histogram"),
        ("exponentialHistogram", {"aggregationTemporality": 1}, False, "delta"),
    ],
)
def test_the_kind_follows_from_shape_and_temporality(
    shape: str, data: dict[str, object], monotonic: bool, kind: str
) -> None:
    assert kind_of(shape, data, monotonic=monotonic) == kind


def test_increases_and_totals_of_one_name_have_other_owners_and_caches() -> None:
    raw = raw_of(ORIGIN, "a.b")
    totals, increases = (
        OtlpMetric("a_b_total", "a.b", "sum", kind, None, ORIGIN, raw) for kind in ("counter", "delta")
    )
    assert totals.owner != increases.owner
    assert totals.cached_as != increases.cached_as
    attribute = {"key": "x.y", "value": {"stringValue": "1"}}
    assert (
        totals.keys([attribute], (("", None),)) == increases.keys([attribute], (("", None),)) == ('a_b_total{x_y="1"}',)
    )
