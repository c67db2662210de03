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
from tests.support.deadline import within
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
        "old_counter": 5,
        r'msdos_file_access_time_seconds{error="Cannot find file:\n\"FILE.TXT\"",path="C:\\DIR\\FILE.TXT"}': 1.458255915e9,
        "metric_without_timestamp_and_labels": 12.47, 'lat_bucket{le="0.05"}': 24054, 'lat_bucket{le="+Inf"}': 144320,
        "lat_sum": 53423, "lat_count": 144320, 'rpc{quantile="0.5"}': 4773, "rpc_sum": 1.7560473e7, "rpc_count": 2693, 'g{x="y"}': -1.5,
    }  # fmt: skip
    assert parsed.batch.times[:3] == [T, T, None]
    kinds = {key.partition("{")[0]: kind for key, kind in parsed.batch.kinds.items()}
    assert kinds == {
        "http_requests_total": "counter", "old_counter": "counter", "lat_bucket": "histogram", "lat_sum": "histogram",
        "lat_count": "histogram", "rpc": "summary", "rpc_sum": "summary", "rpc_count": "summary", "g": "gauge",
    }  # fmt: skip
    assert [(r.code, r.index) for r in parsed.batch.refused] == [(NOT_FINITE, 10), (NOT_FINITE, 13)]
    assert parsed.silent == ['rpc{quantile="0.99"}', "g"]


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
     ("job/a/path@base64/L3Zhci90bXA", {"job": "a", "path": "/var/tmp"}), ("job/a/x@base64/=", {"job": "a"}),
     ("job/a/", {"job": "a"}),
     ("job/a/x/", {"job": "a"}), ("job/a/x//y/1", {"job": "a", "y": "1"}), ("job/a/x/%01", {"job": "a", "x": "\x01"}),
     ("job@base64/YS9i/y@base64/w6k", {"job": "a/b", "y": "é"})],
)  # fmt: skip
def test_grouping_keys(path: str, labels: dict[str, str]) -> None:
    assert group_labels(path) == labels


@pytest.mark.parametrize(
    "path",
    [
        "",
        "job",
        "job/",
        "x/y",
        "job/a/b",
        "job/a/job/b",
        "job@base64/!",
        "job//x/1",
        "job@base64/=",
        "job/a//b",
        "job@base64/%ff",
    ],
)
def test_paths_that_are_no_grouping_key_are_invalid(path: str) -> None:
    with pytest.raises(Invalid):
        group_labels(path)


