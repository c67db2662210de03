from __future__ import annotations

import time

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.event import EventIn
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.statsd import Check, Metric, parse_line
from dashboard.ingest.statsd_aggregator import MAX_KEPT, Aggregator
from tests.support.deadline import within
from tests.support.parsed_checks import LATEST_MS, T, check_parsed


def metric(line: str) -> Metric:
    parsed = parse_line(line.encode(), LATEST_MS)
    assert isinstance(parsed, Metric)
    return parsed


def flushed(*datagrams: bytes, seconds: float = 1.0, into: Aggregator | None = None) -> dict[str, float]:
    aggregator = into or Aggregator()
    for datagram in datagrams:
        aggregator.feed(datagram, LATEST_MS)
    return values(whole(aggregator, seconds))


def whole(aggregator: Aggregator, seconds: float = 1.0) -> Parsed:
    """Return a flush that is small enough for one piece."""
    (parsed,) = aggregator.flush(T, seconds)
    return parsed


def values(parsed: Parsed) -> dict[str, float]:
    check_parsed(parsed)
    return dict(zip(parsed.batch.keys, parsed.batch.values, strict=True))


@pytest.mark.parametrize("lengths", ["8,6", "6,4"])
def test_the_lengths_of_an_event_count_bytes_or_characters(lengths: str) -> None:
    event = parse_line(f"_e{{{lengths}}}:café é|größ|#a:b".encode(), LATEST_MS)
    assert isinstance(event, EventIn)
    assert (event.title, event.text, list(event.tags)) == ("café é", "größ", ["a:b"])


@pytest.mark.parametrize(
    ("line", "expected"),
    [("a.b:1|c", Metric("a.b", "c", (1.0,))), ("a:-2.5|g", Metric("a", "g", (-2.5,), signed=True)),
     ("a:3|c|@0.1", Metric("a", "c", (3.0,), 0.1)), ("a:1:2.5:3|h", Metric("a", "h", (1.0, 2.5, 3.0))),
     ("a:::1|s", Metric("a", "s", ("::1",))), ("a:1::2:|h", Metric("a", "h", (1.0, 2.0))),
     ("a:5|ms|#env:prod,up", Metric('a{env="prod",up="true"}', "ms", (5.0,), deltas=False)),
     ("a,k=v,x=y:1|c", Metric('a{k="v",x="y"}', "c", (1.0,))), ("a;k=v:1|c", Metric('a{k="v"}', "c", (1.0,))),
     ("a:1|d|#u:http://x:80|c:abc|e:it-false|card:low|new:1|", Metric('a{u="http://x:80"}', "d", (1.0,), deltas=False)),
     ("a:-1|g|T1700000000", Metric("a", "g", (-1.0,), t_ms=T, deltas=False)), ("a b%:1|c", Metric("a_b_", "c", (1.0,))),
     ("a#k=v,x=y:1|c", Metric('a{k="v",x="y"}', "c", (1.0,))), ("a[k=v,x=y].b:1|c", Metric('a.b{k="v",x="y"}', "c", (1.0,))),
     ("a#b:1|c", Metric("a_b", "c", (1.0,))), ("a[0]:1|c", Metric("a_0_", "c", (1.0,))),
     ("a:1|c|#k:2,k:1", Metric('a{k="1,2"}', "c", (1.0,), deltas=False)),
     ("a:1|c ", Metric("a", "c", (1.0,))), ("a:5| g | @0.5\r", Metric("a", "g", (5.0,), 0.5)),
     ("a:-7|g|#k:v", Metric('a{k="v"}', "g", (-7.0,), deltas=False)), ("a:-7|g|c:x", Metric("a", "g", (-7.0,), deltas=False))],
)  # fmt: skip
def test_a_line_is_read(line: str, expected: Metric) -> None:
    assert metric(line)._replace(origin="") == expected


@pytest.mark.parametrize(
    "line",
    [b"", b"a", b"a:1", b"a:|c", b":1|c", b"a:x|c", b"a:nan|g", b"a:inf|g", b"a:1_0|g", b"a:1|x", b"a:1|c|@0", b"a:1|c|@2", b"a:1|c|?",
     b"a:1|c|@x", b"a:\xff|s", b"a:1|g|T17", b"a:1|c|T9999999999", b"a:" + b":".join([b"1"] * 1_001) + b"|h", b"a:1|g|!x",
     b"a" * 2_049 + b":1|c",
     b"a:1|c|#" + b",".join(b"t%d:1" % i for i in range(257)), b"_e{1,1}", b"_e{5,1}:ab|c", b"_e{9,9}:a|b", b"_e{0,1}:|b",
     b"_e{1,1}:a|bc", b"_sc|x", b"_sc|x|4", b"_sc||0", b"a::|g"],
)  # fmt: skip
def test_a_bad_line_is_refused(line: bytes) -> None:
    with pytest.raises(Invalid):
        parse_line(line, LATEST_MS)


