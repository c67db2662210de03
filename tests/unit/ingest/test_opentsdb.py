from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.opentsdb import parse_opentsdb
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


def test_bad_points_are_refused_alone() -> None:
    wrong = [
        5,
        {},
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


@pytest.mark.parametrize("body", [b"", b"[", b"[" * 100_000])
def test_other_bodies_are_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_opentsdb(body, LATEST_MS, origins=Origins())
