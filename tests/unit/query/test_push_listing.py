"""The list of a Pushgateway's groups."""

from __future__ import annotations

import json
from typing import Any

from dashboard.domain.position import Position
from dashboard.query.push_listing import describe_group
from dashboard.replica.replica import Replica
from tests.support.histories import EPOCH, T0, WINDOWS, samples

TEXTS = {
    'took_bucket{job="a",le="1"}': ("histogram", 2.0),
    'took_bucket{job="a",le="+Inf"}': ("histogram", 3.0),
    'took_count{job="a"}': ("histogram", 3.0),
    'took_sum{job="a"}': ("histogram", 4.5),
    'size{job="a",quantile="0.5"}': ("summary", 7.0),
    'push_time_seconds{job="a"}': ("gauge", 1_769_299_000.25),
    'rows_total{job="a",table="x"}': ("counter", 3.0),
    'rows_total{job="a",table="y"}': ("counter", 4.0),
}


def listed() -> Any:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    replica.apply(samples(1, T0, [(text, T0, value) for text, (_, value) in TEXTS.items()]))
    for series in replica.table:
        series.kind = TEXTS[series.text][0]
    return json.loads(b"".join(describe_group('[["job", "a"]]', [series.text for series in replica.table], [replica])))


def test_a_family_holds_its_metrics_as_a_pushgateway_writes_them() -> None:
    group = listed()
    assert (group["labels"], group["last_push_successful"]) == ({"job": "a"}, True)
    assert group["took"]["type"] == "HISTOGRAM"
    assert group["took"]["metrics"] == [
        {"labels": {"job": "a"}, "buckets": {"+Inf": "3", "1": "2"}, "count": "3", "sum": "4.5"}
    ]
    assert group["size"]["metrics"] == [{"labels": {"job": "a"}, "quantiles": {"0.5": "7"}}]
    assert [metric["value"] for metric in group["rows_total"]["metrics"]] == ["3", "4"]
    assert group["push_time_seconds"]["metrics"][0]["value"] == "1769299000.25"
    assert group["rows_total"]["time_stamp"].endswith("Z")


def test_a_large_group_is_described_in_steps() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    texts = [f'm{{n="{number}"}}' for number in range(2_100)]
    replica.apply(samples(1, T0, [(text, T0, 1.0) for text in texts]))
    parts = list(describe_group('[["job", "a"]]', texts, [replica]))
    assert parts[:4] == [b""] * 4
    assert len(json.loads(b"".join(parts))["m"]["metrics"]) == 2_100
    assert max(map(len, parts)) < 30_000
