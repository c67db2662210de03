from __future__ import annotations

import contextlib
import time

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client import generate_latest as text_of
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_of

from dashboard.domain.errors import Invalid
from dashboard.ingest.parsed import NOT_FINITE, Parsed
from dashboard.ingest.prometheus_text import group_labels, is_openmetrics, parse_prometheus
from tests.support.parsed_checks import LATEST_MS, T, check_parsed

TEXT = """\
# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1700000000000
http_requests_total{method="post",code="400"}    3 1700000000000

# TYPE old_counter counter
old_counter 5
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9
metric_without_timestamp_and_labels 12.47
# TYPE lat histogram
lat_bucket{le="0.05"} 24054
lat_bucket{le="+Inf"} 144320
lat_sum 53423
lat_count 144320
# TYPE rpc summary
rpc{quantile="0.5"} 4773
rpc{quantile="0.99"} NaN
rpc_sum 1.7560473e+07
rpc_count 2693
# TYPE g gauge
g -Inf
g{x="y"} -1.5
"""


def values(parsed: Parsed) -> dict[str, float]:
    check_parsed(parsed)
    return dict(zip(parsed.batch.keys, parsed.batch.values, strict=True))


def test_the_text_format() -> None:
    parsed = parse_prometheus(TEXT.encode(), LATEST_MS)
    assert values(parsed) == {
        'http_requests_total{code="200",method="post"}': 1027, 'http_requests_total{code="400",method="post"}': 3,
        "old_counter": 5, "metric_without_timestamp_and_labels": 12.47, 'lat_bucket{le="0.05"}': 24054, 'lat_bucket{le="+Inf"}': 144320,
        "lat_sum": 53423, "lat_count": 144320, 'rpc{quantile="0.5"}': 4773, "rpc_sum": 1.7560473e7, "rpc_count": 2693, 'g{x="y"}': -1.5,
    }  # fmt: skip
    assert parsed.batch.times[:3] == [T, T, None]
    kinds = {key.partition("{")[0]: kind for key, kind in parsed.batch.kinds.items()}
    assert kinds == {
        "http_requests_total": "counter", "old_counter": "counter", "lat_bucket": "histogram", "lat_sum": "histogram",
        "lat_count": "histogram", "rpc": "summary", "rpc_sum": "summary", "rpc_count": "summary", "g": "gauge",
    }  # fmt: skip
    assert [(r.code, r.index) for r in parsed.batch.refused] == [("invalid", 3), (NOT_FINITE, 10), (NOT_FINITE, 13)]
    assert "FILE.TXT" in parsed.batch.refused[0].snippet


def test_both_formats_of_the_official_client_give_the_same() -> None:
    registry = CollectorRegistry()
    Counter("reqs", "x", ["path"], registry=registry).labels("/a").inc(3)
    Gauge("temp", "x", registry=registry).set(-2.5)
    Histogram("lat", "x", registry=registry, buckets=(1, 5)).observe(2)
    Summary("size", "x", registry=registry).observe(7)
    old = values(parse_prometheus(text_of(registry), LATEST_MS))
    new = values(parse_prometheus(openmetrics_of(registry), LATEST_MS, openmetrics=True))
    created = {key for key in old if "_created" in key}
    assert {key: old[key] for key in old.keys() - created} == new
    assert new['reqs_total{path="/a"}'] == 3
    assert new['lat_bucket{le="5.0"}'] == 1


def test_openmetrics_has_units_and_times_in_seconds() -> None:
    body = b"# TYPE t_seconds gauge\n# UNIT t_seconds seconds\nt_seconds 1.5 1700000000.5\n# EOF\n"
    parsed = parse_prometheus(body, LATEST_MS, openmetrics=True, every_s=15)
    assert (parsed.batch.times, parsed.batch.declared) == ([T + 500], [(0, "seconds", 15)])
    with pytest.raises(Invalid, match="exposition"):
        parse_prometheus(body.replace(b"# EOF\n", b""), LATEST_MS, openmetrics=True)


def test_labels_of_a_target_rename_and_those_of_a_push_replace() -> None:
    body = b'up{job="own",x="1"} 1\n'
    given = {"job": "node", "instance": "web:9100"}
    scraped = parse_prometheus(body, LATEST_MS, labels=given, rename=True)
    assert scraped.batch.keys == ['up{exported_job="own",instance="web:9100",job="node",x="1"}']
    assert parse_prometheus(body, LATEST_MS, labels=given).batch.keys == ['up{instance="web:9100",job="node",x="1"}']


@pytest.mark.parametrize(
    ("path", "labels"),
    [("job/a", {"job": "a"}), ("job/a/instance/web%2F1", {"job": "a", "instance": "web/1"}), ("job@base64/YS9i", {"job": "a/b"}),
     ("job/a/path@base64/L3Zhci90bXA", {"job": "a", "path": "/var/tmp"}), ("job/a/x@base64/=", {"job": "a", "x": ""})],
)  # fmt: skip
def test_grouping_keys(path: str, labels: dict[str, str]) -> None:
    assert group_labels(path) == labels


@pytest.mark.parametrize(
    "path", ["", "job", "job/", "x/y", "job/a/b", "job/a/job/b", "job@base64/!", "job/a/x/%00", "job@base64/%ff"]
)
def test_paths_that_are_no_grouping_key_are_invalid(path: str) -> None:
    with pytest.raises(Invalid):
        group_labels(path)


@pytest.mark.parametrize(
    "body",
    [
        b"a",
        b"a{",
        b'a{b="c} 1',
        b"a x",
        b"9 1",
        b"\xff 1",
        b"# TYPE a",
        b'a{b="c",b="d"} 1',
        b"a 1 2 x",
        b"x" * 5_000 + b" 1",
    ],
)
def test_a_fault_spoils_the_text(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_prometheus(b"ok 1\n" + body, LATEST_MS)


@pytest.mark.parametrize(
    "line",
    [b'a{b="' + b'\\"' * 2_000 + b'"} 1\n', b"a{" + b",".join(b'l%d="x"' % i for i in range(400)) + b"} 1\n", b"a" + b" " * 4_000 + b"1\n",
     b'a{b="' + b"\\" * 4_000 + b'"} 1\n', b"# HELP a " + b'"' * 4_000 + b"\n"],
)  # fmt: skip
def test_hostile_lines_take_bounded_time(line: bytes) -> None:
    for openmetrics in (False, True):
        began = time.process_time()
        with contextlib.suppress(Invalid):
            parse_prometheus(line * 25, LATEST_MS, openmetrics=openmetrics)
        assert time.process_time() - began < 0.5  # a body of 4 MiB is 40 times as long, and in a thread


def test_the_content_type_tells_the_format() -> None:
    assert is_openmetrics("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert not is_openmetrics("text/plain; version=0.0.4")
