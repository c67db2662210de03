from __future__ import annotations

import pytest

from dashboard.ingest.batch import MAX_BAD_LINES
from dashboard.ingest.statsd_aggregator import MAX_KEPT, Aggregator, Cell
from tests.support.parsed_checks import LATEST_MS, T, check_parsed


def flushed(aggregator: Aggregator, *datagrams: bytes, seconds: float = 1.0) -> dict[str, float]:
    for datagram in datagrams:
        aggregator.feed(datagram, LATEST_MS)
    (parsed,) = aggregator.flush(T, seconds)
    check_parsed(parsed)
    return dict(zip(parsed.batch.keys, parsed.batch.values, strict=True))


def test_a_counter_is_a_rate_and_a_count_and_0_while_it_is_silent() -> None:
    aggregator = Aggregator(idle_flushes=1)
    assert flushed(aggregator, b"a:1|c\na:2|c", b"a:1|c|@0.5", seconds=10) == {"a": 0.5, "a_count": 5}
    assert flushed(aggregator) == {"a": 0, "a_count": 0}
    assert flushed(aggregator) == {}


def test_a_gauge_is_its_last_value_which_deltas_change() -> None:
    aggregator = Aggregator()
    assert flushed(aggregator, b"a:5|g\na:7|g") == {"a": 7}
    assert flushed(aggregator) == {}
    assert flushed(aggregator, b"a:-3|g\na:+1|g") == {"a": 5}


def test_a_timer_is_its_count_mean_bounds_and_percentiles() -> None:
    found = flushed(Aggregator(), *(b"a:%d|ms" % value for value in range(101)))
    assert found == {"a_count": 101, "a_mean": 50, "a_min": 0, "a_max": 100, "a_p50": 50, "a_p90": 90, "a_p99": 99}


def test_a_set_is_how_many_different_members_it_has() -> None:
    assert flushed(Aggregator(), b"a:x|s\na:y|s\na:x|s") == {"a": 2}


def test_every_line_is_accepted_or_refused() -> None:
    aggregator = Aggregator(max_metrics=2)
    aggregator.feed(b"a:1|c\nbad\n\nb:2|g\nc:1|c\na:x|c\na:2|c\r\n", LATEST_MS)
    assert (aggregator.accepted, dict(aggregator.refused)) == (3, {"invalid": 2, "series_limit": 1})
    (parsed,) = aggregator.flush(T, 1.0)
    assert [(refusal.index, refusal.snippet) for refusal in parsed.batch.refused] == [
        (1, "bad"),
        (4, "c:1|c"),
        (5, "a:x|c"),
    ]


def test_a_metric_with_a_time_of_its_own_is_not_aggregated() -> None:
    aggregator = Aggregator()
    aggregator.feed(b"a:1|g|T1700000000\na:2|g|T1700000001", LATEST_MS)
    (parsed,) = aggregator.flush(T + 5_000, 1.0)
    assert (parsed.batch.times, parsed.batch.values) == ([T, T + 1_000], [1.0, 2.0])


def test_events_and_checks_wait_for_the_flush() -> None:
    aggregator = Aggregator()
    aggregator.feed(b"_e{6,3}:Deploy|one\n_sc|db.up|0", LATEST_MS)
    (parsed,) = aggregator.flush(T, 1.0)
    assert [event.title for event in parsed.events] == ["Deploy", "db.up"]
    assert [key for key, _, _ in parsed.documents] == ["db.up"]


def test_of_a_timer_not_more_values_are_kept_than_percentiles_need() -> None:
    cell = Cell("a", "ms", "a")
    for value in range(3 * MAX_KEPT):
        cell.time(float(value), 1.0)
    assert len(cell.values) <= MAX_KEPT
    assert (cell.count, cell.low, cell.high) == (3 * MAX_KEPT, 0.0, 3 * MAX_KEPT - 1.0)
    cell.empty()
    assert (cell.count, cell.values) == (0.0, [])


@pytest.mark.parametrize("metrics", [9_000])
def test_a_long_flush_comes_in_pieces(metrics: int) -> None:
    aggregator = Aggregator()
    aggregator.feed(b"", LATEST_MS)
    for number in range(metrics):
        aggregator.feed(b"m%d:1|c" % number, LATEST_MS)
    pieces = list(aggregator.flush(T, 1.0))
    assert len(pieces) > 2
    assert sum(len(piece.batch.keys) for piece in pieces) == 2 * metrics