def test_events_and_checks() -> None:
    event = parse_line(b"_e{6,8}:Deploy|one\\ntwo|d:1700000000|h:web-1|t:error|p:low|#env:prod,x", LATEST_MS)
    assert isinstance(event, EventIn)
    assert (event.t_ms, event.title, event.text, event.state) == (T, "Deploy", "one\ntwo", "error")
    assert event.tags == ("env:prod", "x", "host:web-1")
    undated = parse_line(b"_sc|x|0|d:17|h:web-1", LATEST_MS)
    assert isinstance(undated, Check)
    assert (undated.event.t_ms, undated.document) == (None, "x/host:web-1")
    check = parse_line(b"_sc|db.up|2|d:1700000000|h:web-1|#env:prod|m:down | m:x", LATEST_MS)
    assert isinstance(check, Check)
    assert (check.event.kind, check.event.state, check.event.text) == ("check", "critical", "down | m:x")
    assert check.document == "db.up/env:prod/host:web-1"
    assert check.body == {"title": "db.up", "text": "down | m:x", "status": "danger", "state": "critical"}


def test_a_datagram_keeps_its_good_lines() -> None:
    aggregator = Aggregator()
    aggregator.feed(b"a:1|c\nbad\r\n\nb:2|g\n", LATEST_MS)
    parsed = whole(aggregator)
    assert values(parsed) == {"a": 1, "a_count": 1, "b": 2}
    assert [(refusal.index, refusal.snippet) for refusal in parsed.batch.refused] == [(1, "bad")]


def test_counters_are_rates_and_counts_and_0_while_silent() -> None:
    aggregator = Aggregator(idle_flushes=2)
    assert flushed(b"a:1|c\na:2|c", b"a:1|c|@0.5", seconds=10, into=aggregator) == {"a": 0.5, "a_count": 5}
    assert flushed(into=aggregator) == {"a": 0, "a_count": 0}
    assert flushed(into=aggregator) == {"a": 0, "a_count": 0}
    assert flushed(into=aggregator) == {}
    assert flushed(b"a:1|c", into=aggregator) == {"a": 1, "a_count": 1}


def test_a_delta_changes_what_a_gauge_was_however_long_ago() -> None:
    aggregator = Aggregator(max_metrics=2, idle_flushes=2)
    flushed(b"g:100|g\nh:1|g", into=aggregator)
    for _ in range(4):
        assert flushed(into=aggregator) == {}
    assert flushed(b"a:1|c\ng:+5|g", into=aggregator)["g"] == 105


def test_gauges_keep_the_last_value_and_follow_deltas() -> None:
    aggregator = Aggregator()
    assert flushed(b"g:5|g\ng:7|g", into=aggregator) == {"g": 7}
    assert flushed(into=aggregator) == {}
    assert flushed(b"g:+3|g\ng:-1|g", into=aggregator) == {"g": 9}


def test_a_gauges_sign_is_a_change_to_etsys_statsd_and_part_of_the_value_to_datadogs() -> None:
    aggregator = Aggregator()
    assert flushed(*[b"g:-7|g\nd:-7|g|#k:v\ne:+7|g|e:x"] * 3, into=aggregator) == {"g": -21, 'd{k="v"}': -7, "e": 7}
    assert flushed(*[b"g:-7|g"] * 3, into=Aggregator(gauge_signs="value")) == {"g": -7}
    assert flushed(*[b"g:-7|g|#k:v"] * 3, into=Aggregator(gauge_signs="delta")) == {'g{k="v"}': -21}


def test_counts_with_a_time_of_their_own_are_named_as_those_without_and_added_up() -> None:
    aggregator = Aggregator()
    aggregator.feed(
        b"n:30|c|T1600000000|#a:b\nn:12:1|c|@0.5|T1600000000|#a:b\nn:5|c|T1600000001|#a:b\nn:7|c", LATEST_MS
    )
    batch = whole(aggregator).batch
    rows = set(zip(batch.keys, batch.times, batch.values, strict=True))
    assert rows == {
        ('n_count{a="b"}', 1_600_000_000_000, 56), ('n_count{a="b"}', 1_600_000_001_000, 5), ("n", T, 7), ("n_count", T, 7),
    }  # fmt: skip
    assert set(batch.kinds.values()) == {"gauge"}


def test_two_types_of_one_name_are_never_one_series() -> None:
    aggregator = Aggregator(idle_flushes=1)
    aggregator.feed(b"n:1|c\nn:5|g\nn:6|g\nt:1|ms\nt:3|h\nt_count:1|g\nn:1|g|T1600000000\nt:4|c", LATEST_MS)
    parsed = whole(aggregator)
    assert {key: value for key, value in values(parsed).items() if "_p" not in key and "_m" not in key} == {
        "n": 1, "n_count": 1, "t_count": 2, "t": 4,
    }  # fmt: skip
    assert [r.code for r in parsed.batch.refused] == ["name_taken"] * 5
    assert (aggregator.accepted, aggregator.refused.total()) == (4, 4)  # of the counter t only the count is left out
    assert parsed.batch.refused[0].reason == "the counter n has the series n already; rename the gauge"
    for _ in range(3):
        whole(aggregator)
    assert flushed(b"n:5|g", into=aggregator) == {"n": 5}


