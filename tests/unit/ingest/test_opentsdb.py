from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import MAX_BAD_LINES
from dashboard.ingest.opentsdb import PointCache, parse_opentsdb, parse_opentsdb_lines
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import LATEST_MS, T, check_parsed

POINT = {"metric": "sys.cpu.nice", "timestamp": T // 1000, "value": 18, "tags": {"host": "web01", "dc": "lga"}}


def parse(given: Any) -> Parsed:
    parsed = parse_opentsdb(json.dumps(given).encode(), LATEST_MS, origins=Origins())
    check_parsed(parsed)
    return parsed


def test_points_alone_and_in_lists() -> None:
    for given in (POINT, [POINT], POINT | {"timestamp": T}, POINT | {"value": "18"}):
        parsed = parse(given)
        assert (parsed.batch.keys, parsed.batch.times, parsed.batch.values) == (
            ['sys.cpu.nice{dc="lga",host="web01"}'],
            [T],
            [18],
        )


def test_an_array_of_values_becomes_numbered_series() -> None:
    parsed = parse([POINT | {"value": [1, None, ["2.5"]]}, POINT | {"value": {"a": 1}}, POINT | {"value": [1, "x"]}])
    labels = '{dc="lga",host="web01"}'
    assert parsed.batch.keys == [f"sys.cpu.nice_0{labels}", f"sys.cpu.nice_2_0{labels}"]
    assert parsed.batch.values == [1, 2.5]
    assert [(refusal.index, refusal.field) for refusal in parsed.batch.refused] == [(1, "value"), (2, "value")]


def test_bad_points_are_refused_alone() -> None:
    wrong = [
        5,
        {},
        {name: each for name, each in POINT.items() if name != "value"},
        POINT | {"value": "x"},
        POINT | {"value": True},
        POINT | {"value": "nan"},
        POINT | {"tags": {"a": [1]}},
        POINT | {"timestamp": 5},
    ]
    parsed = parse([*wrong, POINT, POINT | {"value": None}])
    assert len(parsed.batch.keys) == 1
    assert [r.index for r in parsed.batch.refused] == list(range(len(wrong)))


def test_tags_and_times_are_texts_as_opentsdb_reads_them() -> None:
    parsed = parse([POINT | {"tags": {"port": 8080, "up": True, "none": None}, "timestamp": str(T // 1000)}])
    (key,) = parsed.batch.keys
    assert key.endswith('{port="8080",up="true"}')
    assert parsed.batch.times == [T]
    assert parse(POINT | {"timestamp": f"{T // 1000}.250"}).batch.times == [T + 250]


def test_lines_of_the_telnet_form() -> None:
    seconds, cache = T // 1000, PointCache()
    good = (
        f"put sys.cpu {seconds} 1 host=a dc=b\nput sys.cpu {seconds}.250 2.5 host=b\r\n"
        f"\nversion\nput  sys.cpu {T} -3e2 host=c \nput alone {seconds} 4\n"
    )
    for _ in range(2):  # the second time from the cache
        parsed = parse_opentsdb_lines(good.encode(), cache, LATEST_MS)
        check_parsed(parsed)
        assert list(zip(parsed.batch.keys, parsed.batch.times, parsed.batch.values, strict=True)) == [
            ('sys.cpu{dc="b",host="a"}', T, 1),
            ('sys.cpu{host="b"}', T + 250, 2.5),
            ('sys.cpu{host="c"}', T, -300),
            ("alone", T, 4),
        ]
    bad = [
        b"put",
        b"put a 1",
        b"put a x 1 h=a",
        b"put a %d x h=a" % seconds,
        b"put a %d 1 h" % seconds,
        b"put a 5 1 h=a",
    ]
    bad += [b"put a %d nan h=a" % seconds, b"put a\xff %d 1 h=a" % seconds, b"put sys_cpu %d 1 h=a" % seconds]
    parsed = parse_opentsdb_lines(b"\n".join([*bad, b"put sys/cpu %d 1 h=a" % seconds]), PointCache(), LATEST_MS)
    assert [r.index for r in parsed.batch.refused] == list(range(len(bad) - 1))


@pytest.mark.parametrize("body", [b"", b"[", b"[" * 100_000])
def test_other_bodies_are_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_opentsdb(body, LATEST_MS, origins=Origins())


def test_the_good_lines_among_very_many_bad_ones_are_taken() -> None:
    good = b"put a %d 1 h=b\n" % (T // 1000)
    lines = b"put a\n" * MAX_BAD_LINES + (good + b"version\nput b\n") * 100
    parsed = parse_opentsdb_lines(lines, PointCache(), LATEST_MS)
    found = parsed.batch.keys, len(parsed.batch.refused), parsed.batch.unread
    assert found == (['a{h="b"}'] * 100, MAX_BAD_LINES, 100)
