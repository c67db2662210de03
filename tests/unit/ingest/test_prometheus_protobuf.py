"""Delimited protobuf, which Go's client pushes."""

from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.prometheus_protobuf import parse_prometheus_protobuf
from tests.support.parsed_checks import LATEST_MS, T, check_parsed
from tests.support.write_request import MetricFamily

GIVEN = {"job": "backup"}


def delimited(*families: MetricFamily) -> bytes:
    parts = [family.SerializeToString() for family in families]
    return b"".join(bytes([len(part) & 0x7F | 0x80, len(part) >> 7]) + part for part in parts)


def families() -> list[MetricFamily]:
    counter = MetricFamily(name="done_total", type=0)
    metric = counter.metric.add(timestamp_ms=T)
    metric.counter.value = 3
    metric.label.add(name="job", value="own")
    metric.label.add(name="x", value="1")
    gauge = MetricFamily(name="g", type=1)
    gauge.metric.add().gauge.value = float("nan")
    gauge.metric.add().gauge.value = 0.0
    summary = MetricFamily(name="s", type=2)
    of = summary.metric.add().summary
    of.sample_count, of.sample_sum = 2, 7.5
    of.quantile.add(quantile=0.5, value=3)
    histogram = MetricFamily(name="h", type=4)
    of = histogram.metric.add().histogram
    of.sample_count, of.sample_sum = 5, 9
    of.bucket.add(cumulative_count=2, upper_bound=1)
    histogram.metric.add().untyped.value = 8
    return [counter, gauge, summary, histogram]


def test_families_are_read_as_their_text_would_be() -> None:
    parsed = parse_prometheus_protobuf(delimited(*families()), LATEST_MS, labels=GIVEN)
    check_parsed(parsed)
    job = 'job="backup"'
    assert dict(zip(parsed.batch.keys, parsed.batch.values, strict=True)) == {
        f'done_total{{{job},x="1"}}': 3, f"g{{{job}}}": 0, f"s_count{{{job}}}": 2, f"s_sum{{{job}}}": 7.5,
        f's{{{job},quantile="0.5"}}': 3, f"h_count{{{job}}}": 5, f"h_sum{{{job}}}": 9, f'h_bucket{{{job},le="1"}}': 2,
        f'h_bucket{{{job},le="+Inf"}}': 5, f"h{{{job}}}": 8,
    }  # fmt: skip
    assert parsed.batch.times[0] == T
    assert [(r.index, r.code) for r in parsed.batch.refused] == [(1, "not_finite")]
    assert parsed.batch.kinds[f"h_sum{{{job}}}"] == "histogram"


def test_a_broken_family_costs_itself_and_a_cut_off_body_all() -> None:
    body = b"\x02\xff\xff" + delimited(*families())
    parsed = parse_prometheus_protobuf(body, LATEST_MS, labels=GIVEN)
    assert [r.index for r in parsed.batch.refused] == [0, 2]
    with pytest.raises(Invalid, match="delimited"):
        parse_prometheus_protobuf(body[:-1], LATEST_MS, labels=GIVEN)
