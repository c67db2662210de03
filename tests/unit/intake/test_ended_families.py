from __future__ import annotations

from collections.abc import Container

import pytest

from dashboard.domain.series import SeriesKey, parse_series
from dashboard.ingest.parsed import Family
from dashboard.intake.ended_families import members_of

KNOWN = [
    parse_series(text)
    for text in (
        'h_bucket{a="1",le="0.5"}', 'h_bucket{a="1",le="+Inf"}', 'h_bucket{a="2",le="+Inf"}', 'h_bucket{a="1",b="2",le="1"}',
        'h_bucket{a="1"}', 's{quantile="0.5"}', 's{quantile="1"}', "s", "s_count",
    )
]  # fmt: skip


def _known(names: Container[str]) -> list[SeriesKey]:
    """Return the known series with these names."""
    return [key for key in KNOWN if key.name in names]


@pytest.mark.gen_test
async def test_the_members_of_a_family_differ_in_one_label_only() -> None:
    buckets = Family(parse_series('h_bucket{a="1"}'), "le", 5)
    quantiles = Family(parse_series("s"), "quantile", None)
    assert await members_of([buckets, quantiles], _known) == [
        ('h_bucket{a="1",le="0.5"}', 5), ('h_bucket{a="1",le="+Inf"}', 5), ('s{quantile="0.5"}', None), ('s{quantile="1"}', None),
    ]  # fmt: skip
    assert await members_of([], _known) == []