def test_timers_give_count_mean_bounds_and_percentiles() -> None:
    found = flushed(b"\n".join(b"t:%d|ms" % i for i in range(1, 101)))
    assert found == {"t_count": 100, "t_mean": 50.5, "t_min": 1, "t_max": 100, "t_p50": 51, "t_p90": 90, "t_p99": 99}
    assert flushed(b"t:1:2:3|h|@0.5")["t_count"] == 6


def test_many_values_of_a_timer_are_thinned_and_counted() -> None:
    aggregator = Aggregator()
    for start in range(0, 100_000, 1_000):
        aggregator.feed(b"\n".join(b"t:%d|d" % i for i in range(start, start + 1_000)), LATEST_MS)
    assert max(len(cell.values) for cell in aggregator._cells.values()) <= MAX_KEPT
    found = values(whole(aggregator))
    assert (found["t_count"], found["t_min"], found["t_max"]) == (100_000, 0, 99_999)
    assert abs(found["t_p90"] - 90_000) < 500


def test_a_large_flush_comes_in_pieces_between_which_nothing_is_lost() -> None:
    aggregator, said, found = Aggregator(), 0, 0.0
    for again in range(2):
        for start in range(0, 5_000, 50):
            aggregator.feed(b"\n".join(b"t%d:%d|ms" % (i, i) for i in range(start, start + 50)), LATEST_MS)
            said += 50
        count = 0
        for parsed in aggregator.flush(T, 1.0):
            assert len(parsed.batch.keys) <= 4_010
            found += sum(value for name, value in values(parsed).items() if name.endswith("_count"))
            if not again:
                aggregator.feed(b"t0:1|ms\nt4999:1|ms\nnew%d:1|c" % count, LATEST_MS)
                said += 3
            count += 1
        assert count == 9
    assert found == said


def test_sets_count_their_members() -> None:
    assert flushed(b"s:a|s\ns:b|s\ns:a|s") == {"s": 2}


def test_unit_cadence_and_own_times() -> None:
    aggregator = Aggregator()
    aggregator.feed(b"t:1|ms\nc:1|c\ng:5|g|T1600000000\n_sc|x|0\n_e{1,1}:a|b", LATEST_MS)
    parsed = whole(aggregator, 2.0)
    batch = parsed.batch
    declared = {batch.keys[row]: (unit, every_s) for row, unit, every_s in batch.declared}
    assert declared["t_p99"] == ("ms", 2)
    assert declared["c"] == ("/s", 2)
    assert (batch.keys[0], batch.times[0]) == ("g", 1_600_000_000_000)
    assert (len(parsed.events), parsed.documents[0][0]) == (2, "x")


def test_accepted_and_refused_are_all_lines() -> None:
    aggregator = Aggregator(max_metrics=2)
    for _ in range(3):
        aggregator.feed(b"a:1|c\nb:1|g\nbad\nc:1|c\na:x|c\n\na:1|c\na:1e400|c", LATEST_MS)
    assert (aggregator.accepted, aggregator.refused.total()) == (9, 12)
    refused = whole(aggregator).batch.refused
    assert {r.code for r in refused} == {"invalid", "series_limit"}
    assert refused[0].snippet == "bad"


def test_sums_that_overflow_are_refused_and_never_shown() -> None:
    aggregator = Aggregator()
    aggregator.feed(b"\n".join([b"a:1e299|c"] * 5_000), LATEST_MS)
    parsed = whole(aggregator, 1e-10)
    check_parsed(parsed)
    assert {r.code for r in parsed.batch.refused} == {"not_finite"}


def test_a_line_that_was_met_before_costs_less_than_5_microseconds() -> None:
    datagram = b"\n".join(b"app.requests.%d:%d|c|#env:prod" % (i, i) for i in range(50))
    aggregator = Aggregator()
    best = 1.0
    for _ in range(50):
        began = time.process_time()
        for _ in range(20):
            aggregator.feed(datagram, LATEST_MS)
        best = min(best, time.process_time() - began)
    within(best / 1_000, 5e-6, "the CPU time of a line")


def test_hostile_datagrams_take_bounded_time() -> None:
    for datagram in (b"a:1|c|#" + b"t:1," * 16_000, b"a" + b",k=v" * 16_000 + b":1|c", b"a:1|c\n" * 10_000, b":|" * 30_000,
                     b"_sc|a|0|#" + b"t," * 30_000, b"a:" + b"1:" * 30_000 + b"1|h"):  # fmt: skip
        aggregator = Aggregator()
        began = time.process_time()
        aggregator.feed(datagram, LATEST_MS)
        within(time.process_time() - began, 0.1, "the CPU time")