def test_values_with_a_type_each_in_one_line() -> None:
    aggregator = Aggregator()
    for _ in range(2):
        aggregator.feed(
            b"a:1|c:2|c|@0.5:20|ms\nb:5|g:-2|g:+1|g\nc:x|s:y|s\nd:1:2|c\ne:1|g|c:in-1\nf:1|c:x|c", LATEST_MS
        )
    (parsed,) = aggregator.flush(T, 1.0)
    found = dict(zip(parsed.batch.keys, parsed.batch.values, strict=True))
    assert (found["a"], found["a_count"], found["a_mean"], found["b"], found["c"]) == (10, 10, 20, 4, 2)
    assert (found["d"], found["e"], found["f"]) == (6, 1, 2)
    assert (aggregator.accepted, aggregator.refused.total()) == (2 * 11, 2)


def test_a_tag_without_a_value_is_not_one_with_the_value_true() -> None:
    aggregator = Aggregator()
    aggregator.feed(b"a:1|c|#x\na:5|c|#x:true\na:2|c|#x", LATEST_MS)
    (parsed,) = aggregator.flush(T, 1.0)
    assert dict(zip(parsed.batch.keys, parsed.batch.values, strict=True)) == {'a{x="true"}': 3, 'a_count{x="true"}': 3}
    (refusal,) = parsed.batch.refused
    assert (refusal.code, "'a,x without a value'" in refusal.reason) == ("name_taken", True)
    aggregator.feed(b"_sc|up|0|#x\n_sc|up|2|#x:true\n_sc|up|1|#x\n_sc|on|0|h:w\n_sc|on|1|#host:w", LATEST_MS)
    (parsed,) = aggregator.flush(T, 1.0)
    assert [event.state for event in parsed.events] == ["ok", "warning", "ok", "warning"]
    (refusal,) = parsed.batch.refused
    assert (refusal.code, refusal.snippet) == ("name_taken", "_sc|up|2|#x:true")


def test_two_names_that_would_be_one_series_are_told_apart() -> None:
    aggregator = Aggregator()
    aggregator.feed(b"a b:1|c\na_b:5|c\na b:2|c\na b:1|g\nm:1|g|#x-y:1\nm:2|g|#x_y:1", LATEST_MS)
    (parsed,) = aggregator.flush(T, 1.0)
    assert dict(zip(parsed.batch.keys, parsed.batch.values, strict=True)) == {
        "a_b": 3,
        "a_b_count": 3,
        'm{x_y="1"}': 1,
    }
    assert [(refusal.index, refusal.code) for refusal in parsed.batch.refused] == [
        (1, "name_taken"),
        (3, "name_taken"),
        (5, "name_taken"),
    ]
    assert "'a_b' and 'a b' would both be a_b here" in parsed.batch.refused[0].reason


def test_no_value_of_a_long_packed_line_is_lost() -> None:
    aggregator = Aggregator()
    name = b"a" * 100
    assert flushed(aggregator, name + b":" + b":".join([b"1|c"] * 1_000))[f"{name.decode()}_count"] == 1_000


def test_the_lines_of_a_datagram_after_very_many_bad_ones_are_refused_unread() -> None:
    aggregator = Aggregator()
    aggregator.feed(b"bad\n" * (MAX_BAD_LINES - 1) + b"a:1|c\n", LATEST_MS)
    assert (aggregator.accepted, dict(aggregator.refused)) == (1, {"invalid": MAX_BAD_LINES - 1})
    aggregator = Aggregator()
    aggregator.feed(b"bad\n" * MAX_BAD_LINES + b"a:1|c\n\nbad\n" * 100, LATEST_MS)
    assert (aggregator.accepted, dict(aggregator.refused)) == (0, {"invalid": MAX_BAD_LINES, "unread": 200})
    aggregator.feed(b"a:1|c\n", LATEST_MS)
    assert aggregator.accepted == 1


def test_the_lines_of_packed_lines_count_towards_the_bad_ones_of_a_datagram() -> None:
    aggregator = Aggregator()
    packed = b"a:" + b":".join([b"x|c"] * (MAX_BAD_LINES // 2 + 1))
    aggregator.feed(b"\n".join([packed] * 3 + [b"a:1|c"]), LATEST_MS)
    of_two = 2 * (MAX_BAD_LINES // 2 + 1)
    assert (aggregator.accepted, dict(aggregator.refused)) == (0, {"invalid": of_two, "unread": 2})