@pytest.mark.parametrize(
    "line",
    [b"a", b"a{", b'a{b="c} 1', b"a x", b"9 1", b"\xff 1", b'a{b="c",b="d"} 1', b"a 1 2 x", b"x" * 70_000 + b" 1", b"a 1_0", b"a 0x10",
     b'a{b} 1', b'{b="c"} 1', "a ١".encode(), b'a{9="x"} 1', b"a{b='c'} 1", b'a{b="c" d="e"} 1', b'a{b="\xff"} 1'],
)  # fmt: skip
def test_a_bad_line_costs_itself_and_a_text_of_bad_lines_is_refused(line: bytes) -> None:
    for openmetrics in (False, True):
        end = b"\n# EOF\n" if openmetrics else b"\n"
        parsed = parse_prometheus(b"ok 1\n" + line + b"\nfine 2" + end, LATEST_MS, openmetrics=openmetrics)
        assert values(parsed) == {"ok": 1, "fine": 2}
        assert [(r.index, r.code) for r in parsed.batch.refused] == [(1, "invalid")]
        with pytest.raises(Invalid, match="exposition"):
            parse_prometheus(line + end, LATEST_MS, openmetrics=openmetrics)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# TYPE a gauge\na 4\n# TYPE a counter\na_total 3\n", {"a": (4, "gauge"), "a_total": (3, "counter")}),
        ("# TYPE b counter\nb 17\n", {"b": (17, "counter")}),
        ("# TYPE c_total counter\nc_total 17\n", {"c_total": (17, "counter")}),
        ('# TYPE d gauge\nd{i="1"} 1\n# TYPE e gauge\ne 1\n# TYPE d gauge\nd{i="2"} 2\n', {
            'd{i="1"}': (1, "gauge"), "e": (1, "gauge"), 'd{i="2"}': (2, "gauge")}),
        ("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 1\n", {'h_bucket{le="1"}': (1, "histogram"), "h_count": (1, "histogram")}),
        ("# TYPE f unknown\nf 1 # {trace_id=\"x\"} 0.5 1700000000\n", {"f": (1, None)}),
        ("# HELP x y \\\\ \"z\n# UNIT g s\n# TYPE g gauge\n\n  g\t 1 \r\n# comment\n", {"g": (1, "gauge")}),
        ('{"dotted.name",code="200"} 1\n{"b.c"} +2.5e1\n', {'dotted.name{code="200"}': (1, None), "b.c": (25, None)}),
        ('t{a="x,}\\\\y\\"{",b="\\t",} 1\n', {r't{a="x,}\\y\"{",b="\\t"}': (1, None)}),
        ("# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE k counter\nk_total 1\nk_created 5\n", {
            'i_info{v="1"}': (1, "gauge"), "k_total": (1, "counter")}),
    ],
)  # fmt: skip
def test_openmetrics_is_read_as_leniently_as_prometheus_reads_it(
    text: str, expected: dict[str, tuple[float, str | None]]
) -> None:
    parsed = parse_prometheus(f"{text}# EOF\nbehind the end".encode(), LATEST_MS, openmetrics=True)
    assert {key: (value, parsed.batch.kinds.get(key)) for key, value in values(parsed).items()} == expected
    assert parsed.batch.refused == []


def test_a_long_line_costs_itself_and_a_target_may_be_given_more() -> None:
    body = b'ok 1\nlong{a="' + b"x" * 70_000 + b'"} 1\nfine 1\n'
    parsed = parse_prometheus(body, LATEST_MS)
    assert parsed.batch.keys == ["ok", "fine"]
    assert parsed.batch.refused[0].reason == "line 2 is longer than 65536 bytes; shorten it"
    assert len(parse_prometheus(body, LATEST_MS, max_line_bytes=71_000).batch.refused) == 1  # the value is too long
    short = body.replace(b"x" * 70_000, b"x" * 200)
    assert len(parse_prometheus(short, LATEST_MS, max_line_bytes=100).batch.refused) == 1
    assert len(parse_prometheus(short, LATEST_MS, max_line_bytes=300).batch.keys) == 3


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
        within(time.process_time() - began, 0.5, "the CPU time")  # a body of 4 MiB is 40 times as long, and in a thread


def test_the_content_type_tells_the_format() -> None:
    assert is_openmetrics("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert not is_openmetrics("text/plain; version=0.0.4")


def test_names_in_quotes_that_would_be_one_are_told_apart() -> None:
    body = b'{"a b"} 1\na_b 2\nm{"x y"="1"} 3\nm{x_y="1"} 4\nm{x_y="2",z=""} 5\n'
    parsed = parse_prometheus(body, LATEST_MS)
    assert values(parsed) == {"a_b": 1, 'm{x_y="1"}': 3, 'm{x_y="2"}': 5}
    assert [(refusal.index, refusal.code) for refusal in parsed.batch.refused] == [(1, "name_taken"), (3, "name_taken")]


def test_what_is_not_finite_does_not_count_among_the_refusals_that_end_the_reading() -> None:
    idle = "".join(f'idle{{n="{n}",quantile="0.5"}} NaN\n' for n in range(10_001))
    parsed = parse_prometheus(f"{idle}good 1\n".encode(), LATEST_MS)
    assert (parsed.batch.keys, parsed.batch.unread, len(parsed.silent)) == (["good"], 0, 10_001)
    parsed = parse_prometheus(("first 1\n" + "bad x\n" * 10_001 + "good 1\n").encode(), LATEST_MS)
    assert (parsed.batch.keys, parsed.batch.unread) == (["first"], 1)
